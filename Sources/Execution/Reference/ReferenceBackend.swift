import Networks

/// The slow executor that all others are checked against.
public struct ReferenceBackend: StagedBackend {
  /// A backend.
  public init() {}

  /// What `run.json` would record.
  public var description: String { "reference (float64 loops)" }

  /// Compiles a network; every operation is supported.
  public func program(
    for request: ExecutionRequest, executorLimit: Int?
  ) throws(ExecutionError) -> any ExecutionProgram {
    _ = try ReferenceExecutor(request)
    let program = ReferenceProgram(request: request)
    if let executorLimit, program.memory.perExecutor > executorLimit {
      throw ExecutionError(
        .tooLarge(least: program.memory.perExecutor), request.network.name,
        "needs \(program.memory.perExecutor) bytes of memory, the limit is \(executorLimit)")
    }
    return program
  }

  /// Compiles one stage of a network.
  public func program(
    for request: ExecutionRequest, stage: Int, of stages: NetworkStages, executorLimit: Int?
  ) throws(ExecutionError) -> any StageProgram {
    _ = try ReferenceExecutor(request)
    let program = ReferenceStageProgram(request, stages, stage)
    if let executorLimit, program.memory.perExecutor > executorLimit {
      throw ExecutionError(
        .tooLarge(least: program.memory.perExecutor), request.network.name,
        "stage \(stage) needs \(program.memory.perExecutor) bytes of memory, the limit is \(executorLimit)")
    }
    return program
  }
}

/// The request itself: every executor works it out anew.
private struct ReferenceProgram: ExecutionProgram {
  let request: ExecutionRequest

  /// Every value and its gradient in float64, all of them at once.
  var memory: MemoryRequirement {
    let elements = request.network.values.reduce(0) { $0 + $1.shape.count }
    return MemoryRequirement(shared: 0, perExecutor: 2 * elements * MemoryLayout<Double>.stride)
  }

  func makeExecutor() throws(ExecutionError) -> any NetworkExecutor { try ReferenceExecutor(request) }
}
