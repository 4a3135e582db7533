import Networks

/// Which output positions of which sample take part in a least-squares problem: a pure function of the sample's number
/// in the whole calibration set, so that it does not depend on who computes what.
public struct RowSampling: Hashable, Sendable {
  /// The layer's number: layers choose their positions apart from each other.
  public let layer: Int
  /// Output positions of one sample.
  public let positions: Int
  /// Samples of the whole calibration set.
  public let samples: Int
  /// The most rows that are taken.
  public let limit: Int

  /// A choice of at most `limit` rows: all where there are no more, else exactly `limit`, spread evenly over the samples.
  /// - Precondition: no argument is negative.
  public init(layer: Int, positions: Int, samples: Int, limit: Int) {
    precondition(layer >= 0 && positions >= 0 && samples >= 0 && limit >= 0)
    self.layer = layer
    self.positions = positions
    self.samples = samples
    self.limit = limit
  }

  /// Whether every position of every sample is taken.
  public var isComplete: Bool {
    let (rows, overflow) = samples.multipliedReportingOverflow(by: positions)
    return !overflow && rows <= limit
  }

  /// How many positions of a sample are taken; where samples outnumber the limit, some have none.
  /// - Precondition: `sample` is one of 0 ..< `samples`.
  public func rowCount(of sample: Int) -> Int {
    precondition((0..<samples).contains(sample), "sample \(sample) of \(samples)")
    if isComplete { return positions }
    return share(upTo: sample + 1) - share(upTo: sample)
  }

  /// The positions of a sample that are taken, distinct and ascending.
  /// - Precondition: `sample` is one of 0 ..< `samples`.
  public func positions(of sample: Int) -> [Int] {
    var needed = rowCount(of: sample)
    guard needed < positions else { return Array(0..<positions) }
    var random = SplitMix64(UInt64(layer), UInt64(sample))
    var chosen: [Int] = []
    chosen.reserveCapacity(needed)
    // Selection sampling (Knuth, The Art of Computer Programming 2, algorithm S): each set is equally likely.
    var position = 0
    while needed > 0 {
      if random.below(positions - position) < needed {
        chosen.append(position)
        needed -= 1
      }
      position += 1
    }
    return chosen
  }

  /// Rows of the first samples: ⌊count × limit ÷ samples⌋.
  private func share(upTo count: Int) -> Int {
    let product = count.multipliedFullWidth(by: limit)
    return samples.dividingFullWidth(product).quotient
  }
}
