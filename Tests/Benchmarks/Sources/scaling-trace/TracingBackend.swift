import Execution

/// Another backend whose compilations and runs are written down: what a rank does between its messages.
struct TracingBackend: ExecutionBackend {
  private let base: any ExecutionBackend
  private let trace: Trace

  init(_ base: any ExecutionBackend, _ trace: Trace) {
    self.base = base
    self.trace = trace
  }

  var description: String { base.description }

  func program(
    for request: ExecutionRequest, executorLimit: Int?
  ) throws(ExecutionError) -> any ExecutionProgram {
    let start = trace.now
    let program = try base.program(for: request, executorLimit: executorLimit)
    trace.addWork(.compile, from: start)
    return TracingProgram(base: program, trace: trace)
  }
}

private struct TracingProgram: ExecutionProgram {
  let base: any ExecutionProgram
  let trace: Trace

  var memory: MemoryRequirement { base.memory }

  func makeExecutor() throws(ExecutionError) -> any NetworkExecutor {
    TracingExecutor(try base.makeExecutor(), trace)
  }
}

private final class TracingExecutor: NetworkExecutor {
  private let base: any NetworkExecutor
  private let trace: Trace

  init(_ base: any NetworkExecutor, _ trace: Trace) {
    self.base = base
    self.trace = trace
  }

  func evaluate(_ batch: Batch) throws(ExecutionError) -> Evaluation {
    let start = trace.now
    let evaluation = try base.evaluate(batch)
    trace.addWork(.run, from: start, size: batch.sampleCount)
    return evaluation
  }
}
