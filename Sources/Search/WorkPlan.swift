import Configuration
import Execution
import Networks
import Sensitivity

/// How a rank measures: the compiled network, the workers that run it, and the memory that this takes.
struct WorkPlan {
  /// The network compiled; all workers run it.
  let program: any ExecutionProgram
  /// Batches that are computed at a time.
  let workerCount: Int
  /// What it takes.
  let forecast: MemoryForecast

  /// Plans the work of one rank.
  ///
  /// Within a limit, values are first computed twice, which costs a third of the time, before there are fewer workers.
  /// Neither changes a result.
  /// - Parameters:
  ///   - mostWorkers: as many as there are processors and shards.
  ///   - memoryLimit: the most bytes that the rank may hold, or `nil`.
  /// - Throws: `SearchError` when the network cannot be run, or not within the limit.
  init(_ preparation: Preparation, _ backend: any ExecutionBackend, mostWorkers: Int, memoryLimit: Int?) throws {
    let request = preparation.execution.request
    do {
      let program = try backend.program(for: request, executorLimit: nil)
      let forecast = MemoryForecast(preparation, program.memory, workers: mostWorkers)
      guard let memoryLimit, forecast.bytes > memoryLimit else {
        (self.program, workerCount, self.forecast) = (program, mostWorkers, forecast)
        return
      }
    } catch {
      throw SearchError(error, in: preparation.configuration)
    }
    let limit = memoryLimit ?? .max
    var least = Int.max
    for workers in stride(from: mostWorkers, through: 1, by: -1) {
      do {
        let shared = try backend.program(for: request, executorLimit: nil).memory.shared
        let fixed = MemoryForecast(preparation, MemoryRequirement(shared: shared, perExecutor: 0), workers: workers)
        let program = try backend.program(for: request, executorLimit: max(limit - fixed.steady, 0) / workers)
        let forecast = MemoryForecast(preparation, program.memory, workers: workers)
        least = min(least, forecast.bytes)
        guard forecast.bytes <= limit else { continue }
        (self.program, workerCount, self.forecast) = (program, workers, forecast)
        return
      } catch {
        guard case .tooLarge(let executor) = error.kind else {
          throw SearchError(error, in: preparation.configuration)
        }
        let shared = try? backend.program(for: request, executorLimit: nil).memory.shared
        let requirement = MemoryRequirement(shared: shared ?? 0, perExecutor: executor)
        least = min(least, MemoryForecast(preparation, requirement, workers: workers).bytes)
      }
    }
    throw SearchError(
      .configuration, file: preparation.configuration.file,
      "--memory-limit: \(MemoryForecast.mebibytes(limit)) MiB, but one worker needs at least \(MemoryForecast.mebibytes(least)) MiB"
    )
  }
}

/// The memory of a rank, told before it computes.
public struct MemoryForecast: Hashable, Sendable {
  /// While the model is read its bytes, its parsed form and its weights are there together.
  public let reading: Int
  /// While batches run: weights as read and packed, and what every worker holds.
  public let steady: Int
  /// The batches that run at a time.
  public let workers: Int

  /// The program itself, its libraries, the message passing and the kernels that oneDNN generates.
  private static let process = 56 << 20

  /// The forecast for a number of workers.
  init(_ preparation: Preparation, _ requirement: MemoryRequirement, workers: Int) {
    var weights = 0
    for value in preparation.network.values {
      switch value.constant?.elements {
      case .float(let elements): weights += elements.count * MemoryLayout<Float>.stride
      case .double(let elements): weights += elements.count * MemoryLayout<Double>.stride
      case .integer(let elements): weights += elements.count * MemoryLayout<Int64>.stride
      case nil: break
      }
    }
    let tables =
      preparation.plan.shards.count * ShardTable.packedCount(preparation.layout) * MemoryLayout<Double>.stride
    reading = MemoryForecast.process + 2 * preparation.modelBytes + weights
    steady = MemoryForecast.process + weights + requirement.shared + workers * requirement.perExecutor + tables
    self.workers = workers
  }

  /// Bytes at the most.
  public var bytes: Int { max(reading, steady) }

  /// Bytes as people read them, rounded up.
  public static func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
}
