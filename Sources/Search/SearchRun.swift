import Allocation
import Channels
public import Configuration
public import Execution
public import Logging
public import MessagePassing
import Sensitivity
public import WorkSharing

/// One search, from a configuration file to the result files.
///
/// Rank 0 reads configuration and model and sends them; every rank measures its own shards; rank 0 adds the tables in
/// shard order, solves and writes. Nothing flows back, and no rank holds what another needs.
public struct SearchRun {
  private let world: any Communicator
  private let options: WorkSession.Options
  private let backend: any ExecutionBackend
  private let format: any ModelFormat
  private let memoryLimit: Int?
  private let applies: Bool
  private let logger: Logger
  private let progress: @Sendable (SearchProgress) -> Void

  /// A search on the ranks of `world`.
  ///
  /// - Parameters:
  ///   - options: how work is shared, and what ends the run before it is done.
  ///   - memoryLimit: the most bytes that each rank may hold until the plan is made, or `nil`. It changes no result.
  ///   - applies: whether the pruned model is made too, certified, repaired and evaluated.
  ///   - progress: called at rank 0, from any thread, as work gets done.
  public init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat,
    options: WorkSession.Options = WorkSession.Options(), memoryLimit: Int? = nil, applies: Bool = false,
    logger: Logger,
    progress: @escaping @Sendable (SearchProgress) -> Void
  ) {
    self.world = world
    self.options = options
    self.backend = backend
    self.format = format
    self.memoryLimit = memoryLimit
    self.applies = applies
    self.logger = logger
    self.progress = progress
  }

  /// Runs the search.
  ///
  /// - Parameters:
  ///   - path: the configuration file; only rank 0 opens it.
  ///   - changes: made to the configuration before it is read.
  /// - Returns: the outcome at rank 0, `nil` elsewhere.
  /// - Throws: what is wrong with configuration, model, data, target or output, at the rank that found it; for all but
  ///   unreadable data files that is rank 0, before anything is computed.
  public func execute(_ path: String, changes: [ConfigurationChange] = []) throws -> SearchOutcome? {
    var clock = PhaseClock()
    var (preparation, source) = try prepare(path, changes)
    if !applies { source = ModelSource(message: [], digests: source.digests) }
    clock.end(of: "prepare")
    try ExecutorAgreement.check(backend, on: world)
    try tellPlacement()
    let session = try WorkSession(on: world, options: options, logger: logger)
    guard world.rank == 0 else {
      _ = try search(preparation, source, session, clock)
      return nil
    }
    let lock = try OutputLock(preparation.configuration.outputDirectory.path)
    defer { withExtendedLifetime(lock) {} }
    var journal = try RunJournal(
      beginning: RunAttempt(hosts: session.hosts, schedule: options.schedule.rawValue), of: preparation.configuration,
      model: source.digests, in: preparation.configuration.outputDirectory.path)
    do {
      let found = try search(preparation, source, session, clock)
      if let found {
        try journal.complete(
          found.record, outputs: found.files, pieces: (session.usage.restored, session.usage.received))
      }
      return found?.outcome
    } catch {
      journal.end(
        error is Interruption ? .stopped : .failed, reason: "\(error)",
        pieces: (session.usage.restored, session.usage.received))
      throw error
    }
  }

  /// What a search has found and written; the record comes last.
  private struct Found {
    let outcome: SearchOutcome
    let record: RunRecord
    /// The names of all files of the result.
    let files: [String]
  }

  /// The search, at rank 0 between the first and the last writing of its record.
  /// - Returns: what was found at rank 0, `nil` elsewhere.
  private func search(
    _ preparation: Preparation, _ source: ModelSource, _ session: WorkSession, _ clock: PhaseClock
  ) throws -> Found? {
    var (preparation, clock) = (preparation, clock)
    let files = ResultFiles(in: preparation.configuration.outputDirectory.path)
    let checkpoint = SearchCheckpoint(files.checkpoint, preparation.plan, preparation.data)
    let quantization = try chooseFrom(preparation, source, session, checkpoint, &clock)

    let configuration = preparation.configuration
    var steps = SearchSteps(preparation.analysis, configuration, quantization)
    var usage = RankUsage()
    for step in 1...configuration.solver.iterations {
      let work = try WorkPlan(
        preparation, without: steps.removed, backend, ranks: world.rank == 0 ? world.size : 0,
        mostWorkers: min(try ProcessorShare.count(on: world), preparation.plan.shards.count), memoryLimit: memoryLimit)
      if step == configuration.solver.iterations, configuration.solver.method != .measured {
        preparation.releaseWeights()
      }
      clock.end(of: "compile")
      usage.note(work)
      if step == 1 {
        logger.info(
          "samples per run: \(preparation.runSize), memory of rank 0: \(MemoryForecast.mebibytes(work.forecast.bytes)) MiB with \(work.workerCount) \(work.workerCount == 1 ? "worker" : "workers")"
        )
      }
      let basis = MeasurementBasis(
        ofTables: preparation, model: source.digests, executor: backend.description, without: steps.removed)
      let measurement = try measure(preparation, work, session, checkpoint, basis)
      clock.end(of: "measure")
      let scores = try evaluate(preparation, session, source, checkpoint, measurement, steps, &clock)
      try session.alone("solving") { try steps.solve(measurement, scores) }
      clock.end(of: "solve")
      if step < configuration.solver.iterations { try steps.share(on: world) }
    }

    let ranks = try usage.gather(on: session)
    guard let ranks, var result = steps.result else {
      if applies { _ = try apply(nil, source, preparation, session) }
      return nil
    }
    try session.alone("resampling") { try result.resample(steps, configuration) }
    clock.end(of: "resample")

    // Read before anything is written: a file that has vanished must not leave a result without its record.
    let data = try session.alone("reading the data for their hashes") {
      try preparation.dataPaths.map { try FileDigest(reading: $0) }
    }
    clock.end(of: "digest")

    var ratios = try result.ratios(preparation.analysis, model: source.digests)
    PrunedModelFiles.removeEarlier(SearchRun.prunedModel(configuration))
    try files.write(ratios, result.first, quantization, preparation.structure)
    clock.end(of: "write")
    var pruning: PruningOutcome?
    if applies {
      pruning = try apply(result.solution.plan, source, preparation, session)
      ratios.measuredLossChange = pruning?.measuredLossChange
      ratios.finalLossChange = pruning?.finalLossChange
      try files.write(ratios)
      clock.end(of: "apply")
    }
    let table = result.first.table
    let record = RunRecord(
      preparation, data, clock, ranks, transport: world.transport, backend: backend.description, table: table)
    checkpoint.removeOthers()
    let names = ResultFiles.names(configuration, hasRows: preparation.rows != nil)
    let outcome = SearchOutcome(
      ratios: ratios, pruning: pruning, meanLoss: table.meanLoss, accuracy: table.accuracy,
      sampleCount: table.sampleCount, files: names + [RunJournal.fileName], directory: files.directory)
    return Found(outcome: outcome, record: record, files: names + (pruning?.files ?? []))
  }

  /// Reads and checks at rank 0, then sends: a wrong file is found once, before any other rank has begun.
  private func prepare(_ path: String, _ changes: [ConfigurationChange]) throws -> (Preparation, ModelSource) {
    if world.rank == 0 {
      let text = try SearchRun.text(of: path, changes)
      let configuration = try SearchConfiguration(parsing: text, file: path)
      let source = try format.read(configuration.model.path)
      let preparation = try Preparation(configuration, model: source.message, format, isSolving: true)
      try ResultFiles(in: configuration.outputDirectory.path).prepareDirectory(for: ResultFiles.names)
      // A pruned model of an earlier search goes, so that none stands beside ratios that are not its own.
      let folder = configuration.model.path.lastIndex(of: "/").map { String(configuration.model.path[...$0]) } ?? ""
      try PrunedModelFiles.checkOutput(
        SearchRun.prunedModel(configuration),
        besides: [path, configuration.model.path] + source.digests.dropFirst().map { folder + $0.path })
      // Opened now: a file that is missing is told before hours of work.
      if applies { _ = try CalibrationData(configuration, .evaluation) }
      if let machine = preparation.analysis.latency?.machine { logger.info("latencies of: \(machine)") }
      logger.info(
        "layers: \(preparation.structure.layers.count), batches: \(preparation.plan.batches.count), shards: \(preparation.plan.shards.count), ranks: \(world.size)"
      )
      var (name, bytes, message) = (Array(path.utf8), text, source.message)
      try world.broadcast(&name, from: 0)
      try world.broadcast(&bytes, from: 0)
      try world.broadcast(&message, from: 0)
      return (preparation, source)
    }
    var (name, bytes, message): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
    try world.broadcast(&name, from: 0)
    try world.broadcast(&bytes, from: 0)
    try world.broadcast(&message, from: 0)
    let configuration = try SearchConfiguration(parsing: bytes, file: String(decoding: name, as: UTF8.self))
    return (
      try Preparation(configuration, model: message, format, isSolving: false),
      ModelSource(message: message, digests: [])
    )
  }

  /// Says how ranks and threads lie on hosts, and what is wrong with it.
  private func tellPlacement() throws {
    let placement = try RankPlacement(on: world)
    guard world.rank == 0 else { return }
    logger.info("\(placement.text)")
    for warning in placement.warnings { logger.warning("\(warning)") }
  }

  /// Where the pruned model of a search goes.
  private static func prunedModel(_ configuration: SearchConfiguration) -> String {
    configuration.outputDirectory.path + "/pruned.onnx"
  }

  /// Makes what the plan says; only rank 0 has one, all take part.
  private func apply(
    _ plan: AllocationPlan?, _ source: ModelSource, _ preparation: Preparation, _ session: WorkSession
  ) throws -> PruningOutcome? {
    let configuration = preparation.configuration
    let stage = PruningStage(
      session: session, backend: backend, format: format, logger: logger,
      workerCount: try ProcessorShare.count(on: world),
      path: configuration.model.path, message: source.message, digests: source.digests, configuration: configuration,
      repair: configuration.repair, sampleShapes: try CalibrationData(configuration).sampleShapes,
      settings: configuration.apply)
    let request = plan.map { plan in
      PruningStage.Request(removed: plan.choices.map { Set($0.removed) }, gathering: [])
    }
    return try stage.run(request, output: SearchRun.prunedModel(configuration))
  }

  /// A configuration that is larger is no configuration.
  static let configurationSizeLimit = TextLimits.jsonBytes

  /// What all ranks measure, at rank 0; `nil` elsewhere.
  private func measure(
    _ preparation: Preparation, _ work: WorkPlan, _ session: WorkSession, _ checkpoint: SearchCheckpoint,
    _ basis: MeasurementBasis
  ) throws -> SensitivityMeasurement? {
    let measurement = ShardMeasurement(preparation, work.program)
    let pool = WorkerPool(count: work.workerCount) { try measurement.makeExecutor() }
    let total = preparation.plan.batches.count
    let perShard = preparation.plan.shards[0].count
    func report(_ done: Int, _ restored: Int) {
      progress(SearchProgress(done: min(done + restored * perShard, total), total: total))
    }
    var collector = MeasurementCollector(
      preparation.layout, preparation.criterion, rows: preparation.rows, preparation.plan)
    var shard = 0
    try checkpoint.readSamples(on: session, workers: work.workerCount, isNeeded: false)
    try session.perform(
      "shard", preparation.plan.shards.count, length: measurement.packedCount,
      stored: world.rank == 0 ? try checkpoint.tables(basis) : nil, by: pool, progress: report
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
    guard world.rank == 0 else { return nil }
    do {
      return try collector.measurement(hasClasses: preparation.hasClasses)
    } catch let error as SensitivityError {
      throw SearchError(.badContent, file: preparation.configuration.model.path, "\(error)")
    }
  }
}

