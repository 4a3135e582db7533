public import Execution

import Glibc

/// The partial sums of one shard: a pure function of the network, the shard's samples and the criterion.
///
/// Tables of several shards add up to the whole; only the order in which they are added matters for the last bits.
public struct ShardTable: Sendable {
  /// Values of t summed: batches or samples, as the criterion says.
  public private(set) var valueCount = 0
  /// Samples run.
  public private(set) var sampleCount = 0
  /// Σ of the samples' losses.
  public private(set) var lossSum = 0.0
  /// Samples whose largest output is at their label; 0 without class labels.
  public private(set) var correctCount = 0
  /// Σ of the criterion's contributions, as `SensitivityLayout` places them.
  public private(set) var sums: [Double]
  /// Σ of the curvature's squares, placed likewise; empty for an expansion of order 1.
  public private(set) var squares: [Double]
  /// The curvature's rows, where the units are to be judged together.
  public private(set) var rows: UnitRows?

  private let criterion: TaylorCriterion

  /// An empty table.
  /// - Parameter rows: how the rows of an expansion of order 2 are kept; `nil` where they are not.
  public init(_ layout: SensitivityLayout, _ criterion: TaylorCriterion, rows: UnitRows.Form? = nil) {
    self.criterion = criterion
    sums = [Double](repeating: 0, count: layout.count)
    squares = criterion.columns > 1 ? sums : []
    self.rows = rows.map { UnitRows($0, unitCount: layout.unitCount) }
  }

  /// A table from the numbers that another rank packed, or `nil` when they are no table of this layout.
  ///
  /// (A slice and no collection of any kind: rank 0 unpacks every rank's tables, and code for any kind goes number by number.)
  public init?(
    packed: ArraySlice<Double>, _ layout: SensitivityLayout, _ criterion: TaylorCriterion,
    rows form: UnitRows.Form? = nil
  ) {
    guard packed.count == ShardTable.packedCount(layout, criterion, rows: form) else { return nil }
    let head = Array(packed.prefix(4))
    guard let values = Int(exactly: head[0]), let samples = Int(exactly: head[1]), let correct = Int(exactly: head[3])
    else { return nil }
    (valueCount, sampleCount, lossSum, correctCount) = (values, samples, head[2], correct)
    sums = Array(packed.dropFirst(4).prefix(layout.count))
    squares = criterion.columns > 1 ? Array(packed.dropFirst(4 + layout.count).prefix(layout.count)) : []
    rows = form.map {
      UnitRows($0, unitCount: layout.unitCount, packed: packed.dropFirst(4 + criterion.columns * layout.count))
    }
    self.criterion = criterion
  }

  /// The table as numbers, to be sent: counts, loss, the sums, then the rows.
  public var packed: [Double] {
    [Double(valueCount), Double(sampleCount), lossSum, Double(correctCount)] + sums + squares + (rows?.packed ?? [])
  }

  /// How many numbers a packed table has.
  public static func packedCount(
    _ layout: SensitivityLayout, _ criterion: TaylorCriterion, rows: UnitRows.Form? = nil
  ) -> Int {
    4 + criterion.columns * layout.count + (rows.map { $0.packedCount(units: layout.unitCount) } ?? 0)
  }

  /// Adds one batch, which may have been run in several parts.
  ///
  /// - Parameters:
  ///   - parts: what the executor gave with the data's labels, products per layer in the layout's order.
  ///   - curvature: the same parts run with each label of the curvature; empty for order 1 and `fisher`.
  ///   - first: the number of the batch's first sample in the calibration data.
  ///   - correct: how many samples were classified as labelled.
  public mutating func add(
    batch parts: [Evaluation], curvature: [[Evaluation]] = [], from first: Int = 0, correct: Int,
    _ layout: SensitivityLayout
  ) {
    let samples = parts.reduce(0) { $0 + $1.losses.count }
    sampleCount += samples
    correctCount += correct
    for part in parts { for loss in part.losses { lossSum += loss } }
    var row = [Double](repeating: 0, count: layout.count)
    switch criterion {
    case .first(let order) where order.level == .batch:
      for part in parts {
        for sample in part.losses.indices { Self.add(part, sample, to: &row, layout) }
      }
      // The batch's loss is the mean over its samples, and so are its products.
      contribute(row, scale: 1 / Double(samples))
      valueCount += 1
    case .first, .second:
      var number = first
      for (index, part) in parts.enumerated() {
        for sample in part.losses.indices {
          for place in row.indices { row[place] = 0 }
          Self.add(part, sample, to: &row, layout)
          contribute(row, scale: 1)
          if case .second(let labels) = criterion {
            if labels == .fisher { bend(row, labels, loss: part.losses[sample], sample: number, label: 0, layout) }
            for (label, passes) in curvature.enumerated() {
              for place in row.indices { row[place] = 0 }
              Self.add(passes[index], sample, to: &row, layout)
              bend(row, labels, loss: passes[index].losses[sample], sample: number, label: label, layout)
            }
          }
          number += 1
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

  /// Adds a row of the curvature.
  private mutating func bend(
    _ row: [Double], _ labels: TaylorCriterion.Curvature, loss: Double, sample: Int, label: Int,
    _ layout: SensitivityLayout
  ) {
    let scale = labels.weight(loss: loss).squareRoot()
    for place in row.indices {
      let value = row[place] * scale
      squares[place] += value * value
    }
    rows?.add(row[layout.units], scale: scale, loss: loss, sample: sample, label: label)
  }

  /// Hands the rows out, once: they are most of what a table holds.
  public mutating func takeRows() -> UnitRows? {
    defer { rows = nil }
    return rows
  }

  /// Adds another shard's sums behind this one's, the rows left out.
  public mutating func append(_ other: ShardTable) {
    valueCount += other.valueCount
    sampleCount += other.sampleCount
    lossSum += other.lossSum
    correctCount += other.correctCount
    for place in sums.indices { sums[place] += other.sums[place] }
    for place in squares.indices { squares[place] += other.squares[place] }
  }
}

extension TaylorCriterion.Curvature {
  /// What a pass's square counts: equally many draws share one, a class counts by its probability, which its loss tells.
  fileprivate func weight(loss: Double) -> Double {
    switch self {
    case .fisher: 1
    case .drawn(let count, _, let positions): Double(positions) / Double(count)
    case .ranked: exp(-loss)
    }
  }
}
