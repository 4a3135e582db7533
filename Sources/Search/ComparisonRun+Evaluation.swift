import Configuration
import Execution

extension ComparisonRun {
  /// How well the network does without what plans remove; at rank 0.
  struct Evaluated {
    /// As it is.
    let original: VariantScore
    /// By combination; `nil` where there is no plan.
    let plans: [VariantScore?]
    let sampleCount: Int
    /// What has use for the pieces of these evaluations.
    let checkpoint: SearchCheckpoint
  }

  /// Evaluates the network as it is and without what each plan removes, on all ranks; plans that remove the same once.
  /// - Returns: the scores at rank 0, `nil` elsewhere.
  func evaluate(
    _ plans: [Plan?], _ bench: Bench, _ configuration: SearchConfiguration
  ) throws -> Evaluated? {
    let checkpoint = try self.checkpoint(bench, configuration)
    let evaluation = try search.evaluation(bench.base, bench.source, bench.session, checkpoint, on: .evaluation)
    var variants = [NetworkVariant.original]
    var variantByPlan: [[[Int]]: Int] = [:]
    let numbers = try plans.map { plan -> Int? in
      guard let plan else { return nil }
      if let known = variantByPlan[plan.removed] { return known }
      variants.append(try NetworkVariant(removing: plan.removed, from: bench.base.structure, configuration))
      variantByPlan[plan.removed] = variants.count - 1
      return variants.count - 1
    }
    search.report(0, variants.count)
    let total = variants.count
    let scores = try evaluation.scores(of: variants) { number, _ in search.report(number + 1, total) }
    return scores.map { scores in
      Evaluated(
        original: scores[0], plans: numbers.map { $0.map { scores[$0] } },
        sampleCount: evaluation.subject.data.sampleCount, checkpoint: checkpoint)
    }
  }

  /// The finished pieces of work on the samples that networks are evaluated on.
  private func checkpoint(_ bench: Bench, _ configuration: SearchConfiguration) throws -> SearchCheckpoint {
    guard configuration.evaluation != nil else { return bench.checkpoint }
    guard let network = bench.base.network else { preconditionFailure("the weights were given up") }
    let data = try CalibrationData(configuration, .evaluation)
    return SearchCheckpoint(
      bench.checkpoint.store,
      ShardPlan(sampleCount: data.sampleCount, batchSize: min(configuration.batchSize, data.sampleCount)),
      try data.matched(to: network, loss: Loss(configuration.loss)))
  }
}
