import Configuration
import Execution
import Logging
import MessagePassing
import WorkSharing

extension ComparisonRun {
  /// How well the network does without what a plan removes once it is repaired.
  struct Repaired {
    let score: VariantScore
    /// What repairing and evaluating it took.
    let seconds: Double
  }

  /// Repairs the network without what each plan removes as `search --apply` repairs it, on all ranks, and evaluates it;
  /// plans that remove the same once. Scores are kept, so that a comparison that goes on repairs only what is left.
  /// - Parameter evaluated: the finished pieces of work on the samples that networks are evaluated on.
  /// - Returns: by combination the score, at rank 0; `nil` elsewhere.
  /// - Throws: `SearchError` when the model cannot be made without these channels.
  func repair(
    _ plans: [Plan?], _ bench: Bench, _ configuration: SearchConfiguration, _ evaluated: SearchCheckpoint
  ) throws -> [Repaired?]? {
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
    for checkpoint in [bench.checkpoint, evaluated] {
      try checkpoint.readSamples(on: bench.session, workers: stage.workerCount, isNeeded: true)
    }
    let watch = ContinuousClock()
    var found: [[[Int]]: Repaired] = [:]
    try bench.session.phases.whole(.repair, total: distinct.count, unit: "network") { advance in
      for (number, removed) in distinct.enumerated() {
        let start = watch.now
        let stored =
          world.rank == 0
          ? bench.checkpoint.pieces([try keyOfRepair(of: removed, bench, configuration, evaluated)]) : nil
        let packed = try bench.session.once(stored, length: 2) {
          let request =
            world.rank == 0 ? PruningStage.Request(removed: removed.map { Set($0) }, gathering: []) : nil
          let pruned = try stage.prune(request, model, structure)
          let repaired = try stage.repaired(pruned, network, data, configuration)
          let candidates = [message, repaired?.message ?? pruned.message].map {
            EvaluationCandidate(name: configuration.model.path, message: $0, fileSize: 0)
          }
          return try comparison.scores(candidates)?.last.map { [$0.loss, $0.accuracy ?? -1] }
        }
        found[removed] = packed.map { packed in
          Repaired(
            score: VariantScore(loss: packed[0], accuracy: packed[1] < 0 ? nil : packed[1]),
            seconds: (watch.now - start) / .seconds(1))
        }
        advance(number + 1)
      }
    }
    return world.rank == 0 ? plans.map { $0.flatMap { found[$0.removed] } } : nil
  }

  /// The key of all that a repaired network and its score depend on.
  private func keyOfRepair(
    of removed: [[Int]], _ bench: Bench, _ configuration: SearchConfiguration, _ evaluated: SearchCheckpoint
  ) throws -> PieceKey {
    let basis = MeasurementBasis(
      ofRepairs: configuration, runSize: bench.base.runSize, shapes: bench.base.sampleShapes,
      model: bench.source.digests, executor: search.backend.description)
    return try bench.checkpoint.key(of: removed.map(MeasurementBasis.list), basis)
      .appending([evaluated.key(of: ["evaluated"], basis).description])
  }
}
