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
  private(set) var rows: UnitRows?

  private let criterion: TaylorCriterion

  /// An empty table.
  /// - Parameter rows: how the rows of an expansion of order 2 are kept; `nil` where they are not.
  public init(_ layout: SensitivityLayout, _ criterion: TaylorCriterion, rows: UnitRows.Form? = nil) {
    self.criterion = criterion
    sums = [Double](repeating: 0, count: layout.count)
    squares = criterion.columns > 1 ? sums : []
    self.rows = rows.map { UnitRows($0, unitCount: layout.unitCount) }
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
      if order.weighs {
        for part in parts { Self.add(part.weightProducts, order, to: &row, layout) }
      } else {
        for part in parts {
          for sample in part.losses.indices { Self.add(part, sample, to: &row, layout) }
        }
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

  /// Adds what the weights say of a whole batch; nothing where sums go on. A layer's own channels have what the weights
  /// say that make them, or where these are not asked what their unit has.
  private static func add(
    _ products: [WeightProducts], _ order: TaylorCriterion.FirstOrder, to row: inout [Double],
    _ layout: SensitivityLayout
  ) {
    for (layer, products) in products.enumerated() {
      if order.isOfMagnitudes {
        for (place, magnitude) in zip(layout.layers[layer], products.outputMagnitudes) { row[place] += magnitude }
      }
      func add(_ values: [Double], _ places: [Int?]) {
        for case (let value, let place?) in zip(values, places) { row[place] += value }
      }
      if order.site != .consumer { add(products.outputMagnitudes, layout.unitPlaces[layer]) }
      if order.site == .members { add(products.outputMagnitudes, layout.passedPlaces[layer]) }
      if order.site != .producer {
        add(order.isOfMagnitudes ? products.inputMagnitudes : products.inputSums, layout.readPlaces[layer])
      }
    }
    guard !order.isOfMagnitudes, !products.isEmpty else { return }
    for (layer, places) in layout.layers.enumerated() {
      for (place, unit) in zip(places, zip(layout.unitPlaces[layer], layout.passedPlaces[layer])) {
        if let unit = unit.0 ?? unit.1 { row[place] = row[unit] }
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

  /// Adds another shard's sums behind this one's, the rows left out.
  /// - Precondition: both are of one layout and criterion.
  public mutating func append(_ other: ShardTable) {
    add(
      values: other.valueCount, samples: other.sampleCount, loss: other.lossSum, correct: other.correctCount,
      sums: other.sums[...], squares: other.squares[...])
  }

  /// Adds another rank's sums behind this one's, the rows left out.
  /// - Precondition: both are of one layout and criterion.
  public mutating func append(_ other: PackedShardTable) {
    add(
      values: other.valueCount, samples: other.sampleCount, loss: other.lossSum, correct: other.correctCount,
      sums: other.sums, squares: other.squares)
  }

  private mutating func add(
    values: Int, samples: Int, loss: Double, correct: Int, sums: ArraySlice<Double>, squares: ArraySlice<Double>
  ) {
    valueCount += values
    sampleCount += samples
    lossSum += loss
    correctCount += correct
    ShardTable.add(sums, to: &self.sums)
    ShardTable.add(squares, to: &self.squares)
  }

  /// Rank 0 adds thousands of tables a second: one pass through memory, with vector instructions.
  private static func add(_ values: ArraySlice<Double>, to sums: inout [Double]) {
    precondition(values.count == sums.count)
    values.withUnsafeBufferPointer { values in
      sums.withUnsafeMutableBufferPointer { sums in
        for place in 0..<sums.count { sums[place] += values[place] }
      }
    }
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
