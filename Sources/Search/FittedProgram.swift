import Configuration
import Execution

/// A program compiled so that it and its workers stay within a limit in memory.
struct FittedProgram<Program> {
  /// The program.
  let program: Program
  /// Batches that are computed at a time.
  let workerCount: Int
  /// What it takes.
  let forecast: MemoryForecast

  /// Compiles a program.
  ///
  /// Within a limit, values are first computed twice, which costs a third of the time, before there are fewer workers.
  /// Neither changes a result.
  /// - Parameters:
  ///   - mostWorkers: at least 1.
  ///   - memoryLimit: the most bytes that the rank may hold, or `nil`.
  ///   - holder: whom the limit is for, as errors call it.
  ///   - compile: compiles it with a limit on what an executor may hold, or none.
  /// - Throws: `SearchError` when the network cannot be run, or not within the limit.
  init(
    mostWorkers: Int, memoryLimit: Int?, of holder: String, _ configuration: SearchConfiguration,
    compile: (_ executorLimit: Int?) throws(ExecutionError) -> Program, memory: (Program) -> MemoryRequirement,
    forecast: (_ memory: MemoryRequirement, _ workers: Int) -> MemoryForecast
  ) throws {
    do {
      // Given up before another one is compiled: two would hold the packed weights twice.
      var free: Program? = try compile(nil)
      if let program = free {
        let expected = forecast(memory(program), mostWorkers)
        if expected.bytes <= memoryLimit ?? .max {
          (self.program, workerCount, self.forecast) = (program, mostWorkers, expected)
          return
        }
      }
      let (memoryLimit, shared) = (memoryLimit ?? .max, free.map { memory($0).shared } ?? 0)
      free = nil
      var least = 0
      var workers = mostWorkers
      while workers > 0 {
        let fixed = forecast(MemoryRequirement(shared: shared, perExecutor: 0), workers).steady
        let tight: Program
        do {
          tight = try compile(max(memoryLimit - fixed, 0) / workers)
        } catch {
          guard case .tooLarge(let bytes) = error.kind else { throw error }
          least = bytes
          // Compiling takes time: only for as many as there may be room for.
          repeat {
            workers -= 1
          } while workers > 0
            && forecast(MemoryRequirement(shared: shared, perExecutor: least), workers).steady > memoryLimit
          continue
        }
        let limited = forecast(memory(tight), workers)
        if limited.bytes <= memoryLimit {
          (program, workerCount, self.forecast) = (tight, workers, limited)
          return
        }
        let reading = max(limited.reading, limited.compiling)
        guard reading <= memoryLimit else {
          throw SearchError(
            .configuration, file: configuration.file,
            "--memory-limit: \(MemoryForecast.mebibytes(memoryLimit)) MiB, but reading the model takes \(MemoryForecast.mebibytes(reading)) MiB"
          )
        }
        least = memory(tight).perExecutor
        workers -= 1
      }
      let one = forecast(MemoryRequirement(shared: shared, perExecutor: least), 1)
      throw SearchError(
        .configuration, file: configuration.file,
        "--memory-limit: \(MemoryForecast.mebibytes(memoryLimit)) MiB, but \(holder) needs at least \(MemoryForecast.mebibytes(one.bytes)) MiB"
      )
    } catch let error as ExecutionError {
      throw SearchError(error, in: configuration)
    }
  }
}
