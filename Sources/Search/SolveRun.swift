import Allocation
import Channels
public import Configuration
public import Logging
import MessagePassing
import Networks
import Sensitivity
public import WorkSharing

import Glibc

/// Another plan from what a search has measured: nothing is run but the solver.
public struct SolveRun: Sendable {
  /// What is asked for.
  public struct Request: Sendable {
    /// The directory that the search has written.
    public var directory: String
    /// What of its configuration is other now.
    public var changes: [ConfigurationChange] = []
    /// Whether the target in the changes is in the metric of the search's target, where the search had one target.
    public var keepsMetric = false
    /// The model, where it is no longer where the search found it.
    public var model: String?
    /// Where the result goes; `nil` for the folder `solved` in the directory.
    public var output: String?
    /// How many points of the curve of loss over compression are wanted; 0 for none.
    public var frontierPoints = 0

    /// A request with the defaults.
    public init(directory: String) { self.directory = directory }
  }

  private let format: any ModelFormat
  private let stop: StopRequest
  private let logger: Logger
  private let progress: @Sendable (ProgressEvent) -> Void

  /// A run in this process.
  /// - Parameters:
  ///   - stop: what asks it to stop.
  ///   - progress: called as phases begin, go on and end.
  public init(
    format: any ModelFormat, stop: StopRequest = StopRequest(), logger: Logger,
    progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
  ) {
    self.format = format
    self.stop = stop
    self.logger = logger
    self.progress = progress
  }

  /// Solves, and writes the result.
  /// - Throws: what is wrong with the directory, the model, the changes or the target; `Interruption` when it is to stop.
  public func execute(_ request: Request) throws -> SolveOutcome {
    // A session of one rank: what takes long has a thread of its own, while this one heeds a stop and says that it goes on.
    let outcomes = try InProcess.run(ranks: 1) { world in
      let session = try WorkSession(
        on: world, options: WorkSession.Options(stop: stop), logger: logger, phases: RunPhases(telling: progress))
      return try solve(request, session)
    }
    return outcomes[0]
  }

  private func solve(_ request: Request, _ session: WorkSession) throws -> SolveOutcome {
    let phases = session.phases
    phases.begin(.prepare)
    let basis = try alone("preparing", session) { try Basis(request, format, logger) }
    defer { withExtendedLifetime(basis) {} }
    let (analysis, configuration, output) = (basis.analysis, basis.configuration, basis.output)
    do {
      let solver = ExternalSolver(
        configuration, outputDirectory: output.directory, stop: stop, isShared: true, logger: logger)
      phases.begin(.solve)
      let ratios = try alone("solving", session, ending: solver?.program) { try basis.ratios(solver) }
      var frontier: StoredFrontier?
      if request.frontierPoints > 0 {
        guard !configuration.targets.isEmpty else {
          throw SearchError(
            .configuration, file: configuration.file, "$.target: a curve needs a target, whose metric it is in")
        }
        phases.begin(.curve)
        frontier = try alone("drawing the curve", session) {
          try StoredFrontier(analysis, basis.input, basis.stored, configuration, count: request.frontierPoints)
        }
      }
      phases.begin(.write)
      if let frontier {
        try frontier.write(to: output.directory + "/" + StoredFrontier.fileName)
      } else {
        unlink(output.directory + "/" + StoredFrontier.fileName)
      }
      try replacePlan(ratios, in: output)
      phases.end()
      return SolveOutcome(
        ratios: ratios, frontier: frontier, unit: configuration.predictionUnit,
        files: ["ratios.json", ResultFiles.ratiosForAMCT] + (frontier == nil ? [] : [StoredFrontier.fileName]),
        directory: output.directory)
    } catch let error as AllocationError {
      throw SearchError(error, in: configuration)
    }
  }

  /// Writes a plan; where another one was, that is said.
  private func replacePlan(_ ratios: RatioConfig, in output: ResultFiles) throws {
    let file = output.directory + "/ratios.json"
    let earlier = try? FileHandleReader.contents(of: file, limit: 1 << 30)
    try output.write(ratios)
    guard let earlier, earlier != Array(ratios.json.text().utf8) else { return }
    logger.notice("\(file) held another plan, which is replaced: --output DIR keeps both")
  }

  /// Does a part on another thread; where a stop was asked for meanwhile, nothing comes behind it.
  private func alone<Result>(
    _ what: String, _ session: WorkSession, ending program: PluginProgram? = nil, _ body: @escaping () throws -> Result
  ) throws -> Result {
    let result = try session.alone(what, ending: program, body)
    guard !stop.isMade else { throw Interruption(of: stop, unit: what, isShared: true) }
    return result
  }
}

extension SolveRun {
  /// What the solver goes by, and where its result goes: the folder is locked for as long as this lives.
  private final class Basis {
    let configuration: SearchConfiguration
    let analysis: NetworkAnalysis
    let stored: StoredMeasurement
    let input: AllocationInput
    let output: ResultFiles
    private let modelDigest: String
    private let lock: OutputLock

    init(_ request: Request, _ format: any ModelFormat, _ logger: Logger) throws {
      let record = try StoredRun(reading: request.directory, request.changes, keepsMetric: request.keepsMetric)
      configuration = record.configuration
      modelDigest = record.modelDigest
      let network = try record.network(format, model: request.model)
      let latency = try configuration.latencyTable.map { try LatencyTable(reading: $0.path) }
      if configuration.solver.iterations > 1 {
        logger.warning(
          "the search took \(configuration.solver.iterations) steps and measured before each; this is one step")
      }
      analysis = try NetworkAnalysis(network, configuration, latency: latency)
      _ = try analysis.ranges()
      try PluginProgram.check(configuration)
      output = ResultFiles(in: request.output ?? request.directory + "/solved")
      guard FileIdentity(output.directory) != FileIdentity(request.directory) else {
        throw SearchError(
          .cannotCreate, file: output.directory, "is the search's own directory, whose ratios.json would be lost")
      }
      try output.prepareDirectory(for: ["ratios.json", ResultFiles.ratiosForAMCT, StoredFrontier.fileName])
      lock = try OutputLock(output.directory)
      PluginFolder.removeLeftovers(in: output.directory)
      stored = try StoredMeasurement(reading: request.directory, analysis, configuration)
      do {
        input = try analysis.input(stored.losses, stored.quantization)
      } catch {
        throw SearchError(error, in: configuration)
      }
    }

    /// The plan, by a program of the user's where there is one.
    func ratios(_ solver: ExternalSolver?) throws -> RatioConfig {
      let plan = try analysis.solving.plan(input, setLoss: stored.setLoss, solver)
      let damping = stored.setLoss.map { $0.damping(of: plan, configuration.sensitivity, stored.slopes) } ?? 0
      let original = analysis.solving.costs.bits
      return try RatioConfig(
        analysis,
        Solution(
          plan: plan, bits: input.bits?.bits(plan.options, original) ?? original,
          predictedLossChange: plan.predictedLossChange - damping, objective: plan.predictedLossChange,
          lowerBound: plan.lowerBound),
        sha256: modelDigest)
    }
  }
}

/// What solving gave, as far as a person is shown it.
public struct SolveOutcome: Sendable {
  /// The result.
  public let ratios: RatioConfig
  /// The curve of loss over compression; `nil` unless asked for.
  public let frontier: StoredFrontier?
  /// What the plan is predicted to lose is in.
  public let unit: PredictionUnit
  /// The files written.
  public let files: [String]
  /// Where they are.
  public let directory: String
}
