import Configuration
import Execution
import Networks
import Sensitivity
import WorkSharing

/// How a rank measures: the compiled network, the workers that run it, and the memory that this takes.
struct WorkPlan {
  /// The network compiled; all workers run it. `nil` at a rank that holds a later stage of it, and takes no shards.
  let program: (any ExecutionProgram)?
  /// Batches that are computed at a time.
  let workerCount: Int
  /// Batches that are under way at a time: more where other ranks hold stages of the network.
  let batchCount: Int
  /// What it takes.
  let forecast: MemoryForecast
  /// The stage that this rank holds; `nil` where it holds the whole network.
  let stage: StageWork?

  /// Plans the work of one rank.
  ///
  /// Within a limit, values are first computed twice, which costs a third of the time, before there are fewer workers.
  /// Neither changes a result.
  /// - Parameters:
  ///   - removed: by group the units that the network is measured without; empty for none.
  ///   - ranks: at rank 0 all that send it results; 0 elsewhere.
  ///   - mostWorkers: as many as there are processors and shards.
  ///   - memoryLimit: the most bytes that the rank may hold, or `nil`.
  /// - Throws: `SearchError` when the network cannot be run, or not within the limit.
  init(
    _ preparation: Preparation, without removed: [[Int]] = [], _ backend: any ExecutionBackend, ranks: Int,
    mostWorkers: Int, memoryLimit: Int?
  ) throws {
    let request = try preparation.execution(without: removed).request
    let fitted = try FittedProgram(
      mostWorkers: mostWorkers, memoryLimit: memoryLimit, of: "a rank", preparation.configuration
    ) { limit throws(ExecutionError) in
      try backend.program(for: request, executorLimit: limit)
    } memory: {
      $0.memory
    } forecast: { memory, workers in
      MemoryForecast(preparation, memory, ranks: ranks, workers: workers)
    }
    program = fitted.program
    workerCount = fitted.workerCount
    batchCount = fitted.workerCount
    forecast = fitted.forecast.keeping(preparation.samples, memoryLimit)
    stage = nil
  }
}

/// The memory of a rank, told before it computes.
public struct MemoryForecast: Hashable, Sendable {
  /// While the model is read its bytes, its parsed form and its weights are there together.
  public let reading: Int
  /// While the network is compiled: weights as read and packed.
  public let compiling: Int
  /// While batches run: packed weights, and what every worker holds.
  public let steady: Int
  /// The batches that run at a time.
  public let workers: Int

  /// The program itself, its libraries, the message passing and the kernels that oneDNN generates.
  static let process = 56 << 20

  /// The forecast for a number of workers.
  /// - Parameter ranks: at rank 0 all that send it results, each with as many workers; 0 elsewhere.
  init(_ preparation: Preparation, _ requirement: MemoryRequirement, ranks: Int, workers: Int) {
    // Rows are sent a round at a time: what the workers have made, packed and gathered; and all of them stay at rank 0,
    // by sample and by unit.
    let table = PackedShardTable.count(preparation.layout, preparation.criterion)
    let rows = preparation.rows.map { $0.rowCount * preparation.layout.unitCount } ?? 0
    let isSketch = preparation.rows?.isSketch ?? false
    let kept = rows * (isSketch ? 4 : 3 * preparation.plan.shards.count) * MemoryLayout<Float>.stride
    // Results of other ranks that come before their turn wait at rank 0.
    let waiting =
      ranks < 2
      ? 0
      : min(
        preparation.plan.shards.count,
        WorkSession.window(length: table + rows, workers: ranks * max(workers, 1)))
    let tables =
      ((preparation.plan.groupCount + 4 * max(workers, 1) + waiting) * table
        + (3 * max(workers, 1) + waiting) * rows)
      * MemoryLayout<Double>.stride + kept
    reading = MemoryForecast.reading(preparation)
    compiling = MemoryForecast.process + preparation.weightBytes + requirement.shared
    steady =
      MemoryForecast.process + requirement.shared + workers * requirement.perExecutor + tables
      + preparation.samples.fixed + workers * preparation.samples.perWorker
    self.workers = workers
  }

  init(reading: Int, compiling: Int, steady: Int, workers: Int) {
    (self.reading, self.compiling, self.steady, self.workers) = (reading, compiling, steady, workers)
  }

  /// The same with the decoded images that stay: as many as the limit has room for.
  func keeping(_ samples: MatchedData.Memory, _ memoryLimit: Int?) -> MemoryForecast {
    guard samples.images > 0 else { return self }
    let room = ImagePool.process.resize(to: memoryLimit.map { $0 - steady })
    return MemoryForecast(
      reading: reading, compiling: compiling, steady: steady + min(room, samples.images), workers: workers)
  }

  /// Bytes while the model is read.
  static func reading(_ preparation: Preparation) -> Int {
    process + 2 * preparation.modelBytes + preparation.weightBytes
  }

  /// Bytes at the most.
  public var bytes: Int { max(reading, compiling, steady) }

  /// Bytes as people read them, rounded up.
  public static func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
}