extension SearchRun {
  /// What layers lose in fewer bits, measured on all ranks; `nil` unless the search chooses bits, and at other ranks.
  private func chooseFrom(
    _ preparation: Preparation, _ source: ModelSource, _ session: WorkSession, _ checkpoint: SearchCheckpoint,
    _ clock: inout PhaseClock
  ) throws -> QuantizationTable? {
    let widths = preparation.configuration.bits.search.filter { $0 <= QuantizationTable.largestWidth }
    guard !widths.isEmpty else { return nil }
    let measurement = QuantizationMeasurement(
      evaluation: try evaluation(preparation, source, session, checkpoint), structure: preparation.structure,
      progress: report)
    let table = try measurement.table(widths: widths, layers: preparation.analysis.layersOfChosenBits)
    clock.end(of: "bits")
    return table
  }

  /// The scores of pruned layers, measured on all ranks; `nil` for other solvers than `measured`, and at other ranks.
  private func evaluate(
    _ preparation: Preparation, _ session: WorkSession, _ source: ModelSource, _ checkpoint: SearchCheckpoint,
    _ measurement: SensitivityMeasurement?, _ steps: SearchSteps, _ clock: inout PhaseClock
  ) throws -> MeasuredAllocator? {
    guard preparation.configuration.solver.method == .measured else { return nil }
    let scores = MeasuredScores(
      evaluation: try evaluation(preparation, source, session, checkpoint), structure: preparation.structure,
      logger: logger,
      progress: report)
    let request = try measurement.map { measurement in
      let data = try session.alone("reading the data for their hashes") {
        try CalibrationData(preparation.configuration).paths.map { try FileDigest(reading: $0) }
      }
      return MeasuredScores.Request(
        problem: try steps.problem(measurement.table.groups),
        basis: EvaluationBasis(
          preparation.configuration, model: source.digests, data: data, samples: measurement.table.sampleCount,
          runSize: preparation.runSize),
        path: preparation.configuration.outputDirectory.path + "/" + EvaluationScores.fileName)
    }
    let allocator: MeasuredAllocator?
    do {
      allocator = try scores.measure(request)
    } catch let error as AllocationError {
      throw SearchError(error, in: preparation.configuration)
    }
    clock.end(of: "evaluate")
    return allocator
  }

