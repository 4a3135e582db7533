import Channels
import Execution
import ONNX
import OneDNN
import Sensitivity
import Synchronization

/// Batches through a network as a search runs them: one executor per worker, every layer's output watched.
struct NetworkWorkload: Workload {
  /// What was compiled.
  struct Description: Encodable {
    /// oneDNN's version and instruction set.
    let backend: String
    /// Time of compiling, all workers at once.
    let compileSeconds: Double
    /// Bytes that each executor says it holds.
    let memoryRequired: Int
    /// The multiply-adds of one batch.
    let work: WorkCount
  }

  /// What one batch gave, or where its time went.
  enum Details: Encodable {
    case results(loss: Double, layers: [Double])
    case profile(kinds: [String: Double], slowest: [Row])

    /// The time of one node's work of one kind, in seconds.
    struct Row: Encodable {
      let kind: String
      let node: String
      let seconds: Double
    }
  }

  let description: Description
  private let batch: Batch
  private let workers: [Worker]

  /// Imports, folds and compiles.
  init(_ files: NetworkFiles, batchSize: Int, workerCount: Int) throws {
    let execution = try files.execution(batchSize: batchSize)
    batch = try files.batch(of: execution.request.network)
    workers = (0..<workerCount).map { _ in Worker() }
    let compiling = try ContinuousClock().measure { [workers] in
      try Workers.run(workerCount) { try workers[$0].compile(execution.request) }
    }
    description = Description(
      backend: OneDNNBackend().description, compileSeconds: compiling / .seconds(1),
      memoryRequired: try workers[0].withExecutor { $0.memoryRequired }, work: WorkCount(execution.request))
  }

  func run(_ count: Int) throws {
    try Workers.run(workers.count) { [workers, batch] worker in
      try workers[worker].withExecutor { executor in
        for _ in 0..<count { _ = try executor.evaluate(batch) }
      }
    }
  }

  func results() throws -> Details {
    let evaluation = try workers[0].withExecutor { try $0.evaluate(batch) }
    return .results(
      loss: evaluation.losses.reduce(0, +) / Double(evaluation.losses.count),
      layers: evaluation.products.map { $0.reduce(0) { $0 + $1.magnitude } })
  }

  func profile() throws -> Details {
    let steps = try workers[0].withExecutor { try $0.profile(batch) }
    var kinds: [String: Double] = [:]
    for step in steps { kinds[step.kind, default: 0] += step.seconds }
    let slowest = steps.sorted { $0.seconds > $1.seconds }.prefix(10)
    return .profile(
      kinds: kinds, slowest: slowest.map { Details.Row(kind: $0.kind, node: $0.node, seconds: $0.seconds) })
  }
}

/// The executor of one worker.
///
/// A class, because executors cannot move between threads: the lock lends it to one at a time.
private final class Worker: Sendable {
  private struct NotCompiled: Error {}

  /// An executor that only the holder of the lock touches.
  private struct Held: @unchecked Sendable {
    var executor: OneDNNExecutor?
  }

  private let held = Mutex(Held())

  func compile(_ request: ExecutionRequest) throws {
    try held.withLock { $0.executor = try OneDNNExecutor(request) }
  }

  func withExecutor<Result: Sendable>(_ body: (OneDNNExecutor) throws -> Result) throws -> Result {
    try held.withLock { held in
      guard let executor = held.executor else { throw NotCompiled() }
      return try body(executor)
    }
  }
}
