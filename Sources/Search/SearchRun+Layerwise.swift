import Channels
import Configuration
import Execution
import MessagePassing
import Sensitivity
import Surgery
import WorkSharing

/// Criteria that go by how well the layers behind a channel do without it.
extension SearchRun {
  /// The scores of all channels at rank 0; `nil` elsewhere.
  ///
  /// Sums over the samples come first, then every group by itself; all ranks share both.
  func judge(
    _ preparation: Preparation, by criterion: LayerwiseCriterion, _ session: WorkSession, _ source: ModelSource,
    _ checkpoint: SearchCheckpoint, _ usage: inout RankUsage
  ) throws -> SensitivityMeasurement? {
    // Sums of products are BLAS's.
    try ExecutorAgreement.check(ResponseProducts.library, on: world)
    let configuration = preparation.configuration
    let structure = preparation.structure
    let subject = VariantSubject(
      configuration: configuration, backend: backend, network: try preparation.execution(without: []).request.network,
      data: try CalibrationData(configuration))
    let plan = ResponsePlan(structure, subject, rowLimit: configuration.sensitivity.rows)
    try check(plan, preparation)
    let memory = try EvaluationMemory(
      answering: plan, subject, preparation, mostWorkers: try ProcessorShare.count(on: world), memoryLimit: memoryLimit)
    usage.note(memory.forecast)
    let measurement = ResponseMeasurement(
      plan, unitCounts: structure.groups.map(\.unitCount), session: session, subject: subject,
      workers: memory.workerCount,
      stored: (checkpoint, MeasurementBasis(of: subject, model: source.digests)))
    let damages = try measurement.damages()
    let groups = try scores(damages, criterion, session, workers: memory.workerCount)
    guard world.rank == 0 else { return nil }
    do {
      return SensitivityMeasurement(
        table: try SensitivityTable(
          scores: ChannelScores(
            groups: groups, of: structure, ScoreNormalization(configuration.sensitivity)),
          sampleCount: subject.data.sampleCount),
        groups: [], setLoss: nil, rowGroups: [], layout: preparation.layout, criterion: preparation.criterion)
    } catch {
      throw CriterionFailure(SearchError(.badContent, file: configuration.model.path, "\(error)"))
    }
  }

  /// Sees that some layer answers to every channel that may go; all ranks find the same.
  private func check(_ plan: ResponsePlan, _ preparation: Preparation) throws {
    let configuration = preparation.configuration
    for group in preparation.structure.groups {
      if case .stays = preparation.space.choices[group.id] { continue }
      guard !plan.layers.contains(where: { $0.groups.contains(group.id) }) else { continue }
      let maker = group.members.first { $0.role == .produce }?.name ?? "group \(group.id)"
      let reason = plan.misfits.first { misfit in group.members.contains { $0.name == misfit.layer } }
      throw CriterionFailure(
        SearchError(
          .badContent, file: configuration.model.path,
          "\(configuration.sensitivity.method.rawValue): no layer can be asked about the channels of '\(maker)'"
            + (reason.map { " ('\($0.layer)': \($0.reason))" } ?? "")
            + "; exclude it in config_list, or choose another criterion"))
    }
  }

  /// By group the scores of its units at rank 0, empty for one without readers; nothing elsewhere.
  private func scores(
    _ damages: [ResponseDamage?], _ criterion: LayerwiseCriterion, _ session: WorkSession, workers: Int
  ) throws -> [[Double]] {
    // The largest first, so that none is left alone at the end.
    let order = damages.indices.filter { damages[$0] != nil }.sorted {
      (-(damages[$0]?.unitCount ?? 0), $0) < (-(damages[$1]?.unitCount ?? 0), $1)
    }
    let length = order.first.flatMap { damages[$0]?.unitCount } ?? 0
    var groups = damages.map { _ in [Double]() }
    var number = 0
    session.phases.begin(.score, total: order.count, unit: "group")
    try session.perform(
      "group", order.count, length: length, isCounted: false, by: WorkerPool(count: workers) {},
      progress: { session.phases.advance($0, pieces: order.count) }
    ) { piece, _, pulse in
      let scores =
        try damages[order[piece]].map { damage in
          try criterion.order(damage, group: order[piece], beat: pulse.beat).scores
        } ?? []
      return scores + [Double](repeating: 0, count: length - scores.count)
    } combine: { packed in
      groups[order[number]] = Array(packed.prefix(damages[order[number]]?.unitCount ?? 0))
      number += 1
    }
    return groups
  }
}

extension LayerwiseCriterion {
  /// The criterion that a configuration asks for; `nil` for one that does not go by the layers behind.
  init?(_ sensitivity: SearchConfiguration.Sensitivity) {
    switch sensitivity.method {
    case .thinet: self = .thinet
    case .lasso: self = .lasso
    case .aofp: self = .aofp(draws: sensitivity.draws, seed: UInt64(sensitivity.seed))
    default: return nil
    }
  }
}
