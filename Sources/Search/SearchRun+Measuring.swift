import Allocation
import Configuration
import Execution
import Logging
import MessagePassing
import Sensitivity
import WorkSharing

/// What all ranks of a search do together.
extension SearchRun {
  /// What the criterion that is asked for makes of the network, at rank 0; `nil` elsewhere.
  /// - Parameters:
  ///   - step: from 1 on; expansions alone are taken in several.
  ///   - isLast: whether nothing behind it needs the weights.
  ///   - inputs: what a program is given, where that is measured already.
  /// - Throws: `CriterionFailure` where the criterion has no answer for this network, and all else can go on.
  func measurement(
    of preparation: inout Preparation, step: Int, _ steps: SearchSteps, isLast: Bool, _ session: WorkSession,
    _ source: ModelSource, _ checkpoint: SearchCheckpoint, _ usage: inout RankUsage,
    inputs: PluginMeasurement? = nil
  ) throws -> SensitivityMeasurement? {
    let method = preparation.configuration.sensitivity.method
    guard method.isExpansion else {
      if preparation.configuration.sensitivity.isOfWeights {
        let memory = try MemoryForecast(
          ofWeights: preparation, mostWorkers: try ProcessorShare.count(on: world), memoryLimit: memoryLimit)
        usage.note(memory)
        if let criterion = WeightCriterion(method) {
          return try score(
            preparation, by: criterion, session, checkpoint, model: source.digests, workers: memory.workers)
        }
      }
      if let criterion = ActivationCriterion(method) {
        return try observe(preparation, by: criterion, session, source, checkpoint, &usage)
      }
      if let criterion = LayerwiseCriterion(preparation.configuration.sensitivity) {
        return try judge(preparation, by: criterion, session, source, checkpoint, &usage)
      }
      if let plugin = preparation.configuration.sensitivity.plugin,
        let inputs = try inputs ?? pluginInputs(for: &preparation, session, source, checkpoint, &usage)
      {
        return try ask(plugin, inputs, preparation, session, source)
      }
      return try ablate(&preparation, session, source, checkpoint, &usage)
    }
    let work = try plan(&preparation, without: steps.removed, isLast: isLast, session)
    usage.note(work.forecast)
    if step == 1 { try tell(work, preparation) }
    let basis = MeasurementBasis(
      ofTables: preparation, model: source.digests, executor: backend.description, without: steps.removed)
    return try measure(preparation, work, session, checkpoint, basis)
  }

  /// The tables of all shards, added up at rank 0; `nil` elsewhere.
  func measure(
    _ preparation: Preparation, _ work: WorkPlan, _ session: WorkSession, _ checkpoint: SearchCheckpoint,
    _ basis: MeasurementBasis
  ) throws -> SensitivityMeasurement? {
    let measurement = ShardMeasurement(preparation, work.program)
    let pool = WorkerPool(count: work.batchCount) { try measurement.makeExecutor() }
    let batch = preparation.plan.batches[0].count
    let perShard = preparation.plan.shards[0].count * batch
    func report(_ work: WorkProgress) {
      let found = work.restored * perShard
      session.phases.advance(to: work.units * batch + found, found: found)
    }
    var collector = MeasurementCollector(
      preparation.layout, preparation.criterion, rows: preparation.rows, preparation.plan)
    var shard = 0
    try checkpoint.readSamples(on: session, workers: work.workerCount, isNeeded: false)
    session.phases.begin(.measure, total: preparation.plan.batches.last?.upperBound, unit: "sample")
    try work.serving {
      try session.perform(
        "shard", preparation.plan.shards.count, length: measurement.packedCount,
        stored: world.rank == 0 ? try checkpoint.tables(basis) : nil, by: pool, beside: work.stage, progress: report
      ) { shard, executor, pulse in
        try measurement.packedTable(of: shard, on: executor, pulse)
      } combine: { packed in
        // The last numbers are the digest of the samples.
        guard let digest = PieceKey(packed: packed.suffix(PieceKey.packedCount)),
          collector.add(packed.dropLast(PieceKey.packedCount))
        else { throw SearchError(.program, file: preparation.configuration.file, "a rank sent a table that is none") }
        checkpoint.note(digest, of: shard)
        shard += 1
      }
    }
    guard world.rank == 0 else { return nil }
    do {
      return try session.alone("adding up") {
        [
          collector, hasClasses = preparation.hasClasses, settings = preparation.configuration.sensitivity,
          structure = preparation.structure
        ] in
        let whole = try collector.measurement(hasClasses: hasClasses)
        guard settings.method == .influence else { return whole }
        return try whole.influence(settings, structure)
      }
    } catch let error as SensitivityError {
      throw CriterionFailure(SearchError(.badContent, file: preparation.configuration.model.path, "\(error)"))
    }
  }
}

extension SearchRun {
  /// How groups of ranks hold the network's stages; `nil` where every rank holds the whole network.
  var stages: SearchStages? { SearchStages(grid, backend) }

