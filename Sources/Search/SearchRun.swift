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
    if !applies { source = ModelSource(message: [], digests: source.digests) }
    clock.end(of: "prepare")
    let quantization = try chooseFrom(preparation, &clock)

    let configuration = preparation.configuration
    var steps = SearchSteps(preparation.analysis, configuration, quantization)
    var usage = RankUsage()
    for step in 1...configuration.solver.iterations {
      let shards = preparation.plan.shards(of: world.rank, size: world.size)
      let work = try WorkPlan(
        preparation, without: steps.removed, backend,
        mostWorkers: min(try ProcessorShare.count(on: world), max(shards.count, 1)), memoryLimit: memoryLimit)
      if step == configuration.solver.iterations, configuration.solver.method != .measured {
        preparation.releaseWeights()
      }
      usage.note(work)
      if step == 1 {
        logger.info(
          "workers: \(work.workerCount), samples per run: \(preparation.runSize), memory: \(MemoryForecast.mebibytes(work.forecast.bytes)) MiB"
        )
      }
      let measurement = try measure(preparation, work, shards)
      clock.end(of: "measure")
      let scores = try evaluate(preparation, source, measurement, steps, &clock)
      try steps.solve(measurement, scores)
      clock.end(of: "solve")
      if step < configuration.solver.iterations { try steps.share(on: world) }
    }

    let ranks = try usage.gather(on: world)
    guard let ranks, var result = steps.result else {
      if applies { _ = try apply(nil, source, preparation) }
      return nil
    }
    try result.resample(steps, configuration)
    clock.end(of: "resample")

    // Read before anything is written: a file that has vanished must not leave a result without its record.
    let data = try preparation.dataPaths.map { try FileDigest(reading: $0) }
    clock.end(of: "digest")

    var ratios = try result.ratios(preparation.analysis, model: source.digests)
    let files = ResultFiles(in: configuration.outputDirectory.path)
    PrunedModelFiles.removeEarlier(SearchRun.prunedModel(configuration))
    try files.write(ratios, result.first, quantization, preparation.structure)
    clock.end(of: "write")
    var pruning: PruningOutcome?
    if applies {
      pruning = try apply(result.solution.plan, source, preparation)
      ratios.measuredLossChange = pruning?.measuredLossChange
      ratios.finalLossChange = pruning?.finalLossChange
      try files.write(ratios)
      clock.end(of: "apply")
    }
    let table = result.first.table
    let record = RunRecord(
      preparation, source.digests, data, clock, ranks, transport: world.transport, backend: backend.description,
      table: table)
    try files.write(record.json)
    return SearchOutcome(
      ratios: ratios, pruning: pruning, meanLoss: table.meanLoss, accuracy: table.accuracy,
      sampleCount: table.sampleCount, files: files.names(result.first, quantization, configuration),
      directory: files.directory)
  }

  /// Reads and checks at rank 0, then sends: a wrong file is found once, before any other rank has begun.
  private func prepare(_ path: String) throws -> (Preparation, ModelSource) {
    if world.rank == 0 {
      let text = try FileHandleReader.contents(of: path, limit: SearchRun.configurationSizeLimit)
      let configuration = try SearchConfiguration(parsing: text, file: path)
      let source = try format.read(configuration.model.path)
      let preparation = try Preparation(configuration, model: source.message, format, isSolving: true)
      try ResultFiles(in: configuration.outputDirectory.path).prepareDirectory(for: ResultFiles.names)
      if applies {
        let folder = configuration.model.path.lastIndex(of: "/").map { String(configuration.model.path[...$0]) } ?? ""
        try PrunedModelFiles.checkOutput(
          SearchRun.prunedModel(configuration),
          besides: [path, configuration.model.path] + source.digests.dropFirst().map { folder + $0.path })
        // Opened now: a file that is missing is told before hours of work.
        _ = try CalibrationData(configuration, .evaluation)
      }
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

  /// What all ranks measure, at rank 0; `nil` elsewhere.
  ///
  /// Only rank 0 reports; all ranks have as many shards as it or one less, so its share stands for the whole.
  private func measure(
    _ preparation: Preparation, _ work: WorkPlan, _ own: [Int]
  ) throws -> SensitivityMeasurement? {
    let measurement = ShardMeasurement(preparation, work.program)
    let pool = WorkerPool(count: work.workerCount) { try measurement.makeExecutor() }
    let total = own.reduce(0) { $0 + preparation.plan.shards[$1].count }
    let (progress, reports) = (progress, world.rank == 0)
    let done = Atomic(0)
    if reports { progress(SearchProgress(done: 0, total: total)) }
    var collector = MeasurementCollector(
      preparation.layout, preparation.criterion, rows: preparation.rows, shards: preparation.plan.shards.count)
    let length = ShardTable.packedCount(preparation.layout, preparation.criterion, rows: preparation.rows)
    try SharedWork(on: world).perform(
      preparation.plan.shards.count, length: length, inRounds: preparation.rows != nil, by: pool
    ) { shard, executor in
      try measurement.table(of: shard, on: executor) {
        let batches = done.add(1, ordering: .relaxed).newValue
        if reports { progress(SearchProgress(done: batches, total: total)) }
      }.packed
    } combine: { packed in
      guard collector.add(packed) else {
        throw SearchError(.program, file: preparation.configuration.file, "a rank sent a table that is none")
      }
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
  private func chooseFrom(_ preparation: Preparation, _ clock: inout PhaseClock) throws -> QuantizationTable? {
    let widths = preparation.configuration.bits.search.filter { $0 <= QuantizationTable.largestWidth }
    guard !widths.isEmpty else { return nil }
    let measurement = QuantizationMeasurement(
      evaluation: try evaluation(preparation), structure: preparation.structure, progress: report)
    let table = try measurement.table(widths: widths, layers: preparation.analysis.layersOfChosenBits)
    clock.end(of: "bits")
    return table
  }

  /// The scores of pruned layers, measured on all ranks; `nil` for other solvers than `measured`, and at other ranks.
  private func evaluate(
    _ preparation: Preparation, _ source: ModelSource, _ measurement: SensitivityMeasurement?, _ steps: SearchSteps,
    _ clock: inout PhaseClock
  ) throws -> MeasuredAllocator? {
    guard preparation.configuration.solver.method == .measured else { return nil }
    let scores = MeasuredScores(
      evaluation: try evaluation(preparation), structure: preparation.structure, logger: logger, progress: report)
    let request = try measurement.map { measurement in
      let data = try CalibrationData(preparation.configuration).paths.map { try FileDigest(reading: $0) }
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

  private func evaluation(_ preparation: Preparation) throws -> VariantEvaluation {
    VariantEvaluation(
      world: world, workerCount: try ProcessorShare.count(on: world),
      subject: VariantSubject(
        configuration: preparation.configuration, backend: backend,
        network: try preparation.execution(without: []).request.network,
        data: try CalibrationData(preparation.configuration)))
  }

  private func report(_ done: Int, _ total: Int) {
    progress(SearchProgress(done: done, total: total, unit: .evaluation))
  }
}

/// How far the measurement has come at rank 0.
public struct SearchProgress: Sendable {
  /// What is counted.
  public enum Unit: String, Sendable {
    /// Batches of rank 0.
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
