import Allocation
import Channels
public import Configuration
public import Logging
import Networks
import Sensitivity
public import WorkSharing

import Glibc

/// Another plan from what a search has measured: nothing is run but the solver.
public struct SolveRun {
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
  private let logger: Logger
  private let progress: @Sendable (ProgressEvent) -> Void

  /// A run in this process.
  /// - Parameter progress: called as phases begin and end.
  public init(
    format: any ModelFormat, logger: Logger, progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
  ) {
    self.format = format
    self.logger = logger
    self.progress = progress
  }

  /// Solves, and writes the result.
  /// - Throws: what is wrong with the directory, the model, the changes or the target.
  public func execute(_ request: Request) throws -> SolveOutcome {
    let phases = RunPhases(telling: progress)
    phases.begin(.prepare)
    let record = try StoredRun(reading: request.directory, request.changes, keepsMetric: request.keepsMetric)
    let configuration = record.configuration
    let network = try record.network(format, model: request.model)
    let latency = try configuration.latencyTable.map { try LatencyTable(reading: $0.path) }
    if configuration.solver.iterations > 1 {
      logger.warning(
        "the search took \(configuration.solver.iterations) steps and measured before each; this is one step")
    }
    let analysis = try NetworkAnalysis(network, configuration, latency: latency)
    _ = try analysis.ranges()
    try PluginProgram.check(configuration)
    let output = ResultFiles(in: request.output ?? request.directory + "/solved")
    guard FileIdentity(output.directory) != FileIdentity(request.directory) else {
      throw SearchError(
        .cannotCreate, file: output.directory, "is the search's own directory, whose ratios.json would be lost")
    }
    try output.prepareDirectory(for: ["ratios.json", ResultFiles.ratiosForAMCT, StoredFrontier.fileName])
    let lock = try OutputLock(output.directory)
    defer { withExtendedLifetime(lock) {} }
    PluginFolder.removeLeftovers(in: output.directory)
    let stored = try StoredMeasurement(reading: request.directory, analysis, configuration)
    do {
      let input = try analysis.input(stored.losses, stored.quantization)
      let solver = ExternalSolver(
        configuration, outputDirectory: output.directory, stop: .ofProcess, isShared: true, logger: logger)
      // The program is not in this process's group: what ends this one has to end it too.
      if solver != nil { StopRequest.listenToSignals() }
      phases.begin(.solve)
      let plan = try analysis.solving.plan(input, setLoss: stored.setLoss, solver)
      let damping = stored.setLoss.map { $0.damping(of: plan, configuration.sensitivity, stored.slopes) } ?? 0
      let original = analysis.solving.costs.bits
      let ratios = try RatioConfig(
        analysis,
        Solution(
          plan: plan, bits: input.bits?.bits(plan.options, original) ?? original,
          predictedLossChange: plan.predictedLossChange - damping, objective: plan.predictedLossChange,
          lowerBound: plan.lowerBound),
        sha256: record.modelDigest)
      var frontier: StoredFrontier?
      if request.frontierPoints > 0 {
        guard !configuration.targets.isEmpty else {
          throw SearchError(
            .configuration, file: configuration.file, "$.target: a curve needs a target, whose metric it is in")
        }
        phases.begin(.curve)
        frontier = try StoredFrontier(analysis, input, stored, configuration, count: request.frontierPoints)
        try frontier?.write(to: output.directory + "/" + StoredFrontier.fileName)
      } else {
        unlink(output.directory + "/" + StoredFrontier.fileName)
      }
      phases.begin(.write)
      try output.write(ratios)
      phases.end()
      return SolveOutcome(
        ratios: ratios, frontier: frontier, isLoss: configuration.sensitivity.isLoss,
        files: ["ratios.json", ResultFiles.ratiosForAMCT] + (frontier == nil ? [] : [StoredFrontier.fileName]),
        directory: output.directory)
    } catch let error as AllocationError {
      throw SearchError(error, in: configuration)
    }
  }
}

/// What solving gave, as far as a person is shown it.
public struct SolveOutcome: Sendable {
  /// The result.
  public let ratios: RatioConfig
  /// The curve of loss over compression; `nil` unless asked for.
  public let frontier: StoredFrontier?
  /// Whether what the plan minimises predicts the loss; scores of weights do not.
  public let isLoss: Bool
  /// The files written.
  public let files: [String]
  /// Where they are.
  public let directory: String
}
