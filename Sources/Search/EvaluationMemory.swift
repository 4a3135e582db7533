import Configuration
import Execution
import Networks

/// How many workers a rank has for what runs networks forward, and the memory that it takes.
struct EvaluationMemory: Sendable {
  /// What it takes with as many workers as fit.
  let forecast: MemoryForecast

  /// Bytes whatever the number of workers, but for images that stay: these give way.
  private let fixedBytes: Int
  private let perWorker: Int
  private let memoryLimit: Int?

  /// As many workers as fit; one at least.
  var workerCount: Int { forecast.workers }

  /// As many workers as fit where each also looks at so many values of a run, which lie in its executor and in a copy.
  func workerCount(beside elements: Int) -> Int {
    guard let memoryLimit else { return workerCount }
    return max(
      min(workerCount, (memoryLimit - fixedBytes) / (perWorker + 2 * elements * MemoryLayout<Float>.stride)), 1)
  }

  /// - Parameters:
  ///   - shared: bytes beside the network as it was read, whatever the number of workers.
  ///   - perWorker: bytes of each worker.
  ///   - mostWorkers: as many as there are processors.
  ///   - memoryLimit: the most bytes that the rank may hold, or `nil`.
  ///   - what: what is done, as an error says it.
  /// - Throws: `SearchError` when the limit has no room for one worker.
  private init(
    _ preparation: Preparation, shared: Int, perWorker: Int, mostWorkers: Int, memoryLimit: Int?, to what: String
  ) throws(SearchError) {
    let samples = preparation.samples
    let fixed = MemoryForecast.process + preparation.weightBytes + shared + samples.fixed
    let perWorker = perWorker + samples.perWorker
    if let memoryLimit, memoryLimit < fixed + perWorker {
      throw SearchError(
        .configuration, file: preparation.configuration.file,
        "--memory-limit: \(MemoryForecast.mebibytes(memoryLimit)) MiB, but to \(what) a rank needs at least "
          + "\(MemoryForecast.mebibytes(fixed + perWorker)) MiB")
    }
    (self.perWorker, self.memoryLimit) = (perWorker, memoryLimit)
    let fitting = memoryLimit.map { max(($0 - fixed) / max(perWorker, 1), 1) } ?? mostWorkers
    let workers = min(fitting, max(mostWorkers, 1))
    forecast = MemoryForecast(
      reading: MemoryForecast.reading(preparation), compiling: 0, steady: fixed + workers * perWorker, workers: workers
    ).keeping(samples, memoryLimit)
    fixedBytes = fixed
  }

  /// Of changed networks: each worker has one compiled for itself, with a copy of the weights that the change touches, at
  /// the most of all.
  init(
    evaluating subject: VariantSubject, _ preparation: Preparation, mostWorkers: Int, memoryLimit: Int?
  ) throws {
    let one = try subject.model(of: .original, loss: subject.comparedLoss).program.memory
    try self.init(
      preparation, shared: 0, perWorker: one.shared + one.perExecutor + preparation.weightBytes,
      mostWorkers: mostWorkers, memoryLimit: memoryLimit, to: "evaluate a changed network")
  }

  /// Of one compiled network whose values are looked at.
  /// - Parameter elements: of these values in one run, which a worker has a copy of.
  init(
    observing model: ForwardModel, elements: Int, _ preparation: Preparation, mostWorkers: Int, memoryLimit: Int?
  ) throws {
    let one = model.program.memory
    try self.init(
      preparation, shared: one.shared, perWorker: one.perExecutor + elements * MemoryLayout<Float>.stride,
      mostWorkers: min(mostWorkers, preparation.plan.shards.count), memoryLimit: memoryLimit,
      to: "look at a network's activations")
  }

  /// Of what layers answer: each worker has compiled what a batch of layers needs, and holds their sums.
  init(
    answering plan: ResponsePlan, _ subject: VariantSubject, _ preparation: Preparation, mostWorkers: Int,
    memoryLimit: Int?
  ) throws {
    let largest = plan.batches.max { plan.bytes($0) < plan.bytes($1) } ?? 0..<0
    let inputs = largest.map { plan.layers[$0].input }
    let one = try subject.model(of: .original, loss: nil, outputs: inputs.isEmpty ? nil : inputs).program.memory
    try self.init(
      preparation, shared: 0, perWorker: one.shared + one.perExecutor + plan.bytes(largest), mostWorkers: mostWorkers,
      memoryLimit: memoryLimit, to: "look at the responses of layers")
  }
}
