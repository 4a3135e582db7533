import Networks

extension ProblemList {
  mutating func addResampling() {
    typealias Kind = (String, (_ axis: Int, _ from: Int, _ to: Int) -> Resampling)
    let kinds: [Kind] = [
      ("nearest", Resampling.nearest), ("linear", Resampling.linear), ("cubic", Resampling.cubic),
    ]
    for (name, step) in kinds {
      add("\(name) resizing of planes to twice the extents") { problem in
        problem.resample(problem.front([3, 4, 5]), [step(2, 4, 8), step(3, 5, 10)])
      }
      add("\(name) resizing of planes of 16 channels to twice the extents") { problem in
        problem.resample(problem.front([16, 3, 3]), [step(2, 3, 6), step(3, 3, 6)])
      }
      add("\(name) resizing of planes to odd extents") { problem in
        problem.resample(problem.front([2, 4, 6]), [step(2, 4, 7), step(3, 6, 5)])
      }
      add("\(name) resizing of planes to smaller extents") { problem in
        problem.resample(problem.front([2, 7, 6]), [step(2, 7, 3), step(3, 6, 2)])
      }
      add("\(name) resizing of one element to a plane") { problem in
        problem.resample(problem.front([3, 1, 1]), [step(2, 1, 3), step(3, 1, 4)])
      }
      add("\(name) resizing along the last axis") { problem in
        problem.resample(problem.front([3, 4, 5]), [step(3, 5, 8)])
      }
      add("\(name) resizing of rank 3") { problem in
        problem.resample(problem.front([3, 5]), [step(2, 5, 9)])
      }
      add("\(name) resizing of channels") { problem in
        problem.resample(problem.front([4, 3, 2]), [step(1, 4, 6)])
      }
      add("\(name) resizing of every axis but the batch") { problem in
        problem.resample(problem.front([2, 3, 4]), [step(1, 2, 3), step(2, 3, 5), step(3, 4, 3)])
      }
      add("\(name) resizing between convolutions, with a lateral sum") { problem in
        let deep = problem.convolution(problem.front([4, 3, 3]), to: 8, kernel: [1, 1])
        problem.observe(deep)
        let up = problem.resample(deep, [step(2, 3, 6), step(3, 3, 6)])
        let lateral = problem.convolution(problem.front([3, 6, 6]), to: 8, kernel: [1, 1])
        problem.observe(lateral)
        return problem.convolution(problem.binary(.add, up, lateral), to: 3, kernel: [3, 3], padsBegin: [1, 1])
      }
    }
    add("resizing from sources in no order") { problem in
      let step = Resampling(
        axis: 2, taps: 3, sources: [4, 0, 0, 2, 4, 1, 3, 3, 3, 0, 4, 2],
        weights: [0.5, -1, 0.25, 2, 0, 1, 0.5, 0.25, 0.25, 1, 1, -1])
      return problem.resample(problem.front([2, 5, 3]), [step])
    }
    add("resizing along no axis") { problem in problem.resample(problem.front([2, 3, 3]), []) }
  }

  mutating func addCumulativeSums() {
    for (isExclusive, isReversed) in [(false, false), (true, false), (false, true), (true, true)] {
      let form = "\(isExclusive ? "exclusive" : "inclusive") sums from the \(isReversed ? "end" : "start")"
      for (sample, axis) in [([5], 1), ([3, 4], 1), ([3, 4], 2), ([4, 3, 5], 1), ([4, 3, 5], 2), ([4, 3, 5], 3)] {
        add("\(form) along axis \(axis) of \(sample)") { problem in
          problem.cumulativeSum(problem.front(sample), axis: axis, isExclusive: isExclusive, isReversed: isReversed)
        }
      }
    }
  }
}

/// Steps of resizing as ONNX Resize defines them.
extension Resampling {
  /// The nearest element below, coordinates asymmetric.
  static func nearest(axis: Int, from: Int, to: Int) -> Resampling {
    Resampling(
      axis: axis, taps: 1, sources: (0..<to).map { $0 * from / to }, weights: [Double](repeating: 1, count: to))
  }

  /// Between two neighbours, half-pixel coordinates.
  static func linear(axis: Int, from: Int, to: Int) -> Resampling {
    Resampling(axis: axis, from: from, to: to, offsets: 0...1) { distance in max(0, 1 - abs(distance)) }
  }

  /// Of four neighbours by cubic convolution with a = −¾, half-pixel coordinates, the border element repeated.
  static func cubic(axis: Int, from: Int, to: Int) -> Resampling {
    Resampling(axis: axis, from: from, to: to, offsets: -1...2) { distance in
      let x = abs(distance)
      return x <= 1 ? (1.25 * x - 2.25) * x * x + 1 : ((-0.75 * x + 3.75) * x - 6) * x + 3
    }
  }

  private init(axis: Int, from: Int, to: Int, offsets: ClosedRange<Int>, weight: (_ distance: Double) -> Double) {
    var sources: [Int] = []
    var weights: [Double] = []
    for output in 0..<to {
      let place = (Double(output) + 0.5) * Double(from) / Double(to) - 0.5
      let below = place.rounded(.down)
      for offset in offsets {
        let source = below + Double(offset)
        sources.append(min(max(Int(source), 0), from - 1))
        weights.append(weight(place - source))
      }
    }
    self.init(axis: axis, taps: offsets.count, sources: sources, weights: weights)
  }
}
