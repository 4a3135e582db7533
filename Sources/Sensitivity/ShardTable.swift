public import Execution

/// The partial sums of one shard: a pure function of the network, the shard's samples and the criterion.
///
/// Tables of several shards add up to the whole; only the order in which they are added matters for the last bits.
public struct ShardTable: Sendable {
  /// Values of t summed: batches or samples, as the criterion's level says.
  public private(set) var valueCount = 0
  /// Samples run.
  public private(set) var sampleCount = 0
  /// Σ of the samples' losses.
  public private(set) var lossSum = 0.0
  /// Samples whose largest output is at their label; 0 without class labels.
  public private(set) var correctCount = 0
  /// Σ of the criterion's contributions, as `SensitivityLayout` places them.
  public private(set) var sums: [Double]

  private let criterion: TaylorCriterion

  /// An empty table.
  public init(_ layout: SensitivityLayout, _ criterion: TaylorCriterion) {
    self.criterion = criterion
    sums = [Double](repeating: 0, count: layout.count)
  }

  /// A table from the numbers that another rank packed, or `nil` when they are no table of this layout.
  public init?(packed: some Collection<Double>, _ layout: SensitivityLayout, _ criterion: TaylorCriterion) {
    guard packed.count == ShardTable.packedCount(layout) else { return nil }
    let head = Array(packed.prefix(4))
    guard let values = Int(exactly: head[0]), let samples = Int(exactly: head[1]), let correct = Int(exactly: head[3])
    else { return nil }
    (valueCount, sampleCount, lossSum, correctCount) = (values, samples, head[2], correct)
    sums = Array(packed.dropFirst(4))
    self.criterion = criterion
  }

  /// The table as numbers, to be sent: counts, loss, then the sums.
  public var packed: [Double] { [Double(valueCount), Double(sampleCount), lossSum, Double(correctCount)] + sums }

  /// How many numbers a packed table has.
  public static func packedCount(_ layout: SensitivityLayout) -> Int { layout.count + 4 }

  /// Adds one batch, which may have been run in several parts.
  ///
  /// - Parameters:
  ///   - parts: what the executor gave, products per layer in the layout's order.
  ///   - correct: how many samples were classified as labelled.
  public mutating func add(batch parts: [Evaluation], correct: Int, _ layout: SensitivityLayout) {
    let samples = parts.reduce(0) { $0 + $1.losses.count }
    sampleCount += samples
    correctCount += correct
    for part in parts { for loss in part.losses { lossSum += loss } }
    var row = [Double](repeating: 0, count: layout.count)
    switch criterion.level {
    case .batch:
      for part in parts {
        for sample in part.losses.indices { Self.add(part, sample, to: &row, layout) }
      }
      // The batch's loss is the mean over its samples, and so are its products.
      contribute(row, scale: 1 / Double(samples))
      valueCount += 1
    case .sample:
      for part in parts {
        for sample in part.losses.indices {
          for place in row.indices { row[place] = 0 }
          Self.add(part, sample, to: &row, layout)
          contribute(row, scale: 1)
        }
      }
      valueCount += samples
    }
  }

  /// Adds one sample's products to a row: to its layer's channel and to its unit.
  private static func add(_ part: Evaluation, _ sample: Int, to row: inout [Double], _ layout: SensitivityLayout) {
    for (layer, places) in layout.layers.enumerated() {
      let start = sample * places.count
      part.products[layer].withUnsafeBufferPointer { products in
        for channel in 0..<places.count {
          let product = products[start + channel]
          row[places.lowerBound + channel] += product
          if let unit = layout.unitPlaces[layer][channel] { row[unit] += product }
        }
      }
    }
  }

  private mutating func contribute(_ row: [Double], scale: Double) {
    for place in row.indices { sums[place] += criterion.contribution(row[place] * scale) }
  }

  /// Adds another shard's sums behind this one's.
  mutating func append(_ other: ShardTable) {
    valueCount += other.valueCount
    sampleCount += other.sampleCount
    lossSum += other.lossSum
    correctCount += other.correctCount
    for place in sums.indices { sums[place] += other.sums[place] }
  }
}
