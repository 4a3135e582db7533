import Allocation
import Configuration
import Execution
import Logging
import MessagePassing
import Sensitivity
import WorkSharing

extension ComparisonRun {
  /// What one comparison has at hand on every rank.
  struct Bench {
    let base: Preparation
    let source: ModelSource
    let session: WorkSession
    let checkpoint: SearchCheckpoint
    /// What layers lose in fewer bits; at rank 0, where that is asked for.
    let quantization: QuantizationTable?
  }

  /// A plan, or on other ranks than 0 what it removes.
  struct Plan {
    /// By group the units that go.
    let removed: [[Int]]
    /// The result as a search would write it; at rank 0.
    let ratios: RatioConfig?
    /// What solving took.
    let seconds: Double
  }

  /// What a comparison has found and written; the record comes last.
  struct Found {
    let outcome: ComparisonOutcome
    let record: RunRecord
  }

  /// The comparison, at rank 0 between the first and the last writing of its record.
  /// - Returns: what was found at rank 0, `nil` elsewhere.
  func compare(
    _ asked: ComparisonCandidates, _ base: Preparation, _ source: ModelSource, _ session: WorkSession
  ) throws -> Found? {
    var candidates = asked
    let phases = session.phases
    let configuration = candidates.configuration
    let files = ResultFiles(in: ComparisonFiles.directory(of: configuration))
    let checkpoint = SearchCheckpoint(files.checkpoint, base.plan, base.data)
    // What does not fit the limit is told before hours of work.
    if search.memoryLimit != nil { _ = try search.evaluation(base, source, session, checkpoint) }
    let bench = Bench(
      base: base, source: source, session: session, checkpoint: checkpoint,
      quantization: try search.chooseFrom(base, source, session, checkpoint))

    var plans = [Plan?](repeating: nil, count: candidates.all.count)
    var usage = RankUsage()
    var measured: [ComparisonOutcome.Criterion] = []
    var table: SensitivityTable?
    for criterion in configuration.comparedSensitivities.indices {
      let found = try plan(criterion, bench, &candidates, &plans, &usage)
      measured.append(
        ComparisonOutcome.Criterion(
          label: configuration.label(of: configuration.comparedSensitivities[criterion]), seconds: found.seconds))
      // The record tells the loss of the samples, where a criterion has it.
      if table?.meanLoss == nil { table = found.table ?? table }
    }
    guard try isAnyLeft(candidates) else { return nil }
    let checkpointOfEvaluation = try checkpointOfEvaluation(bench, configuration)
    let evaluated = try evaluate(plans, bench, configuration, checkpointOfEvaluation)
    try drop(evaluated?.plans, of: "pruned", &candidates, &plans)
    guard try isAnyLeft(candidates) else { return nil }
    func write(_ repaired: [Repaired?]?) throws -> ComparisonOutcome? {
      guard let evaluated else { return nil }
      phases.begin(.write)
      return try session.alone("writing") { [candidates, plans, measured] in
        let outcome = ComparisonOutcome(
          candidates, plans, evaluated, repaired: repaired, criteria: measured, base, model: source.digests)
        try ComparisonFiles(outcome).write()
        return outcome
      }
    }
    var repaired: [Repaired?]?
    if configuration.comparison?.repairs == true {
      // These may take much longer than all so far.
      _ = try write(nil)
      repaired = try repair(plans, bench, configuration, checkpointOfEvaluation)
      try drop(repaired?.map { $0?.score }, of: "repaired", &candidates, &plans)
      guard try isAnyLeft(candidates) else { return nil }
    }
    guard let ranks = try usage.gather(on: session), let table else { return nil }
    phases.begin(.digest)
    let data = try session.alone("reading the data for their hashes") {
      try configuration.dataFiles().map { try $0.digest() }
    }
    guard let outcome = try write(repaired) else { return nil }
    phases.end()
    checkpoint.removeOthers(besides: checkpointOfEvaluation)
    var record = RunRecord(
      base, data, phases.seconds, ranks, transport: world.transport, backend: search.backend.description, table: table)
    record.comparison = outcome.times
    return Found(outcome: outcome, record: record)
  }

  /// Whether any combination has not come to nothing.
  /// - Throws: at rank 0 the first failure where all have.
  private func isAnyLeft(_ candidates: ComparisonCandidates) throws -> Bool {
    if world.rank == 0, let failure = candidates.failureOfAll { throw failure }
    return candidates.all.contains(where: \.isRun)
  }

