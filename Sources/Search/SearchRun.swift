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
  let world: any Communicator
  let options: WorkSession.Options
  let backend: any ExecutionBackend
  private let format: any ModelFormat
  let memoryLimit: Int?
  let grid: RankGrid?
  private let applies: Bool
  private let report: (any ReportFormat)?
  /// Whether more is done than what goes by one criterion: the work of all ranks on it is brought to its end before a loss
  /// that is not finite ends it.
  let outlivesCriteria: Bool
  let logger: Logger
  private let progress: @Sendable (ProgressEvent) -> Void

  /// A search on the ranks of `world`.
  ///
  /// - Parameters:
  ///   - options: how work is shared, and what ends the run before it is done.
  ///   - memoryLimit: the most bytes that each rank may hold until the plan is made, or `nil`. It changes no result.
  ///   - grid: how groups of ranks hold the network's stages; `nil` where every rank holds the whole network. It changes no
  ///     result.
  ///   - applies: whether the pruned model is made too, certified, repaired and evaluated; not with stages.
  ///   - report: what makes a page of the result; without it there is neither a page nor its curve.
  ///   - progress: called at rank 0, by the thread that runs the search, as phases begin, go on and end.
  /// - Precondition: where the grid has stages, `backend` is a `StagedBackend`.
  public init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat,
    options: WorkSession.Options = WorkSession.Options(), memoryLimit: Int? = nil, grid: RankGrid? = nil,
    applies: Bool = false, report: (any ReportFormat)? = nil, logger: Logger,
    progress: @escaping @Sendable (ProgressEvent) -> Void
  ) {
    self.init(
      on: world, backend: backend, format: format, options: options, memoryLimit: memoryLimit, grid: grid,
      applies: applies, report: report, outlivesCriteria: false, logger: logger, progress: progress)
  }

  /// The same for one part of a run that goes on without it.
  init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat, options: WorkSession.Options,
    memoryLimit: Int?, grid: RankGrid? = nil, applies: Bool = false, report: (any ReportFormat)? = nil,
    outlivesCriteria: Bool, logger: Logger, progress: @escaping @Sendable (ProgressEvent) -> Void
  ) {
    self.outlivesCriteria = outlivesCriteria
    self.world = world
    self.options = options
    self.backend = backend
    self.format = format
    self.memoryLimit = memoryLimit
    self.grid = grid
    self.applies = applies
    self.report = report
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
    let session = try session(RunPhase.prepare)
    var (preparation, source) = try prepare(path, changes, session)
    if !applies { source = ModelSource(message: [], digests: source.digests) }
    try ExecutorAgreement.check(backend, on: world)
    try tellPlacement()
    // Handed over whole: its weights are given up in there.
    guard world.rank == 0 else {
      _ = try search(consume preparation, source, session)
      return nil
    }
    let lock = try OutputLock(preparation.configuration.outputDirectory.path)
    defer { withExtendedLifetime(lock) {} }
    PluginFolder.removeLeftovers(in: preparation.configuration.outputDirectory.path)
    var journal = try RunJournal(
      beginning: RunAttempt(
        hosts: session.hosts, schedule: options.schedule.rawValue, grid: grid?.description),
      of: preparation.configuration, model: source.digests, in: preparation.configuration.outputDirectory.path)
    do {
      let found = try search(consume preparation, source, session)
      guard let found else { return nil }
      session.phases.begin(.report)
      let record = journal.finish(found.record, pieces: (session.usage.restored, session.usage.received))
      try found.report?.write(record)
      try journal.complete(record, outputs: found.files)
      session.phases.end()
      return found.outcome
    } catch {
      journal.end(
        error is Interruption ? .stopped : .failed, reason: "\(error)",
        pieces: (session.usage.restored, session.usage.received))
      throw error
    }
  }

  /// A session that tells what it is at.
  func session(_ first: RunPhase) throws -> WorkSession {
    let phases = RunPhases(telling: world.rank == 0 ? progress : nil)
    phases.begin(first)
    return try WorkSession(on: world, options: options, logger: logger, phases: phases)
  }

  /// What a search has found and written; the record comes last.
  private struct Found {
    let outcome: SearchOutcome
    let record: RunRecord
    /// The names of all files of the result.
    let files: [String]
    /// What is left to do once the record is complete.
    let report: SearchReport?
  }

  /// The search, at rank 0 between the first and the last writing of its record.
  /// - Returns: what was found at rank 0, `nil` elsewhere.
  private func search(
    _ prepared: consuming Preparation, _ source: ModelSource, _ session: WorkSession
  ) throws -> Found? {
    var preparation = consume prepared
    let phases = session.phases
    let files = ResultFiles(in: preparation.configuration.outputDirectory.path)
    let checkpoint = SearchCheckpoint(files.checkpoint, preparation.plan, preparation.data)
    // What does not fit the limit is told before hours of work.
    if memoryLimit != nil, preparation.configuration.evaluatesNetworks {
      _ = try evaluation(preparation, source, session, checkpoint)
    }
    let quantization = try chooseFrom(preparation, source, session, checkpoint)

    let configuration = preparation.configuration
    var steps = SearchSteps(preparation.analysis, configuration, quantization)
    var usage = RankUsage()
    let solver = ExternalSolver(
      configuration, outputDirectory: files.directory, stop: options.stop, isShared: world.size == 1, logger: logger)
    let stepCount = configuration.solver.iterations
    for step in 1...stepCount {
      if stepCount > 1 { phases.subject = "step \(step) of \(stepCount)" }
      let isLast = step == stepCount && configuration.solver.method != .measured
      let measurement = try CriterionFailure.ending {
        try self.measurement(
          of: &preparation, step: step, steps, isLast: isLast, session, source, checkpoint, &usage)
      }
      let scores = try CriterionFailure.ending {
        try evaluate(preparation, session, source, checkpoint, measurement, steps)
      }
      phases.begin(.solve)
      steps = try session.alone("solving", ending: solver?.program) { [steps] in
        var steps = steps
        try steps.solve(measurement, scores ?? solver)
        return steps
      }
      if step < stepCount { try steps.share(on: world) }
    }
    phases.subject = nil

    let ranks = try usage.gather(on: session)
    if configuration.sensitivity.bootstrap > 0 { phases.begin(.resample) }
    steps = try session.alone("resampling") { [steps] in
      var steps = steps
      try steps.resample()
      return steps
    }
    guard let ranks, let result = steps.result else {
      if applies { _ = try apply(nil, source, preparation, session) }
      return nil
    }

    if report != nil { phases.begin(.curve) }
    let curve = try report.map { _ in
      try session.alone("drawing the curve") { [preparation] in
        try SearchReport.curve(preparation, result, quantization)
      }
    }

    phases.begin(.digest)
    // Read before anything is written: a file that has vanished must not leave a result without its record.
    let data = try session.alone("reading the data for their hashes") {
      try configuration.dataFiles().map { try $0.digest() }
    }

    phases.begin(.write)
    var ratios = try result.ratios(preparation.analysis, model: source.digests)
    PrunedModelFiles.removeEarlier(SearchRun.prunedModel(configuration))
    try session.alone("writing") { [ratios, structure = preparation.structure] in
      try files.write(ratios, result.first, quantization, structure)
      if case .drawn(let frontier)? = curve { try frontier.write(to: files.directory + "/" + StoredFrontier.fileName) }
    }
    var pruning: PruningOutcome?
    if applies {
      pruning = try phases.recorded(as: "apply") {
        let pruning = try apply(result.solution.plan, source, preparation, session)
        ratios.measuredLossChange = pruning?.measuredLossChange
        ratios.finalLossChange = pruning?.finalLossChange
        try files.write(ratios)
        return pruning
      }
    }
    phases.end()
    let table = result.first.table
    var record = RunRecord(
      preparation, data, phases.seconds, ranks, transport: world.transport, backend: backend.description, table: table)
    record.feasible = ratios.layers.map { ($0.name, $0.feasible) }
    checkpoint.removeOthers()
    let names = ResultFiles.names(
      configuration, hasRows: preparation.keepsRows, hasCurve: curve?.isDrawn ?? false, hasReport: report != nil)
    let outcome = SearchOutcome(
      ratios: ratios, pruning: pruning, unit: configuration.predictionUnit, meanLoss: table.meanLoss,
      accuracy: table.accuracy,
      sampleCount: table.sampleCount, files: names + [RunJournal.fileName], directory: files.directory)
    let page = report.flatMap { format in
      curve.map { SearchReport(format, preparation.analysis, configuration, ratios, result.first, $0, files.directory) }
    }
    return Found(outcome: outcome, record: record, files: names + (pruning?.files ?? []), report: page)
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
    let text = try SearchRun.text(of: path, changes) {
      try SearchRun.check($0, format)
    } tell: {
      logger.warning("\($0)")
    }
    let configuration = try SearchConfiguration(parsing: text, file: path)
    let source = try format.read(modelOf: configuration)
    let digests = source.digests
    // Where no rank is sent the model it is given up as soon as it is read.
    let message = stages == nil ? source.message : []
    let preparation = try Preparation(configuration, model: (consume source).message, format, isSolving: true)
    for remark in preparation.remarks { logger.warning("\(remark)") }
    let outline = try stages.map { try $0.outline(of: preparation) }
    try ResultFiles(in: configuration.outputDirectory.path).prepareDirectory(for: ResultFiles.names)
    // A pruned model of an earlier search goes, so that none stands beside ratios that are not its own.
    let folder = configuration.model.path.lastIndex(of: "/").map { String(configuration.model.path[...$0]) } ?? ""
    try PrunedModelFiles.checkOutput(
      SearchRun.prunedModel(configuration),
      besides: [path, configuration.model.path] + digests.dropFirst().map { folder + $0.path })
    // Opened now: a file that is missing is told before hours of work.
    if applies { _ = try CalibrationData.opened(configuration, .evaluation) }
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
      let plan = preparation.plan
      let samples = plan.batches.isEmpty ? "no samples" : "batches: \(plan.batches.count), shards: \(plan.shards.count)"
      logger.info("layers: \(preparation.structure.layers.count), \(samples), ranks: \(world.size)")
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
  func tellPlacement() throws {
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
      repair: configuration.repair, sampleShapes: try CalibrationData.opened(configuration)?.sampleShapes ?? [:],
      settings: configuration.apply)
    let request = plan.map { plan in
      PruningStage.Request(removed: plan.choices.map { Set($0.removed) }, gathering: [])
    }
    return try stage.run(request, output: SearchRun.prunedModel(configuration))
  }

  /// A configuration that is larger is no configuration.
  static let configurationSizeLimit = TextLimits.jsonBytes
}
