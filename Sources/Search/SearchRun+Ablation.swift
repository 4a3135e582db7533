import Channels
import Configuration
import Sensitivity
import WorkSharing

/// The criterion that all others approximate: the loss without each unit alone.
extension SearchRun {
  /// By unit the change of the loss when it is removed, with its sign, at rank 0; `nil` elsewhere.
  func ablate(
    _ preparation: Preparation, _ session: WorkSession, _ source: ModelSource, _ checkpoint: SearchCheckpoint
  ) throws -> SensitivityMeasurement? {
    let structure = preparation.structure
    let evaluation = try evaluation(preparation, source, session, checkpoint)
    let units = structure.groups.filter(\.isPrunable).flatMap { group in
      (0..<group.unitCount).map { (group: group.id, unit: $0) }
    }
    var variants = [NetworkVariant.original]
    for (group, unit) in units {
      variants.append(try NetworkVariant(removing: [unit], of: group, from: structure, preparation.configuration))
    }
    report(0, variants.count)
    let scores = try evaluation.scores(of: variants) { number, _ in report(number + 1, variants.count) }
    guard let scores else { return nil }
    var groups = structure.groups.map { [Double](repeating: 0, count: $0.unitCount) }
    for (unit, score) in zip(units, scores.dropFirst()) { groups[unit.group][unit.unit] = score.loss - scores[0].loss }
    return SensitivityMeasurement(
      table: try SensitivityTable(
        scores: ChannelScores(groups: groups, of: structure), meanLoss: scores[0].loss,
        sampleCount: evaluation.subject.data.sampleCount, accuracy: scores[0].accuracy),
      groups: [], setLoss: nil, rowGroups: [], layout: preparation.layout, criterion: preparation.criterion)
  }
}

extension SearchConfiguration {
  /// Whether changed networks are evaluated before the plan is made.
  var evaluatesNetworks: Bool { solver.method == .measured || sensitivity.method == .ablation }
}
