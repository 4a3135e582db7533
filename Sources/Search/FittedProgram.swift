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
      let nobody = forecast(MemoryRequirement(shared: shared, perExecutor: 0), 0)
      let left = max(memoryLimit - nobody.steady, 0)
      var workers = mostWorkers
      var tight: Program
      do {
        tight = try compile(left / workers)
      } catch {
        guard case .tooLarge(let least) = error.kind else { throw error }
        workers = min(left / least, mostWorkers)
        guard workers > 0, nobody.bytes <= memoryLimit else {
          let one = forecast(MemoryRequirement(shared: shared, perExecutor: least), 1)
          throw SearchError(
            .configuration, file: configuration.file,
            "--memory-limit: \(MemoryForecast.mebibytes(memoryLimit)) MiB, but \(holder) needs at least \(MemoryForecast.mebibytes(one.bytes)) MiB"
          )
        }
        tight = try compile(left / workers)
      }
      let limited = forecast(memory(tight), workers)
      guard limited.bytes <= memoryLimit else {
        throw SearchError(
          .configuration, file: configuration.file,
          "--memory-limit: \(MemoryForecast.mebibytes(memoryLimit)) MiB, but reading the model takes \(MemoryForecast.mebibytes(limited.bytes)) MiB"
        )
      }
      (program, workerCount, self.forecast) = (tight, workers, limited)
    } catch let error as ExecutionError {
      throw SearchError(error, in: configuration)
    }
  }
}
