import Networks

/// Resizing, one axis after the other.
struct ReferenceResampling: ReferenceKernel {
  /// One step, and the extents around its axis before it.
  private struct Step {
    let resampling: Resampling
    let outer: Int
    let extent: Int
    let inner: Int

    var outputs: Int { resampling.sources.count / resampling.taps }

    /// Calls `body` for every element before the step that an element behind it reads.
    func visit(_ body: (_ from: Int, _ to: Int, _ weight: Double) -> Void) {
      for block in 0..<outer {
        for (number, source) in resampling.sources.enumerated() {
          let from = (block * extent + source) * inner
          let to = (block * outputs + number / resampling.taps) * inner
          for offset in 0..<inner { body(from + offset, to + offset, resampling.weights[number]) }
        }
      }
    }
  }

  private let steps: [Step]

  init(_ resamplings: [Resampling], input: Shape, output: Shape) {
    var extents = input.dimensions
    steps = resamplings.map { resampling in
      let axis = resampling.axis
      defer { extents[axis] = output[axis] }
      return Step(
        resampling: resampling, outer: extents[..<axis].reduce(1, *), extent: extents[axis],
        inner: extents[(axis + 1)...].reduce(1, *))
    }
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    var values = operands[0]
    for step in steps {
      var resized = [Double](repeating: 0, count: step.outer * step.outputs * step.inner)
      step.visit { from, to, weight in resized[to] += weight * values[from] }
      values = resized
    }
    return [values]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var arrived = gradients[0]
    for step in steps.reversed() {
      var gradient = [Double](repeating: 0, count: step.outer * step.extent * step.inner)
      step.visit { from, to, weight in gradient[from] += weight * arrived[to] }
      arrived = gradient
    }
    return arrived
  }
}

/// Sums of the elements up to each place of an axis.
struct ReferenceCumulativeSum: ReferenceKernel {
  private let isExclusive: Bool
  private let isReversed: Bool
  private let extent: Int
  /// Elements between neighbours along the axis.
  private let inner: Int

  init(axis: Int, isExclusive: Bool, isReversed: Bool, shape: Shape) {
    self.isExclusive = isExclusive
    self.isReversed = isReversed
    extent = shape[axis]
    inner = shape.dimensions[(axis + 1)...].reduce(1, *)
  }

  func forward(_ operands: [[Double]]) -> [[Double]] { [sums(operands[0], fromEnd: isReversed)] }

  /// Every place is summed by those behind it: the same sums from the other end.
  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    sums(gradients[0], fromEnd: !isReversed)
  }

  private func sums(_ values: [Double], fromEnd: Bool) -> [Double] {
    var sums = values
    for start in values.indices where start / inner % extent == 0 {
      var sum = 0.0
      for step in 0..<extent {
        let element = start + (fromEnd ? extent - 1 - step : step) * inner
        if !isExclusive { sum += values[element] }
        sums[element] = sum
        if isExclusive { sum += values[element] }
      }
    }
    return sums
  }
}
