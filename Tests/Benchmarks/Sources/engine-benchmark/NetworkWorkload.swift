import Channels
import Execution
import Networks
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
    /// Time of reading, compiling and making the workers' executors.
    let compileSeconds: Double
    /// Bytes that all executors together say they hold, with what they share.
    let memoryRequired: Int
    /// Samples that run at a time.
    let runSize: Int
    /// The multiply-adds of one batch.
    let work: WorkCount
  }

  /// What one batch gave, or where its time went.
  enum Details: Encodable {
    case results(loss: Double, layers: [Double])
    case profile(kinds: [String: Double], slowest: [Row])
  }

  /// The time of one node's work of one kind, in seconds.
  struct Row: Encodable {
    let kind: String
    let node: String
    var seconds: Double
  }

  let description: Description
  private let runs: [Batch]
  private let workers: [Worker]

  /// Imports, folds and compiles.
  init(_ files: NetworkFiles, batchSize: Int, workerCount: Int) throws {
    // In a function of its own, as a search gives up what it read once the network is compiled.
    func compile() throws -> (OneDNNProgram, [Batch], runSize: Int, WorkCount) {
      let request = try files.execution(batchSize: batchSize).request
      let runs = try files.runs(of: request.network, batchSize: batchSize)
      let work = WorkCount(request, samples: batchSize)
      return (try OneDNNProgram(request), runs, request.network.batchSize, work)
    }
    let clock = ContinuousClock()
    let start = clock.now
    let (program, runs, runSize, work) = try compile()
    workers = (0..<workerCount).map { _ in Worker() }
    try Workers.run(workerCount) { [workers] in try workers[$0].prepare(program) }
    self.runs = runs
    description = Description(
      backend: OneDNNBackend().description, compileSeconds: (clock.now - start) / .seconds(1),
      memoryRequired: program.memory.shared + workerCount * program.memory.perExecutor, runSize: runSize, work: work)
  }

  func run(_ count: Int) throws {
    try Workers.run(workers.count) { [workers, runs] worker in
      try workers[worker].withExecutor { executor in
        for _ in 0..<count {
          for run in runs { _ = try executor.evaluate(run) }
        }
      }
    }
  }

  func results() throws -> Details {
    let evaluations = try workers[0].withExecutor { executor in try runs.map { try executor.evaluate($0) } }
    let losses = evaluations.flatMap(\.losses)
    let layers = evaluations[0].products.indices.map { layer in
      evaluations.reduce(0.0) { $0 + $1.products[layer].reduce(0) { $0 + $1.magnitude } }
    }
    return .results(loss: losses.reduce(0, +) / Double(losses.count), layers: layers)
  }

  func profile() throws -> Details {
    let steps = try workers[0].withExecutor { executor in try runs.flatMap { try executor.profile($0) } }
    var kinds: [String: Double] = [:]
    var rows: [String: Row] = [:]
    for step in steps {
      let kind = step.kind.rawValue + (step.isBackward && step.kind != .gradientPass ? ", backward" : "")
      let seconds = step.duration / .seconds(1)
      kinds[kind, default: 0] += seconds
      rows["\(kind) \(step.node)", default: Row(kind: kind, node: step.node, seconds: 0)].seconds += seconds
    }
    return .profile(kinds: kinds, slowest: Array(rows.values.sorted { $0.seconds > $1.seconds }.prefix(10)))
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

  func prepare(_ program: OneDNNProgram) throws {
    try held.withLock { $0.executor = try OneDNNExecutor(program) }
  }

  func withExecutor<Result: Sendable>(_ body: (OneDNNExecutor) throws -> Result) throws -> Result {
    try held.withLock { held in
      guard let executor = held.executor else { throw NotCompiled() }
      return try body(executor)
    }
  }
}