  /// Measures by a criterion and makes all plans that go by it.
  /// - Returns: at rank 0 the sensitivities, `nil` elsewhere and where there are none; and what measuring took.
  private func plan(
    _ criterion: Int, _ bench: Bench, _ candidates: inout ComparisonCandidates, _ plans: inout [Plan?],
    _ usage: inout RankUsage
  ) throws -> (table: SensitivityTable?, seconds: Double) {
    let configuration = candidates.configuration
    let sensitivity = configuration.comparedSensitivities[criterion]
    let own = candidates.all.indices.filter { candidates.all[$0].combination.criterion == criterion }
    let watch = ContinuousClock()
    let phases = bench.session.phases
    phases.subject = configuration.label(of: sensitivity)
    defer { phases.subject = nil }
    var measurement: SensitivityMeasurement?
    var seconds: Double?
    for index in own where candidates.all[index].isRun {
      guard let asked = candidates.all[index].configuration else { continue }
      var preparation = try bench.base.changed(to: asked, isSolving: world.rank == 0)
      var steps = SearchSteps(preparation.analysis, asked, bench.quantization)
      if seconds == nil {
        let start = watch.now
        let inputs = try search.pluginInputs(for: &preparation, bench.session, bench.source, bench.checkpoint, &usage)
        func measure() throws {
          measurement = try search.measurement(
            of: &preparation, step: 1, steps, isLast: false, bench.session, bench.source, bench.checkpoint, &usage,
            inputs: inputs)
        }
        let isOfOneRank = inputs != nil || sensitivity.method.isOfWeights
        if let failure = try isOfOneRank ? settle(measure) : settleFailure(measure) {
          candidates.fail(own, failure.error)
          break
        }
        seconds = (watch.now - start) / .seconds(1)
      }
      let start = watch.now
      let failure = try solve(&steps, measurement, &preparation, bench, &usage)
      if let failure {
        candidates.fail([index], failure.error)
      } else {
        plans[index] = Plan(
          removed: steps.removed,
          ratios: try steps.result?.ratios(preparation.analysis, model: bench.source.digests),
          seconds: (watch.now - start) / .seconds(1))
      }
    }
    return (measurement?.table, seconds ?? 0)
  }

  /// Makes one plan; further steps measure anew what is left.
  /// - Parameter measurement: what the first step goes by; at rank 0.
  /// - Returns: why there is none, on every rank; `nil` where there is one.
  private func solve(
    _ steps: inout SearchSteps, _ measurement: SensitivityMeasurement?, _ preparation: inout Preparation,
    _ bench: Bench, _ usage: inout RankUsage
  ) throws -> Failure? {
    let session = bench.session
    let configuration = preparation.configuration
    let solver = ExternalSolver(
      configuration, outputDirectory: configuration.outputDirectory.path, stop: search.options.stop,
      isShared: world.size == 1, logger: search.logger)
    for step in 1...configuration.solver.iterations {
      var measurement = measurement
      var scores: MeasuredAllocator?
      let missing = try settleFailure {
        if step > 1 {
          measurement = try search.measurement(
            of: &preparation, step: step, steps, isLast: false, session, bench.source, bench.checkpoint, &usage)
        }
        scores = try search.evaluate(
          preparation, session, bench.source, bench.checkpoint, measurement, steps)
      }
      if let missing { return missing }
      session.phases.begin(.solve)
      let isLast = step == configuration.solver.iterations
      let failure = try settle { [measurement, scores] in
        steps = try session.alone("solving", ending: solver?.program) { [steps] in
          var steps = steps
          try steps.solve(measurement, scores ?? solver)
          if isLast { try steps.resample() }
          return steps
        }
      }
      if let failure { return failure }
      try steps.share(on: world)
    }
    return nil
  }

  /// Why something came to nothing; only rank 0 knows what it was.
  struct Failure {
    let error: SearchError?
  }

  /// Does what only rank 0 can fail at, having done with the others all that needs them: they learn that it failed, and all
  /// go on.
  /// - Throws: what is not the network's or the configuration's fault.
  private func settle(_ body: () throws -> Void) throws -> Failure? {
    try settleFailure {
      do {
        try body()
      } catch let error as SearchError where error.kind == .configuration || error.kind == .badContent {
        // A full disk or a mistake of this program is nothing that a row could tell.
        throw CriterionFailure(error)
      }
    }
  }

  /// Does what all ranks do together; where that comes to nothing but can be left out, all go on.
  /// - Throws: what is the fault of the network or the samples themselves.
  private func settleFailure(_ body: () throws -> Void) throws -> Failure? {
    var found: SearchError?
    do {
      try body()
    } catch let failure as CriterionFailure {
      found = failure.error
    }
    let hasFailed = try world.broadcast(Int64(found == nil ? 0 : 1), from: 0) != 0
    return hasFailed ? Failure(error: found) : nil
  }
}
