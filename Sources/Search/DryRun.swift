public import Configuration
public import Execution
public import MessagePassing
import Networks
import Sensitivity
import WorkSharing

/// Everything of a search but the computing: what it would do on these ranks, and how long that may take.
public struct DryRun {
  let world: any Communicator
  let backend: any ExecutionBackend
  let format: any ModelFormat
  private let memoryLimit: Int?
  private let grid: RankGrid?
  private let applies: Bool

  /// A dry run on the ranks of `world`.
  /// - Parameters:
  ///   - memoryLimit: the most bytes that each rank may hold, or `nil`.
  ///   - grid: how groups of ranks would hold the network's stages, or `nil`.
  ///   - applies: whether the pruned model would be made too.
  /// - Precondition: where the grid has stages, `backend` is a `StagedBackend`.
  public init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat, memoryLimit: Int? = nil,
    grid: RankGrid? = nil, applies: Bool = false
  ) {
    self.world = world
    self.backend = backend
    self.format = format
    self.memoryLimit = memoryLimit
    self.grid = grid
    self.applies = applies
  }

  /// Checks all that a search checks before it computes, and times one run; writes nothing.
  ///
  /// - Parameters:
  ///   - path: the configuration file; only rank 0 opens it.
  ///   - changes: made to the configuration before it is read.
  /// - Returns: the plan at rank 0, `nil` elsewhere.
  /// - Throws: the first thing that is wrong, at rank 0.
  public func execute(_ path: String, changes: [ConfigurationChange] = []) throws -> DryRunPlan? {
    try grid?.check(on: world, applies: applies)
    // Before anything is exchanged: a mistake should not keep the others waiting.
    let prepared = world.rank == 0 ? try prepare(path, changes) : nil
    guard let ranks = try ranks(), let (preparation, model) = prepared else { return nil }
    return try plan(preparation, model: model, on: ranks)
  }

  /// By rank its host and the processors that it has; at rank 0, `nil` elsewhere.
  func ranks() throws -> [(host: String, workers: Int)]? {
    let workers = try world.gather([Int64(try ProcessorShare.count(on: world))], at: 0)
    let hosts = try world.gather(world.location.hostName, at: 0)
    guard let workers, let hosts else { return nil }
    return zip(hosts, workers).map { ($0, Int($1[0])) }
  }

  /// What a search would do; rank 0 alone finds it.
  /// - Parameter ranks: by rank its host and the processors that it has.
  func plan(
    _ preparation: Preparation, model: [FileDigest], on ranks: [(host: String, workers: Int)]
  ) throws -> DryRunPlan {
    let counts = ranks.map(\.workers)
    let trial = try trial(preparation, mostWorkers: counts.max() ?? 1)
    let used = counts.map { min($0, trial.summary.memory.workers) }
    let directory = preparation.configuration.outputDirectory.path
    var stored: [Bool]?
    if trial.isOfTables {
      let checkpoint = SearchCheckpoint(
        ResultFiles(in: directory).checkpoint, preparation.plan, preparation.data)
      let basis = MeasurementBasis(
        ofTables: preparation, model: model, executor: backend.description, without: [])
      stored = try checkpoint.keysOfStoredTables(basis, beat: world.attend).map { $0 != nil }
    }
    return DryRunPlan(
      summary: trial.summary, ranks: zip(ranks, used).map { ($0.host, $1) },
      storedShards: stored.map { $0.count { $0 } },
      time: trial.seconds.map { seconds in
        let missing = preparation.plan.shards.indices.map { stored?[$0] != true }
        return DryRunPlan.Time(
          secondsPerRun: seconds,
          seconds: DryRun.predictedSeconds(
            preparation, missing, seconds, trial, workers: networks(used).reduce(0, +)))
      },
      remainder: DryRun.remainder(preparation.configuration),
      samplesPerRun: preparation.runSize, directory: directory,
      files: ResultFiles.names(
        preparation.configuration, hasRows: preparation.keepsRows, hasCurve: CurveAbsence(preparation) == nil,
        hasReport: true)
        + (applies ? PrunedModelFiles.names : []) + [RunJournal.fileName])
  }

  private func prepare(_ path: String, _ changes: [ConfigurationChange]) throws -> (Preparation, [FileDigest]) {
    let text = try SearchRun.text(of: path, changes, checking: { try SearchRun.check($0, format) })
    let configuration = try SearchConfiguration(parsing: text, file: path)
    let source = try format.read(modelOf: configuration)
    let preparation = try Preparation(configuration, model: source.message, format, isSolving: true)
    try preparation.checkValues()
    if applies { _ = try CalibrationData.opened(configuration, .evaluation) }
    try ResultFiles(in: configuration.outputDirectory.path).checkDirectory()
    return (preparation, source.digests)
  }

  /// What one run takes, found by trying.
  private struct Trial {
    let summary: ValidationSummary
    /// The time of one run; `nil` where no sample is run.
    let seconds: Double?
    /// How often all samples are run.
    let passes: Int
    /// Whether shards' tables are made, which are kept.
    let isOfTables: Bool
  }

  /// Compiles what ranks would run, one after another, and times a run of it.
  private func trial(_ preparation: Preparation, mostWorkers: Int) throws -> Trial {
    let passes = 1 + preparation.criterion.passes
    if let stages = SearchStages(grid, backend) {
      let trial = try StageTrial(
        preparation, stages, mostWorkers: min(mostWorkers, preparation.plan.shards.count), memoryLimit: memoryLimit,
        isTimed: true)
      return Trial(
        summary: ValidationSummary(preparation, trial), seconds: trial.secondsPerRun, passes: passes, isOfTables: true)
    }
    let forecast = try WorkForecast(
      preparation, backend, ranks: world.size, mostWorkers: mostWorkers, memoryLimit: memoryLimit)
    let summary = ValidationSummary(preparation, forecast.memory)
    switch forecast.work {
    case .nothing: return Trial(summary: summary, seconds: nil, passes: 0, isOfTables: false)
    case .tables(let program):
      return Trial(
        summary: summary, seconds: try secondsPerRun(preparation, program), passes: passes, isOfTables: true)
    case .forward(let model, let passes):
      let executor = try model.makeExecutor()
      let samples = 0..<min(model.runSize, preparation.plan.batches[0].count)
      let seconds = try leastSeconds { _ = try model.run(samples, on: executor) }
      return Trial(summary: summary, seconds: seconds, passes: passes, isOfTables: false)
    }
  }

  /// By network the batches that are computed at a time: of stages the one with the fewest workers counts.
  private func networks(_ workers: [Int]) -> [Int] {
    guard let grid else { return workers }
    return stride(from: 0, to: workers.count, by: grid.layers).map { workers[$0..<$0 + grid.layers].min() ?? 1 }
  }

  /// The time of one run of the first samples on one worker.
  private func secondsPerRun(_ preparation: Preparation, _ program: any ExecutionProgram) throws -> Double {
    let samples = 0..<min(preparation.runSize, preparation.plan.batches[0].count)
    let batch = try preparation.data.batch(samples, size: preparation.runSize)
    let executor = try ShardMeasurement(preparation, program).makeExecutor()
    do {
      return try leastSeconds { _ = try executor.evaluate(batch) }
    } catch let error as ExecutionError {
      throw SearchError(error, in: preparation.configuration, samples: samples)
    }
  }

  /// The shortest time of a few runs.
  private func leastSeconds(_ run: () throws -> Void) throws -> Double {
    let clock = ContinuousClock()
    var seconds = Double.infinity
    // The first run has to find its memory; where it takes long already that does not matter.
    for _ in 0..<3 where seconds > 0 {
      let start = clock.now
      try run()
      seconds = min(seconds, (clock.now - start) / .seconds(1))
      if seconds > 1 { break }
    }
    return seconds
  }

  /// The time that the sensitivities may take: no less than that of the longest shard, which is one worker's.
  private static func predictedSeconds(
    _ preparation: Preparation, _ isMissing: [Bool], _ secondsPerRun: Double, _ trial: Trial, workers: Int
  ) -> Double {
    let plan = preparation.plan
    let runs = plan.shards.map { shard in
      shard.reduce(0) { $0 + plan.batches[$1].runs(of: preparation.runSize).count }
    }
    // A shard is one worker's, with all passes over it; networks are shared out in other parts.
    let longest = trial.isOfTables || trial.passes == 1 ? trial.passes : 0
    func seconds(_ runs: [Int]) -> Double {
      secondsPerRun
        * max(Double(runs.reduce(0, +) * trial.passes) / Double(workers), Double((runs.max() ?? 0) * longest))
    }
    let further = preparation.configuration.solver.iterations - 1
    return seconds(zip(runs, isMissing).filter { $1 }.map(\.0)) + Double(further) * seconds(runs)
  }

  /// What comes on top of what is predicted, as a person reads of it.
  private static func remainder(_ configuration: SearchConfiguration) -> String? {
    let sensitivity = configuration.sensitivity
    var parts: [String] = []
    if sensitivity.method.isLayerwise { parts.append("what \"\(sensitivity.method.rawValue)\" makes of the responses") }
    if sensitivity.method == .external { parts.append("the program's own time") }
    if sensitivity.units != nil { parts.append("the choice of the units") }
    if configuration.solver.method == .measured || !configuration.bits.search.isEmpty {
      parts.append("evaluations of changed networks")
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

/// What a search would do.
public struct DryRunPlan: Sendable {
  /// A time, predicted from that of one run.
  public struct Time: Sendable {
    /// One run took so long on one worker; where there are stages, in the slowest of them.
    public let secondsPerRun: Double
    /// All that are missing.
    public let seconds: Double
  }

  /// What the configuration comes to, and the memory of a rank.
  public let summary: ValidationSummary
  /// By rank its host and its workers.
  public let ranks: [(host: String, workers: Int)]
  /// Shards that need not be measured; `nil` for a criterion that keeps no tables of shards.
  public let storedShards: Int?
  /// What the sensitivities may take; `nil` where no sample is run.
  public let time: Time?
  /// What the prediction leaves out, as a person reads of it.
  public let remainder: String?
  /// Samples that run at a time.
  public let samplesPerRun: Int
  /// Where the files go.
  public let directory: String
  /// The files that would be written.
  public let files: [String]
}
