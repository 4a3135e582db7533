import Execution
import Networks
import Pipelining
import Sensitivity

/// The stages of a network compiled in one process, one after another: what each takes, told before ranks hold them.
struct StageTrial {
  /// By stage the memory of a rank that holds it; of the first that of rank 0.
  private(set) var forecasts: [MemoryForecast] = []
  /// What the slowest stage took for one run of the first samples on one worker; 0 where none was timed.
  private(set) var secondsPerRun = 0.0

  /// Compiles the stages.
  /// - Parameter isTimed: whether a batch is run through them, in steps: each time only one stage is there.
  /// - Throws: `SearchError` when a stage cannot be run, or not within the limit.
  init(
    _ preparation: Preparation, _ stages: SearchStages, mostWorkers: Int, memoryLimit: Int?, isTimed: Bool
  ) throws {
    let request = try preparation.execution(without: []).request
    let cut = try stages.stages(request, preparation)
    let shards = preparation.plan.shards.count

    func program(_ stage: Int) throws -> FittedProgram<any StageProgram> {
      let package = StagePackage(request, cut, stage: stage)
      return try FittedProgram(stage: package, preparation, stages.backend, mostWorkers: mostWorkers, memoryLimit) {
        MemoryForecast(
          preparation, package, $0, $1, workers: $2, batches: stages.grid.batchCount(workers: $2, shards: shards),
          heads: stage == 0 ? stages.grid.batches : 0)
      }
    }

    guard isTimed else {
      for stage in 0..<cut.count { forecasts.append(try program(stage).forecast) }
      return
    }
    let samples = 0..<min(preparation.runSize, preparation.plan.batches[0].count)
    let batch = try preparation.data.batch(samples, size: preparation.runSize)
    var seconds = [Double](repeating: 0, count: cut.count)
    let clock = ContinuousClock()
    do {
      var values: [[UInt8]] = [[]]
      var gradients: [UInt8] = []
      for stage in 0..<cut.count {
        let fitted = try program(stage)
        forecasts.append(fitted.forecast)
        let executor = try fitted.program.makeExecutor()
        let start = clock.now
        if stage < cut.count - 1 {
          values.append(try executor.forward(batch, values[stage]))
        } else {
          gradients = try executor.complete(batch, values[stage], gradients: []).gradients
        }
        seconds[stage] += (clock.now - start) / .seconds(1)
      }
      for stage in (0..<cut.count - 1).reversed() {
        let fitted = try program(stage)
        guard fitted.program.traffic.gradientsIn > 0 else { break }
        let executor = try fitted.program.makeExecutor()
        let start = clock.now
        gradients = try executor.complete(batch, values[stage], gradients: gradients).gradients
        seconds[stage] += (clock.now - start) / .seconds(1)
      }
    } catch let error as ExecutionError {
      throw SearchError(error, in: preparation.configuration, samples: samples)
    }
    secondsPerRun = seconds.max() ?? 0
  }
}
