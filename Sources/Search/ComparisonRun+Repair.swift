import Configuration
import Logging
import MessagePassing

extension ComparisonRun {
  /// How well the network does without what each plan removes, repaired as `search --apply` repairs it, on all ranks; plans
  /// that remove the same once.
  /// - Returns: by combination the score, at rank 0; `nil` elsewhere.
  /// - Throws: `SearchError` when the model cannot be made without these channels.
  func repair(
    _ plans: [Plan?], _ bench: Bench, _ configuration: SearchConfiguration
  ) throws -> [VariantScore?]? {
    guard let network = bench.base.network else { preconditionFailure("the weights were given up") }
    let (message, structure) = (bench.source.message, bench.base.structure)
    let model = try format.decode(message, sampleShapes: bench.base.sampleShapes)
    let stage = PruningStage(
      session: bench.session, backend: search.backend, format: format, logger: search.logger,
      workerCount: try ProcessorShare.count(on: world), path: configuration.model.path, message: message,
      digests: bench.source.digests, configuration: configuration, repair: configuration.repair,
      sampleShapes: bench.base.sampleShapes, settings: configuration.apply)
    let comparison = NetworkComparison(
      session: bench.session, backend: search.backend, format: format, configuration: configuration,
      data: try CalibrationData(configuration, .evaluation), workerCount: stage.workerCount)
    let data = try CalibrationData(configuration)
    let distinct = plans.reduce(into: [[[Int]]]()) { distinct, plan in
      if let plan, !distinct.contains(plan.removed) { distinct.append(plan.removed) }
    }
    var scores: [[[Int]]: VariantScore] = [:]
    for (number, removed) in distinct.enumerated() {
      search.logger.info("repairs: \(number) of \(distinct.count)")
      let request =
        world.rank == 0 ? PruningStage.Request(removed: removed.map { Set($0) }, gathering: []) : nil
      let pruned = try stage.prune(request, model, structure)
      let repaired = try stage.repaired(pruned, network, data, configuration)
      let candidates = [message, repaired?.message ?? pruned.message].map {
        EvaluationCandidate(name: configuration.model.path, message: $0, fileSize: 0)
      }
      scores[removed] = try comparison.scores(candidates)?.last
    }
    return world.rank == 0 ? plans.map { $0.flatMap { scores[$0.removed] } } : nil
  }
}