  private func evaluation(
    _ preparation: Preparation, _ source: ModelSource, _ session: WorkSession, _ checkpoint: SearchCheckpoint
  ) throws -> VariantEvaluation {
    let subject = VariantSubject(
      configuration: preparation.configuration, backend: backend,
      network: try preparation.execution(without: []).request.network,
      data: try CalibrationData(preparation.configuration))
    let memory = try EvaluationMemory(
      subject, weightBytes: preparation.weightBytes, on: world, mostWorkers: try ProcessorShare.count(on: world),
      memoryLimit: memoryLimit)
    return VariantEvaluation(
      session: session, memory: memory, subject: subject,
      stored: (checkpoint, MeasurementBasis(of: subject, model: source.digests)))
  }

  private func report(_ done: Int, _ total: Int) {
    progress(SearchProgress(done: done, total: total, unit: .evaluation))
  }
}

/// How far the work of all ranks has come.
public struct SearchProgress: Sendable {
  /// What is counted.
  public enum Unit: String, Sendable {
    /// Batches.
    case batch
    /// Evaluations of changed networks, of all ranks.
    case evaluation
    /// Times of single layers, of all ranks.
    case measurement
  }

  /// What is done.
  public let done: Int
  /// What there is in all.
  public let total: Int
  /// What is counted.
  public let unit: Unit

  init(done: Int, total: Int, unit: Unit = .batch) {
    self.done = done
    self.total = total
    self.unit = unit
  }
}

/// What a search gave, as far as a person is shown it.
public struct SearchOutcome: Sendable {
  /// The result.
  public let ratios: RatioConfig
  /// What came of applying it; `nil` if that was not asked for.
  public let pruning: PruningOutcome?
  /// Mean loss of the calibration samples, unpruned.
  public let meanLoss: Double
  /// Share of them classified as labelled, unpruned; `nil` without class labels.
  public let accuracy: Double?
  /// Samples measured.
  public let sampleCount: Int
  /// The files written, apart from those of the pruned model.
  public let files: [String]
  /// Where they are.
  public let directory: String
}
