/// The sensitivities of a whole network: what the search decides by.
public struct SensitivityTable: Sendable {
  /// Per layer, in graph order, the sensitivity of each of its own output channels, not summed over a group.
  public let layers: [[Double]]
  /// Per group the sensitivity of each unit: products are summed over the producing layers before they are reduced.
  public let groups: [[Double]]
  /// The mean loss of the samples.
  public let meanLoss: Double
  /// Samples that counted.
  public let sampleCount: Int
  /// The share of samples classified as labelled; `nil` without class labels.
  public let accuracy: Double?

  /// Adds up shards in the order given, which has to be the plan's order for the bytes to be the same.
  /// - Throws: `SensitivityError` when there is no sample, or when a sensitivity is not finite.
  public init(
    adding shards: [ShardTable], _ layout: SensitivityLayout, _ criterion: TaylorCriterion, hasClasses: Bool
  ) throws(SensitivityError) {
    var whole = ShardTable(layout, criterion)
    for shard in shards { whole.append(shard) }
    guard whole.valueCount > 0 else { throw SensitivityError("no sample was run") }
    let values = whole.sums.map { criterion.sensitivity(sum: $0, count: whole.valueCount) }
    guard values.allSatisfy(\.isFinite) else {
      throw SensitivityError("a sensitivity is infinite or not a number, though every loss was finite")
    }
    layers = layout.layers.map { Array(values[$0]) }
    groups = layout.groups.map { Array(values[$0]) }
    meanLoss = whole.lossSum / Double(whole.sampleCount)
    sampleCount = whole.sampleCount
    accuracy = hasClasses ? Double(whole.correctCount) / Double(whole.sampleCount) : nil
  }
}

/// Why there is no table.
public struct SensitivityError: Error, Hashable, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  /// What is wrong.
  public init(_ description: String) { self.description = description }
}
