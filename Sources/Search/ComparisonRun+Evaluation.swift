import Configuration
import Execution
import MessagePassing

extension ComparisonRun {
  /// How well the network does without what plans remove; at rank 0.
  struct Evaluated {
    /// As it is.
    let original: VariantScore
    /// By combination; `nil` where there is no plan.
    let plans: [VariantScore?]
    let sampleCount: Int
    /// What one network took: an equal share of all.
    let seconds: Double
  }

  /// Evaluates the network as it is and without what each plan removes, on all ranks; plans that remove the same once.
  /// - Parameter checkpoint: of the samples that networks are evaluated on.
  /// - Returns: the scores at rank 0, not a number where the loss is not finite; `nil` elsewhere.
  func evaluate(
    _ plans: [Plan?], _ bench: Bench, _ configuration: SearchConfiguration, _ checkpoint: SearchCheckpoint
  ) throws -> Evaluated? {
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
    let watch = ContinuousClock()
    let start = watch.now
    let scores = try evaluation.scores(of: variants, keepsNotFinite: true)
    let seconds = (watch.now - start) / .seconds(variants.count)
    return scores.map { scores in
      Evaluated(
        original: scores[0], plans: numbers.map { $0.map { scores[$0] } },
        sampleCount: evaluation.subject.data.sampleCount, seconds: seconds)
    }
  }

  /// Has plans fail that leave a network whose loss is not finite; all ranks learn of them.
  /// - Parameters:
  ///   - scores: by combination, at rank 0; `nil` elsewhere, and where there is none.
  ///   - network: what they are of, as a person reads of it.
  func drop(
    _ scores: [VariantScore?]?, of network: String, _ candidates: inout ComparisonCandidates, _ plans: inout [Plan?]
  ) throws {
    var failed: [Int64] = []
    for (index, score) in (scores ?? []).enumerated() {
      if let score, !score.loss.isFinite { failed.append(Int64(index)) }
    }
    try world.broadcast(&failed, from: 0)
    let failure = SearchError(
      .badContent, file: candidates.configuration.model.path,
      "the loss of the \(network) network is infinite or not a number")
    candidates.fail(failed.map { Int($0) }, failure)
    for index in failed { plans[Int(index)] = nil }
  }

  /// The finished pieces of work on the samples that networks are evaluated on.
  func checkpointOfEvaluation(_ bench: Bench, _ configuration: SearchConfiguration) throws -> SearchCheckpoint {
    guard configuration.evaluation != nil else { return bench.checkpoint }
    guard let network = bench.base.network else { preconditionFailure("the weights were given up") }
    let data = try CalibrationData(configuration, .evaluation)
    return SearchCheckpoint(
      bench.checkpoint.store,
      ShardPlan(sampleCount: data.sampleCount, batchSize: min(configuration.batchSize, data.sampleCount)),
      try data.matched(to: network, loss: Loss(configuration.loss)))
  }
}
