import Sensitivity

/// What the ranks have measured of a network, brought together at rank 0.
struct SensitivityMeasurement {
  /// The sensitivities.
  let table: SensitivityTable
  /// The shards that they are the sum of, without their rows: what error bars are resampled from.
  let shards: [ShardTable]
  /// The predicted loss of sets of units; `nil` where units add up.
  let setLoss: StoredSetLoss?
  /// By row of `setLoss` the shard that it is of; empty where the rows are a sketch of all of them.
  let rowShards: [Int]
  let layout: SensitivityLayout
  let criterion: TaylorCriterion
}

/// Collects the shards' tables in their order.
struct MeasurementCollector {
  private let layout: SensitivityLayout
  private let criterion: TaylorCriterion
  private let form: UnitRows.Form?
  private var shards: [ShardTable] = []
  /// Row-major.
  private var rows: [Float] = []
  private var losses: [Double] = []
  private var rowShards: [Int] = []
  private var sketch: [Double] = []

  /// - Parameter shards: how many there will be.
  init(_ layout: SensitivityLayout, _ criterion: TaylorCriterion, rows form: UnitRows.Form?, shards: Int) {
    self.layout = layout
    self.criterion = criterion
    self.form = form
    if let form, !form.isSketch { rows.reserveCapacity(form.rowCount * layout.unitCount * shards) }
  }

  /// Adds the next shard's table as it was packed.
  /// - Returns: false when the numbers are no table.
  mutating func add(_ packed: ArraySlice<Double>) -> Bool {
    guard var table = ShardTable(packed: packed, layout, criterion, rows: form) else { return false }
    if let kept = table.takeRows() {
      switch kept.form {
      case .weighted, .plain:
        let count = table.sampleCount * criterion.rowsPerSample
        for value in kept.values.prefix(count * layout.unitCount) { rows.append(Float(value)) }
        losses += kept.losses.prefix(count)
        rowShards += [Int](repeating: shards.count, count: count)
      case .sketch:
        if sketch.isEmpty { sketch = [Double](repeating: 0, count: kept.values.count) }
        for (place, value) in zip(sketch.indices, kept.values) { sketch[place] += value }
      }
    }
    shards.append(table)
    return true
  }

  /// All shards together.
  /// - Throws: `SensitivityError`, or `AllocationError` when a number is not finite.
  func measurement(hasClasses: Bool) throws -> SensitivityMeasurement {
    let table = try SensitivityTable(adding: shards, layout, criterion, hasClasses: hasClasses)
    var setLoss: StoredSetLoss?
    if form != nil {
      let rows = sketch.isEmpty ? rows : sketch.map { Float($0) }
      setLoss = StoredSetLoss(
        rows: rows, losses: losses, slopes: table.slopes, sampleCount: table.sampleCount,
        labelsPerSample: sketch.isEmpty ? criterion.rowsPerSample : 1, isSketch: !sketch.isEmpty)
    }
    return SensitivityMeasurement(
      table: table, shards: shards, setLoss: setLoss, rowShards: rowShards, layout: layout,
      criterion: criterion)
  }
}
