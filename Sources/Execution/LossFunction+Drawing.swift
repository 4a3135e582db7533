import Networks

import Glibc

extension LossFunction {
  /// Targets drawn from the network's prediction for a batch of samples: `Targets.drawn` with the numbers that the seed,
  /// the sample and the label's number decide alone.
  /// - Parameters:
  ///   - samples: the samples' numbers in the data, at most as many as a batch has.
  ///   - label: which of several labels of a sample.
  public func drawnTargets(_ samples: Range<Int>, label: Int, seed: UInt64) -> Targets {
    precondition(samples.count <= batchSize)
    let count = loss == .meanSquaredError ? sampleElements : positions
    var numbers: [Double] = []
    numbers.reserveCapacity(batchSize * count)
    for sample in samples {
      var random = SplitMix64(seed, UInt64(sample), UInt64(label))
      for _ in 0..<count {
        numbers.append(loss == .meanSquaredError ? Self.normal(&random) : random.unit())
      }
    }
    // The samples that fill a short batch up count in nothing.
    numbers += [Double](repeating: 0, count: (batchSize - samples.count) * count)
    return .drawn(numbers)
  }

  /// Whether what is drawn are classes.
  public var isCrossEntropy: Bool { loss != .meanSquaredError }

  /// One number of the standard normal distribution (Box and Muller 1958).
  private static func normal(_ random: inout SplitMix64) -> Double {
    let radius = (-2 * log(1 - random.unit())).squareRoot()
    return radius * cos(2 * Double.pi * random.unit())
  }
}
