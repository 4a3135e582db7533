/// A network in stages that one thread runs one behind another.
///
/// Nothing is gained by it but a check of the stages: ranks that hold one each run them as a pipeline.
public struct StagedProgram: ExecutionProgram {
  /// The stages, compiled.
  public let stages: [any StageProgram]
  private let request: ExecutionRequest

  /// Compiles all stages of a network, each from the constants that it needs alone.
  /// - Parameter executorLimit: the most bytes that an executor of one stage may hold, or `nil`.
  public init(
    _ request: ExecutionRequest, _ cut: NetworkStages, on backend: any StagedBackend, executorLimit: Int? = nil
  ) throws(ExecutionError) {
    var stages: [any StageProgram] = []
    for stage in 0..<cut.count {
      stages.append(
        try backend.program(
          for: cut.request(request, for: stage), stage: stage, of: cut, executorLimit: executorLimit))
    }
    self.stages = stages
    self.request = request
  }

  /// That of all stages together.
  public var memory: MemoryRequirement {
    MemoryRequirement(
      shared: stages.reduce(0) { $0 + $1.memory.shared }, perExecutor: stages.reduce(0) { $0 + $1.memory.perExecutor })
  }

  /// Executors of all stages.
  public func makeExecutor() throws(ExecutionError) -> any NetworkExecutor {
    var executors: [any StageExecutor] = []
    for stage in stages { executors.append(try stage.makeExecutor()) }
    return StagedExecutor(request, executors, stages.map { $0.traffic.gradientsIn > 0 })
  }
}

/// Executors of all stages, run by one thread.
private final class StagedExecutor: NetworkExecutor {
  private let request: ExecutionRequest
  private let stages: [any StageExecutor]
  private let takesGradients: [Bool]

  init(_ request: ExecutionRequest, _ stages: [any StageExecutor], _ takesGradients: [Bool]) {
    self.request = request
    self.stages = stages
    self.takesGradients = takesGradients
  }

  func evaluate(_ batch: Batch) throws(ExecutionError) -> Evaluation {
    let later = Batch(inputs: [], targets: batch.targets, sampleCount: batch.sampleCount)
    var values: [[UInt8]] = [[]]
    for (index, stage) in stages.enumerated().dropLast() {
      values.append(try stage.forward(index == 0 ? batch : later, values[index]))
    }
    var parts: [StageResult] = []
    var gradients: [UInt8] = []
    for (index, stage) in stages.enumerated().reversed() where index == stages.count - 1 || takesGradients[index] {
      let part = try stage.complete(index == 0 ? batch : later, values[index], gradients: gradients)
      gradients = part.gradients
      parts.append(part)
    }
    return try Evaluation(joining: parts, request, sampleCount: batch.sampleCount)
  }
}
