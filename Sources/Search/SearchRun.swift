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
  private let grid: RankGrid?
  private let applies: Bool
  private let logger: Logger
  private let progress: @Sendable (SearchProgress) -> Void

  /// A search on the ranks of `world`.
  ///
  /// - Parameters:
  ///   - options: how work is shared, and what ends the run before it is done.
  ///   - memoryLimit: the most bytes that each rank may hold until the plan is made, or `nil`. It changes no result.
  ///   - grid: how groups of ranks hold the network's stages; `nil` where every rank holds the whole network. It changes no
  ///     result.
  ///   - applies: whether the pruned model is made too, certified, repaired and evaluated; not with stages.
  ///   - progress: called at rank 0, from any thread, as work gets done.
  public init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat,
    options: WorkSession.Options = WorkSession.Options(), memoryLimit: Int? = nil, grid: RankGrid? = nil,
    applies: Bool = false, logger: Logger,
    progress: @escaping @Sendable (SearchProgress) -> Void
  ) {
    self.world = world
    self.options = options
    self.backend = backend
    self.format = format
    self.memoryLimit = memoryLimit
    self.grid = grid
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
    try grid?.check(on: world, applies: applies)
    if stages != nil { SearchStages.returnLargeBlocks() }
    var clock = PhaseClock()
    let session = try WorkSession(on: world, options: options, logger: logger)
    var (preparation, source) = try prepare(path, changes, session)
    if !applies { source = ModelSource(message: [], digests: source.digests) }
    clock.end(of: "prepare")
    try ExecutorAgreement.check(backend, on: world)
    try tellPlacement()
    // Handed over whole: its weights are given up in there.
    guard world.rank == 0 else {
      _ = try search(consume preparation, source, session, clock)
      return nil
    }
    let lock = try OutputLock(preparation.configuration.outputDirectory.path)
    defer { withExtendedLifetime(lock) {} }
    var journal = try RunJournal(
      beginning: RunAttempt(
        hosts: session.hosts, schedule: options.schedule.rawValue, grid: grid?.description),
      of: preparation.configuration, model: source.digests, in: preparation.configuration.outputDirectory.path)
    do {
      let found = try search(consume preparation, source, session, clock)
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
    _ prepared: consuming Preparation, _ source: ModelSource, _ session: WorkSession, _ clock: PhaseClock
  ) throws -> Found? {
    var preparation = consume prepared
    var clock = clock
    let files = ResultFiles(in: preparation.configuration.outputDirectory.path)
    let checkpoint = SearchCheckpoint(files.checkpoint, preparation.plan, preparation.data)
    // What does not fit the limit is told before hours of work.
    if memoryLimit != nil, preparation.configuration.solver.method == .measured {
      _ = try evaluation(preparation, source, session, checkpoint)
    }
    let quantization = try chooseFrom(preparation, source, session, checkpoint, &clock)

    let configuration = preparation.configuration
    var steps = SearchSteps(preparation.analysis, configuration, quantization)
    var usage = RankUsage()
    for step in 1...configuration.solver.iterations {
      let isLast = step == configuration.solver.iterations && configuration.solver.method != .measured
      let work = try plan(&preparation, without: steps.removed, isLast: isLast)
      clock.end(of: "compile")
      usage.note(work)
      if step == 1 { try tell(work, preparation) }
      let basis = MeasurementBasis(
        ofTables: preparation, model: source.digests, executor: backend.description, without: steps.removed)
      let measurement = try measure(preparation, work, session, checkpoint, basis)
      clock.end(of: "measure")
      let scores = try evaluate(preparation, session, source, checkpoint, measurement, steps, &clock)
      steps = try session.alone("solving") { [steps] in
        var steps = steps
        try steps.solve(measurement, scores)
        return steps
      }
      clock.end(of: "solve")
      if step < configuration.solver.iterations { try steps.share(on: world) }
    }

    let ranks = try usage.gather(on: session)
    guard let ranks, let found = steps.result else {
      if applies { _ = try apply(nil, source, preparation, session) }
      return nil
    }
    let result = try session.alone("resampling") { [steps] in
      var result = found
      try result.resample(steps, configuration)
      return result
    }
    clock.end(of: "resample")

    // Read before anything is written: a file that has vanished must not leave a result without its record.
    let data = try session.alone("reading the data for their hashes") { [paths = preparation.dataPaths] in
      try paths.map { try FileDigest(reading: $0) }
    }
    clock.end(of: "digest")

    var ratios = try result.ratios(preparation.analysis, model: source.digests)
    PrunedModelFiles.removeEarlier(SearchRun.prunedModel(configuration))
    try session.alone("writing") { [ratios, structure = preparation.structure] in
      try files.write(ratios, result.first, quantization, structure)
    }
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

  /// What rank 0 has read.
  private struct Read {
    let text: [UInt8]
    let preparation: Preparation
    let digests: [FileDigest]
    /// The model as other ranks are sent it; nothing where they get stages.
    let message: [UInt8]
    let outline: NetworkOutline?
  }

  /// Reads and checks all that can be wrong before anything is computed.
  private func read(_ path: String, _ changes: [ConfigurationChange]) throws -> Read {
    let text = try SearchRun.text(of: path, changes)
    let configuration = try SearchConfiguration(parsing: text, file: path)
    let source = try format.read(configuration.model.path)
    let digests = source.digests
    // Where no rank is sent the model it is given up as soon as it is read.
    let message = stages == nil ? source.message : []
    let preparation = try Preparation(configuration, model: (consume source).message, format, isSolving: true)
    let outline = try stages.map { try $0.outline(of: preparation) }
    try ResultFiles(in: configuration.outputDirectory.path).prepareDirectory(for: ResultFiles.names)
    // A pruned model of an earlier search goes, so that none stands beside ratios that are not its own.
    let folder = configuration.model.path.lastIndex(of: "/").map { String(configuration.model.path[...$0]) } ?? ""
    try PrunedModelFiles.checkOutput(
      SearchRun.prunedModel(configuration),
      besides: [path, configuration.model.path] + digests.dropFirst().map { folder + $0.path })
    // Opened now: a file that is missing is told before hours of work.
    if applies { _ = try CalibrationData(configuration, .evaluation) }
    return Read(text: text, preparation: preparation, digests: digests, message: message, outline: outline)
  }

  /// Reads and checks at rank 0, then sends: a wrong file is found once, before any other rank has begun.
  private func prepare(
    _ path: String, _ changes: [ConfigurationChange], _ session: WorkSession
  ) throws -> (Preparation, ModelSource) {
    if world.rank == 0 {
      let found = try session.alone("reading the model") { try read(path, changes) }
      let preparation = found.preparation
      if let machine = preparation.analysis.latency?.machine { logger.info("latencies of: \(machine)") }
      logger.info(
        "layers: \(preparation.structure.layers.count), batches: \(preparation.plan.batches.count), shards: \(preparation.plan.shards.count), ranks: \(world.size)"
      )
      var (name, bytes, message) = (Array(path.utf8), found.text, found.message)
      try world.broadcast(&name, from: 0)
      try world.broadcast(&bytes, from: 0)
      if let outline = found.outline {
        _ = try NetworkOutline(outline, on: world)
        return (preparation, ModelSource(message: [], digests: found.digests))
      }
      try world.broadcast(&message, from: 0)
      return (preparation, ModelSource(message: message, digests: found.digests))
    }
    var (name, bytes, message): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
    try world.broadcast(&name, from: 0)
    try world.broadcast(&bytes, from: 0)
    if stages != nil {
      let outline = try NetworkOutline(nil, on: world)
      let configuration = try SearchConfiguration(parsing: bytes, file: String(decoding: name, as: UTF8.self))
      return (try Preparation(configuration, outline), ModelSource(message: [], digests: []))
    }
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
    let pool = WorkerPool(count: work.batchCount) { try measurement.makeExecutor() }
    let total = preparation.plan.batches.count
    let perShard = preparation.plan.shards[0].count
    func report(_ done: Int, _ restored: Int) {
      progress(SearchProgress(done: min(done + restored * perShard, total), total: total))
    }
    var collector = MeasurementCollector(
      preparation.layout, preparation.criterion, rows: preparation.rows, preparation.plan)
    var shard = 0
    try checkpoint.readSamples(on: session, workers: work.workerCount, isNeeded: false)
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
      return try session.alone("adding up") { [collector, hasClasses = preparation.hasClasses] in
        try collector.measurement(hasClasses: hasClasses)
      }
    } catch let error as SensitivityError {
      throw SearchError(.badContent, file: preparation.configuration.model.path, "\(error)")
    }
  }
}

extension SearchRun {
  /// How groups of ranks hold the network's stages; `nil` where every rank holds the whole network.
  private var stages: SearchStages? { SearchStages(grid, backend) }

  /// Compiles what this rank measures with.
  /// - Parameter isLast: whether nothing else needs the weights.
  private func plan(
    _ preparation: inout Preparation, without removed: [[Int]], isLast: Bool
  ) throws -> WorkPlan {
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
      let paths = try CalibrationData(preparation.configuration).paths
      let data = try session.alone("reading the data for their hashes") {
        try paths.map { try FileDigest(reading: $0) }
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
      subject, weightBytes: preparation.weightBytes, mostWorkers: try ProcessorShare.count(on: world),
      memoryLimit: memoryLimit)
    return VariantEvaluation(
      session: session, memory: memory, subject: subject,
      stored: (checkpoint, MeasurementBasis(of: subject, model: source.digests)))
  }

  private func report(_ done: Int, _ total: Int) {
    progress(SearchProgress(done: done, total: total, unit: .evaluation))
  }
}
