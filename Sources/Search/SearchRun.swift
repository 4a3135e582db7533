import Allocation
import Channels
import Configuration
public import Execution
public import Logging
public import MessagePassing
import Sensitivity
import Synchronization

/// One search, from a configuration file to the result files.
///
/// Rank 0 reads configuration and model and sends them; every rank measures its own shards; rank 0 adds the tables in
/// shard order, solves and writes. Nothing flows back, and no rank holds what another needs.
public struct SearchRun {
  private let world: any Communicator
  private let backend: any ExecutionBackend
  private let format: any ModelFormat
  private let memoryLimit: Int?
  private let applies: Bool
  private let logger: Logger
  private let progress: @Sendable (SearchProgress) -> Void

  /// A search on the ranks of `world`.
  ///
  /// - Parameters:
  ///   - memoryLimit: the most bytes that each rank may hold while it measures, or `nil`. It changes no result.
  ///   - applies: whether the pruned model is made too, certified, repaired and evaluated.
  ///   - progress: called at rank 0, from any thread, as work gets done.
  public init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat, memoryLimit: Int? = nil,
    applies: Bool = false, logger: Logger, progress: @escaping @Sendable (SearchProgress) -> Void
  ) {
    self.world = world
    self.backend = backend
    self.format = format
    self.memoryLimit = memoryLimit
    self.applies = applies
    self.logger = logger
    self.progress = progress
  }

  /// Runs the search.
  ///
  /// - Parameter path: the configuration file; only rank 0 opens it.
  /// - Returns: the outcome at rank 0, `nil` elsewhere.
  /// - Throws: what is wrong with configuration, model, data, target or output, at the rank that found it; for all but
  ///   unreadable data files that is rank 0, before anything is computed.
  public func execute(_ path: String) throws -> SearchOutcome? {
    var clock = PhaseClock()
    var (preparation, source) = try prepare(path)
    let processors = try ProcessorShare.count(on: world)
    let shards = preparation.plan.shards(of: world.rank, size: world.size)
    let work = try WorkPlan(
      preparation, backend, mostWorkers: min(processors, max(shards.count, 1)), memoryLimit: memoryLimit)
    preparation.releaseWeights()
    if !applies { source = ModelSource(message: [], digests: source.digests) }
    logger.info(
      "workers: \(work.workerCount), samples per run: \(preparation.runSize), memory: \(MemoryForecast.mebibytes(work.forecast.bytes)) MiB"
    )
    clock.end(of: "prepare")

    let all = try measure(preparation, work, shards)
    clock.end(of: "measure")

    let usage = try world.gather(
      [Int64(ResourceUse.peakMemory), Int64(work.workerCount), Int64(work.forecast.bytes)], at: 0)
    let hosts = try world.gather(world.location.hostName, at: 0)
    guard let all, let usage, let hosts else {
      if applies { _ = try apply(nil, source, preparation) }
      return nil
    }
    let digests = source.digests
    let table = try reduce(all, preparation)
    let plan = try allocate(table, preparation)
    clock.end(of: "solve")

    // Read before anything is written: a file that has vanished must not leave a result without its record.
    let data = try preparation.dataPaths.map { try FileDigest(reading: $0) }
    clock.end(of: "digest")

    var ratios = RatioConfig(preparation, plan, model: digests)
    let files = ResultFiles(in: preparation.configuration.outputDirectory.path)
    if applies { PrunedModelFiles.removeEarlier(SearchRun.prunedModel(preparation.configuration)) }
    try files.write(ratios, table, preparation)
    clock.end(of: "write")
    var pruning: PruningOutcome?
    if applies {
      pruning = try apply(plan, source, preparation)
      ratios.measuredLossChange = pruning?.measuredLossChange
      ratios.finalLossChange = pruning?.finalLossChange
      try files.write(ratios, table, preparation)
      clock.end(of: "apply")
    }
    let record = RunRecord(
      preparation, digests, data, clock, hosts: hosts, usage: usage, transport: world.transport,
      backend: backend.description, table: table)
    try files.write(record.json)
    return SearchOutcome(
      ratios: ratios, pruning: pruning, meanLoss: table.meanLoss, accuracy: table.accuracy,
      sampleCount: table.sampleCount,
      directory: files.directory)
  }

  /// Reads and checks at rank 0, then sends: a wrong file is found once, before any other rank has begun.
  private func prepare(_ path: String) throws -> (Preparation, ModelSource) {
    if world.rank == 0 {
      let text = try FileHandleReader.contents(of: path, limit: SearchRun.configurationSizeLimit)
      let configuration = try SearchConfiguration(parsing: text, file: path)
      let source = try format.read(configuration.model.path)
      let preparation = try Preparation(configuration, model: source.message, format)
      try ResultFiles(in: configuration.outputDirectory.path).prepareDirectory(for: ResultFiles.names)
      if applies {
        let folder = configuration.model.path.lastIndex(of: "/").map { String(configuration.model.path[...$0]) } ?? ""
        try PrunedModelFiles.checkOutput(
          SearchRun.prunedModel(configuration),
          besides: [path, configuration.model.path] + source.digests.dropFirst().map { folder + $0.path })
        // Opened now: a file that is missing is told before hours of work.
        _ = try CalibrationData(configuration, .evaluation)
      }
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
    return (try Preparation(configuration, model: message, format), ModelSource(message: message, digests: []))
  }

  /// Where the pruned model of a search goes.
  private static func prunedModel(_ configuration: SearchConfiguration) -> String {
    configuration.outputDirectory.path + "/pruned.onnx"
  }

  /// Makes what the plan says; only rank 0 has one, all take part.
  private func apply(
    _ plan: AllocationPlan?, _ source: ModelSource, _ preparation: Preparation
  ) throws -> PruningOutcome? {
    let configuration = preparation.configuration
    let stage = PruningStage(
      world: world, backend: backend, format: format, logger: logger, workerCount: try ProcessorShare.count(on: world),
      path: configuration.model.path, message: source.message, digests: source.digests, configuration: configuration,
      repair: configuration.repair, sampleShapes: try CalibrationData(configuration).sampleShapes,
      settings: configuration.apply)
    let request = plan.map { plan in
      PruningStage.Request(removed: plan.choices.map { Set($0.removed) }, gathering: [])
    }
    return try stage.run(request, output: SearchRun.prunedModel(configuration))
  }

  /// A configuration that is larger is no configuration.
  static let configurationSizeLimit = 64 << 20

  /// Every shard's table, in shard order, at rank 0; `nil` elsewhere.
  ///
  /// Only rank 0 reports; all ranks have as many shards as it or one less, so its share stands for the whole.
  private func measure(_ preparation: Preparation, _ work: WorkPlan, _ own: [Int]) throws -> [ShardTable]? {
    let measurement = ShardMeasurement(preparation, work.program)
    let pool = WorkerPool(count: work.workerCount) { try measurement.makeExecutor() }
    let total = own.reduce(0) { $0 + preparation.plan.shards[$1].count }
    let (progress, reports) = (progress, world.rank == 0)
    let done = Atomic(0)
    if reports { progress(SearchProgress(done: 0, total: total)) }
    var tables: [ShardTable] = []
    try SharedWork(on: world).perform(
      preparation.plan.shards.count, length: ShardTable.packedCount(preparation.layout), by: pool
    ) { shard, executor in
      try measurement.table(of: shard, on: executor) {
        let batches = done.add(1, ordering: .relaxed).newValue
        if reports { progress(SearchProgress(done: batches, total: total)) }
      }.packed
    } combine: { packed in
      guard let table = ShardTable(packed: packed, preparation.layout, preparation.criterion) else {
        throw SearchError(.program, file: preparation.configuration.file, "a rank sent a table that is none")
      }
      tables.append(table)
    }
    return world.rank == 0 ? tables : nil
  }
}

extension SearchRun {
  /// The shards' tables as sensitivities.
  private func reduce(_ tables: [ShardTable], _ preparation: Preparation) throws -> SensitivityTable {
    do {
      return try SensitivityTable(
        adding: tables, preparation.layout, preparation.criterion, hasClasses: preparation.hasClasses)
    } catch {
      throw SearchError(.badContent, file: preparation.configuration.model.path, "\(error)")
    }
  }

  /// The plan that meets what the configuration asks for.
  private func allocate(_ table: SensitivityTable, _ preparation: Preparation) throws -> AllocationPlan {
    do {
      let problem = try preparation.space.problem(
        preparation.structure, preparation.costs, preparation.configuration, losses: table.groups)
      return try GreedyAllocator().allocate(problem)
    } catch {
      throw SearchError(error, in: preparation.configuration)
    }
  }
}

/// How far the measurement has come at rank 0.
public struct SearchProgress: Sendable {
  /// Batches done.
  public let done: Int
  /// Batches of this rank in all.
  public let total: Int
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
  /// Where the files are.
  public let directory: String
}
