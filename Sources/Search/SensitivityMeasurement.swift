import Channels
import Configuration
import Sensitivity

/// What the ranks have measured of a network, brought together at rank 0.
struct SensitivityMeasurement {
  /// The sensitivities.
  let table: SensitivityTable
  /// The groups of shards that they are the sum of, without their rows: what error bars are resampled from.
  let groups: [ShardTable]
  /// The predicted loss of sets of units; `nil` where units add up.
  let setLoss: StoredSetLoss?
  /// By row of `setLoss` the group that it is of; empty where the rows are a sketch of all of them.
  let rowGroups: [Int]
  let layout: SensitivityLayout
  let criterion: TaylorCriterion
}

extension SensitivityMeasurement {
  /// The scores of an influence function in place of the rows that it is made from.
  /// - Precondition: all rows are there, one per sample.
  /// - Throws: `SensitivityError` when the function cannot be had.
  func influence(
    _ settings: SearchConfiguration.Sensitivity, _ structure: ChannelStructure
  ) throws -> SensitivityMeasurement {
    guard let setLoss, !setLoss.isSketch else { preconditionFailure("the rows were not kept") }
    let function = InfluenceFunction(
      rows: setLoss.rows, unitCount: layout.unitCount, holdingOutOneIn: settings.holdoutEvery)
    let scores = try function.scores(damping: settings.damping)
    let first = layout.units.lowerBound
    let groups = layout.groups.map { Array(scores[$0.lowerBound - first..<$0.upperBound - first]) }
    return SensitivityMeasurement(
      table: try SensitivityTable(
        scores: ChannelScores(groups: groups, of: structure), meanLoss: table.meanLoss, sampleCount: table.sampleCount,
        accuracy: table.accuracy),
      groups: [], setLoss: nil, rowGroups: [], layout: layout, criterion: criterion)
  }
}

/// Collects the shards' tables in their order.
struct MeasurementCollector {
  private let layout: SensitivityLayout
  private let criterion: TaylorCriterion
  private let form: UnitRows.Form?
  private let plan: ShardPlan
  private var shardCount = 0
  private var groups: [ShardTable] = []
  /// Row-major.
  private var rows: [Float] = []
  private var losses: [Double] = []
  private var rowGroups: [Int] = []
  private var sketch: [Double] = []

  /// - Parameter plan: the shards that there will be.
  init(_ layout: SensitivityLayout, _ criterion: TaylorCriterion, rows form: UnitRows.Form?, _ plan: ShardPlan) {
    self.plan = plan
    self.layout = layout
    self.criterion = criterion
    self.form = form
    if let form, !form.isSketch { rows.reserveCapacity(form.rowCount * layout.unitCount * plan.shards.count) }
  }

  /// Adds the next shard's table as it was packed.
  /// - Returns: false when the numbers are no table.
  mutating func add(_ packed: ArraySlice<Double>) -> Bool {
    guard let table = PackedShardTable(packed, layout, criterion, rows: form) else { return false }
    let samples = plan.samples(of: shardCount).count
    guard table.sampleCount == samples, (1...samples).contains(table.valueCount),
      (0...samples).contains(table.correctCount)
    else { return false }
    let group = plan.group(of: shardCount)
    switch form {
    case .weighted, .plain:
      let count = table.sampleCount * criterion.rowsPerSample
      for value in table.rows.prefix(count * layout.unitCount) { rows.append(Float(value)) }
      losses += table.rowLosses.prefix(count)
      rowGroups += [Int](repeating: group, count: count)
    case .sketch:
      if sketch.isEmpty { sketch = [Double](repeating: 0, count: table.rows.count) }
      for (place, value) in zip(sketch.indices, table.rows) { sketch[place] += value }
    case nil: break
    }
    if group == groups.count { groups.append(ShardTable(layout, criterion)) }
    groups[group].append(table)
    shardCount += 1
    return true
  }

  /// All shards together.
  /// - Throws: `SensitivityError`, or `AllocationError` when a number is not finite.
  func measurement(hasClasses: Bool) throws -> SensitivityMeasurement {
    let table = try SensitivityTable(adding: groups, layout, criterion, hasClasses: hasClasses)
    var setLoss: StoredSetLoss?
    if form != nil {
      let rows = sketch.isEmpty ? rows : sketch.map { Float($0) }
      setLoss = StoredSetLoss(
        rows: rows, losses: losses, slopes: table.slopes, sampleCount: table.sampleCount,
        labelsPerSample: sketch.isEmpty ? criterion.rowsPerSample : 1, isSketch: !sketch.isEmpty)
    }
    return SensitivityMeasurement(
      table: table, groups: groups, setLoss: setLoss, rowGroups: rowGroups, layout: layout,
      criterion: criterion)
  }
}
