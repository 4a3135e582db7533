extension Reconstruction {
  /// Adds what some samples say to packed statistics.
  ///
  /// The rows of the samples are taken in order, in panels of a fixed number of rows: the same call gives the same bits.
  /// - Parameters:
  ///   - inputs: the layer's data operand, row-major; the first `samples.count` samples count, what follows is ignored.
  ///   - targets: the wanted results for them, row-major, likewise.
  ///   - samples: their numbers in the whole calibration set.
  ///   - packed: `packedCount` numbers, 0 at first.
  public func accumulate(inputs: [Float], targets: [Float], samples: Range<Int>, into packed: inout [Double]) {
    precondition(packed.count == packedCount, "\(packed.count) statistics, expected \(packedCount)")
    precondition(inputs.count >= samples.count * patches.inputElements, "\(inputs.count) inputs for \(samples)")
    precondition(targets.count >= samples.count * patches.outputElements, "\(targets.count) targets for \(samples)")
    var panel = RowPanel(self)
    inputs.withUnsafeBufferPointer { inputs in
      targets.withUnsafeBufferPointer { targets in
        packed.withUnsafeMutableBufferPointer { packed in
          for sample in samples {
            for position in sampling.positions(of: sample) {
              panel.append(sample: sample - samples.lowerBound, position: position)
              if panel.isFull { panel.flush(inputs, targets, into: packed) }
            }
          }
          panel.flush(inputs, targets, into: packed)
        }
      }
    }
  }
}

/// Rows of inputs and targets that are added to the statistics together.
private struct RowPanel {
  private let problem: Reconstruction
  private var inputs: InputPanel
  /// Per row the first output element.
  private var outputs: [Int] = []
  private var y: [Double]

  init(_ problem: Reconstruction) {
    self.problem = problem
    // The intercept's column is the last.
    inputs = InputPanel(problem.patches, problem.weights, order: problem.order)
    outputs.reserveCapacity(InputPanel.usualCapacity)
    y = [Double](repeating: 0, count: InputPanel.usualCapacity * problem.weights.outputsPerGroup)
  }

  var isFull: Bool { inputs.isFull }

  mutating func append(sample: Int, position: Int) {
    let patches = problem.patches
    inputs.append(sample: sample, position: position)
    outputs.append(sample * patches.outputElements + patches.outputElement(position))
  }

  /// Adds the rows to the statistics and forgets them.
  mutating func flush(
    _ elements: UnsafeBufferPointer<Float>, _ targets: UnsafeBufferPointer<Float>,
    into packed: UnsafeMutableBufferPointer<Double>
  ) {
    let rows = outputs.count
    guard rows > 0, let base = packed.baseAddress else { return }
    packed[0] += Double(rows)
    let perGroup = problem.weights.outputsPerGroup
    for group in 0..<problem.weights.groups {
      inputs.fill(elements, group)
      packed[1] += fillTargets(targets, group)
      inputs.x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          problem.gram.add(x, rows: rows, to: base + problem.gramOffset(group))
          LinearAlgebra.add(
            .init(x, stride: problem.order), isTransposed: false, times: .init(y, stride: perGroup), isTransposed: true,
            rows: problem.order, inner: rows, columns: perGroup,
            to: .init(base + problem.productOffset(group), stride: problem.order))
        }
      }
    }
    outputs.removeAll(keepingCapacity: true)
    inputs.removeAll()
  }

  /// - Returns: the sum of their squares.
  private mutating func fillTargets(_ targets: UnsafeBufferPointer<Float>, _ group: Int) -> Double {
    let channels = problem.weights.outputsPerGroup
    let plane = problem.patches.outputPlane
    var squares = 0.0
    y.withUnsafeMutableBufferPointer { y in
      for (row, output) in outputs.enumerated() {
        for channel in 0..<channels {
          let value = Double(targets[output &+ (group &* channels &+ channel) &* plane])
          y[row &* channels &+ channel] = value
          squares += value * value
        }
      }
    }
    return squares
  }
}