  /// Compiles what this rank measures with.
  /// - Parameter isLast: whether nothing else needs the weights.
  func plan(
    _ preparation: inout Preparation, without removed: [[Int]], isLast: Bool, _ session: WorkSession
  ) throws -> WorkPlan {
    session.phases.begin(.compile)
    var mostWorkers = min(try ProcessorShare.count(on: world), preparation.plan.shards.count)
    guard let stages else {
      let work = try WorkPlan(
        preparation, without: removed, backend, ranks: world.rank == 0 ? world.size : 0, mostWorkers: mostWorkers,
        memoryLimit: memoryLimit)
      if isLast { preparation.releaseWeights() }
      return work
    }
    // What the first stage has under way lies at all later ones.
    mostWorkers = Int(try world.allReduce(Int64(mostWorkers), .min))
    do {
      let package = try stages.package(&preparation, without: removed, isLast: isLast, on: world)
      return try WorkPlan(
        preparation, stage: package, of: stages.grid, rank: world.rank, stages.backend, mostWorkers: mostWorkers,
        memoryLimit: memoryLimit)
    } catch let error as ExecutionError {
      throw SearchError(error, in: preparation.configuration)
    }
  }

  /// Says what memory the work takes.
  private func tell(_ work: WorkPlan, _ preparation: Preparation) throws {
    func memory(_ bytes: Int) -> String { "\(MemoryForecast.mebibytes(bytes)) MiB" }
    let workers = "\(work.workerCount) \(work.workerCount == 1 ? "worker" : "workers")"
    guard let stages else {
      logger.info(
        "samples per run: \(preparation.runSize), memory of rank 0: \(memory(work.forecast.bytes)) with \(workers)")
      return
    }
    guard let bytes = try world.gather([Int64(work.forecast.bytes)], at: 0) else { return }
    let group = bytes.prefix(stages.grid.layers).map { memory(Int($0[0])) }.joined(separator: ", ")
    logger.info(
      "samples per run: \(preparation.runSize), grid \(stages.grid), memory of the ranks of the first network: \(group), rank 0 with \(workers) and \(work.batchCount) batches under way"
    )
  }

  /// What layers lose in fewer bits, measured on all ranks; `nil` unless the search chooses bits, and at other ranks.
  func chooseFrom(
    _ preparation: Preparation, _ source: ModelSource, _ session: WorkSession, _ checkpoint: SearchCheckpoint
  ) throws -> QuantizationTable? {
    let widths = preparation.configuration.bits.search.filter { $0 <= QuantizationTable.largestWidth }
    guard !widths.isEmpty else { return nil }
    let measurement = QuantizationMeasurement(
      evaluation: try evaluation(preparation, source, session, checkpoint), structure: preparation.structure)
    return try measurement.table(widths: widths, layers: preparation.analysis.layersOfChosenBits)
  }

  /// The scores of pruned layers, measured on all ranks; `nil` for other solvers than `measured`, and at other ranks.
  func evaluate(
    _ preparation: Preparation, _ session: WorkSession, _ source: ModelSource, _ checkpoint: SearchCheckpoint,
    _ measurement: SensitivityMeasurement?, _ steps: SearchSteps
  ) throws -> MeasuredAllocator? {
    guard preparation.configuration.solver.method == .measured else { return nil }
    let scores = MeasuredScores(
      evaluation: try evaluation(preparation, source, session, checkpoint), structure: preparation.structure,
      logger: logger, outlivesFailures: outlivesCriteria)
    let request = try measurement.map { measurement in
      let data = try session.alone("reading the data for their hashes") { [preparation] in
        try preparation.configuration.calibrationFiles().map { try $0.digest() }
      }
      return MeasuredScores.Request(
        problem: try steps.problem(measurement.table.groups),
        basis: EvaluationBasis(
          preparation.configuration, model: source.digests, data: data,
          samples: scores.evaluation.subject.data.sampleCount,
          runSize: preparation.runSize),
        path: preparation.configuration.outputDirectory.path + "/" + EvaluationScores.fileName)
    }
    do {
      return try scores.measure(request)
    } catch let error as AllocationError {
      throw SearchError(error, in: preparation.configuration)
    }
  }

  /// What evaluates changed networks.
  /// - Parameter checkpoint: of the samples of the section.
  func evaluation(
    _ preparation: Preparation, _ source: ModelSource, _ session: WorkSession, _ checkpoint: SearchCheckpoint,
    on section: CalibrationData.Section = .calibration
  ) throws -> VariantEvaluation {
    let subject = VariantSubject(
      configuration: preparation.configuration, backend: backend,
      network: try preparation.execution(without: []).request.network,
      data: try CalibrationData(preparation.configuration, section))
    let memory = try EvaluationMemory(
      evaluating: subject, preparation, mostWorkers: try ProcessorShare.count(on: world), memoryLimit: memoryLimit)
    return VariantEvaluation(
      session: session, memory: memory, subject: subject,
      stored: (checkpoint, MeasurementBasis(of: subject, model: source.digests)))
  }
}
