import Configuration
public import Execution
public import Logging
public import MessagePassing
public import WorkSharing

/// Evaluates models side by side on a configuration's data, on all ranks.
public struct EvaluateRun {
  private let world: any Communicator
  private let options: WorkSession.Options
  private let backend: any ExecutionBackend
  private let format: any ModelFormat
  private let logger: Logger
  private let progress: @Sendable (ProgressEvent) -> Void

  /// A run on the ranks of `world`.
  /// - Parameter progress: called at rank 0, by the thread that runs it, as phases begin, go on and end.
  public init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat,
    options: WorkSession.Options = WorkSession.Options(), logger: Logger,
    progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
  ) {
    self.world = world
    self.options = options
    self.backend = backend
    self.format = format
    self.logger = logger
    self.progress = progress
  }

  /// Evaluates models.
  ///
  /// - Parameters:
  ///   - paths: the models; the first is what the others are compared with. None means the configuration's own.
  ///   - configurationPath: names the data, and the loss.
  /// - Returns: the evaluations at rank 0, `nil` elsewhere.
  /// - Throws: what is wrong with configuration, models or data.
  public func execute(_ paths: [String], configuration configurationPath: String) throws -> [ModelEvaluation]? {
    let phases = RunPhases(telling: world.rank == 0 ? progress : nil)
    phases.begin(.prepare)
    var text: [UInt8] = []
    if world.rank == 0 {
      text = try SearchRun.text(of: configurationPath) { logger.warning("\($0)") }
      // Read here first: what is wrong in it is said once.
      _ = try SearchConfiguration(parsing: text, file: configurationPath)
    }
    try world.broadcast(&text, from: 0)
    let configuration = try SearchConfiguration(parsing: text, file: configurationPath)
    var candidates: [EvaluationCandidate] = []
    for path in paths.isEmpty ? [configuration.model.path] : paths {
      var message: [UInt8] = []
      var size: Int64 = 0
      if world.rank == 0 {
        let source = try format.read(path)
        message = source.message
        size = Int64(try format.files(of: message, named: "model").reduce(0) { $0 + $1.bytes.count })
      }
      try world.broadcast(&message, from: 0)
      candidates.append(
        EvaluationCandidate(name: path, message: message, fileSize: Int(try world.broadcast(size, from: 0))))
    }
    let data = try CalibrationData(configuration, .evaluation)
    let comparison = NetworkComparison(
      session: try WorkSession(on: world, options: options, logger: logger, phases: phases), backend: backend,
      format: format,
      configuration: configuration, data: data,
      workerCount: try ProcessorShare.count(on: world))
    logger.info("models: \(candidates.count), samples: \(data.sampleCount), ranks: \(world.size)")
    let evaluations = try comparison.evaluate(candidates)
    phases.end()
    return evaluations
  }
}
