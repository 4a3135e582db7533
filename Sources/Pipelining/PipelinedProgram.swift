public import Execution
import MessagePassing
import Networks
import Synchronization

/// A whole network to whoever runs batches through it; this rank holds its first stage alone, and other ranks the others.
///
/// Every batch in flight comes from an executor of its own, so as many threads as there are stages, or some more, keep all
/// ranks at work. They share a few executors of the stage: while a batch is at other ranks, it needs none.
public final class PipelinedProgram: ExecutionProgram {
  private let request: ExecutionRequest
  private let program: any StageProgram
  private let link: any StageLink
  private let mailbox: StageMailbox
  private let pool: StageExecutorPool
  private let mostExecutors: Int
  /// Batches sent so far.
  private let begun = Atomic<Int>(0)

  /// The first stage of a network and the way to the others, of which there is one at least.
  /// - Parameters:
  ///   - request: what the whole network is compiled for.
  ///   - program: the first stage compiled.
  ///   - executors: how many batches may be computed at this rank at a time.
  ///   - mailbox: where this rank's messages are delivered.
  public init(
    _ request: ExecutionRequest, _ program: any StageProgram, executors: Int = 1,
    over link: any StageLink, _ mailbox: StageMailbox
  ) {
    // Constants are no longer asked for.
    self.request = NetworkStages.structure(of: request)
    self.program = program
    self.link = link
    self.mailbox = mailbox
    mostExecutors = max(executors, 1)
    pool = StageExecutorPool(program, most: mostExecutors)
  }

  /// What this rank holds: its stage with the executors that its batches share, and per batch what it hands on.
  public var memory: MemoryRequirement {
    MemoryRequirement(
      shared: program.memory.shared + mostExecutors * program.memory.perExecutor,
      perExecutor: program.traffic.valuesOut + program.traffic.gradientsIn)
  }

  /// Makes what sends batches through the stages; as many may be made as batches are to be in flight.
  public func makeExecutor() throws(ExecutionError) -> any NetworkExecutor { PipelinedExecutor(self) }

  /// A number that no other batch has.
  private func nextNumber() -> Int { begun.wrappingAdd(1, ordering: .relaxed).newValue }

  fileprivate func evaluate(_ batch: Batch) throws(ExecutionError) -> Evaluation {
    var results: [StageResult]
    let number = nextNumber()
    let values = try pool.use(urgently: false) { executor throws(ExecutionError) in
      try executor.forward(batch, [])
    }
    link.send(
      StageMessage(batch: number, .values(values, sampleCount: batch.sampleCount, targets: batch.targets)), to: 1)
    switch try mailbox.answer(for: number).content {
    case .gradients(let gradients, let others):
      results = others
      if program.traffic.gradientsIn > 0 {
        results.append(
          try pool.use(urgently: true) { executor throws(ExecutionError) in
            try executor.complete(batch, [], gradients: gradients)
          })
      }
    case .failure(let error): throw error
    case .values: throw ExecutionError(.failed, request.network.name, "its second stage answers out of turn")
    }
    return try Evaluation(joining: results, request, sampleCount: batch.sampleCount)
  }
}

/// Sends one batch at a time through all stages.
private final class PipelinedExecutor: NetworkExecutor {
  private let program: PipelinedProgram

  init(_ program: PipelinedProgram) { self.program = program }

  func evaluate(_ batch: Batch) throws(ExecutionError) -> Evaluation { try program.evaluate(batch) }
}
