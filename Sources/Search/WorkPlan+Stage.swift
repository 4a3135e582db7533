import Configuration
import Execution
import MessagePassing
import Networks
import Pipelining

extension WorkPlan {
  /// Plans the work of a rank that holds one stage.
  /// - Parameters:
  ///   - package: the stage.
  ///   - removed: by group the units that the network is measured without.
  ///   - mostWorkers: as many as there are processors and shards.
  ///   - memoryLimit: the most bytes that the rank may hold, or `nil`.
  /// - Throws: `SearchError` when the stage cannot be run, or not within the limit.
  init(
    _ preparation: Preparation, stage package: StagePackage, of grid: RankGrid, rank: Int, _ backend: any StagedBackend,
    mostWorkers: Int, memoryLimit: Int?
  ) throws {
    let firstRank = grid.firstRank(of: rank)
    let shards = preparation.plan.shards.count
    let fitted = try FittedProgram(stage: package, preparation, backend, mostWorkers: mostWorkers, memoryLimit) {
      MemoryForecast(
        preparation, package, $0, $1, workers: $2, batches: grid.batchCount(workers: $2, shards: shards),
        heads: rank == 0 ? grid.batches : 0)
    }
    workerCount = fitted.workerCount
    forecast = package.stage == 0 ? fitted.forecast.keeping(preparation.samples, memoryLimit) : fitted.forecast
    guard package.stage == 0 else {
      program = nil
      batchCount = 0
      stage = StageWork(
        fitted.program, of: package, firstRank: firstRank, threads: fitted.workerCount, preparation.configuration)
      return
    }
    let first = StageWork.first(
      fitted.program, of: package, firstRank: firstRank, executors: fitted.workerCount, preparation.configuration)
    program = first.program
    batchCount = grid.batchCount(workers: fitted.workerCount, shards: shards)
    stage = first.work
  }
}

extension FittedProgram<any StageProgram> {
  /// Compiles a stage.
  init(
    stage package: StagePackage, _ preparation: Preparation, _ backend: any StagedBackend, mostWorkers: Int,
    _ memoryLimit: Int?,
    forecast: (_ memory: MemoryRequirement, _ traffic: StageTraffic, _ workers: Int) -> MemoryForecast
  ) throws {
    var traffic = StageTraffic(valuesIn: 0, valuesOut: 0, gradientsIn: 0, gradientsOut: 0)
    try self.init(
      mostWorkers: mostWorkers, memoryLimit: memoryLimit,
      of: "a rank with stage \(package.stage + 1) of \(package.stages.count)", preparation.configuration
    ) { limit throws(ExecutionError) in
      let program = try package.program(on: backend, executorLimit: limit)
      traffic = program.traffic
      return program
    } memory: {
      $0.memory
    } forecast: { memory, workers in
      forecast(memory, traffic, workers)
    }
  }
}

extension MemoryForecast {
  /// The forecast of a rank that holds one stage.
  /// - Parameters:
  ///   - batches: those that its group has under way.
  ///   - heads: at rank 0, which reads the model, the ranks that send it results; 0 elsewhere.
  init(
    _ preparation: Preparation, _ package: StagePackage, _ requirement: MemoryRequirement, _ traffic: StageTraffic,
    workers: Int, batches: Int, heads: Int
  ) {
    let network = package.request.network
    let weights = network.constantBytes
    // Messages are there twice for a moment: as they are made and as they are sent, as they come and as they are read.
    let passing = 2 * (traffic.valuesIn + traffic.valuesOut + traffic.gradientsIn + traffic.gradientsOut)
    // The samples that come into the first stage are counted for every batch under way, as wherever samples are read.
    let held = MemoryRequirement(
      shared: requirement.shared + workers * (requirement.perExecutor + passing), perExecutor: traffic.valuesIn)
    let whole = MemoryForecast(preparation, held, ranks: heads, workers: batches)
    self.workers = workers
    guard heads > 0 else {
      // The weights of the stage are there as they came, then also packed.
      reading = MemoryForecast.process + weights
      compiling = MemoryForecast.process + weights + requirement.shared
      steady =
        package.stage == 0 ? whole.steady : MemoryForecast.process + held.shared + batches * held.perExecutor
      return
    }
    // Those of the whole network as the file has them and as they are read, then as the model has them and folded; one of
    // them is changed at a time. Further steps begin with what the model has.
    let constants = network.values.lazy.filter { $0.constant != nil }.map {
      $0.shape.count * MemoryLayout<Float>.stride
    }
    let kept = preparation.configuration.solver.iterations > 1 ? preparation.weightBytes : 0
    reading =
      MemoryForecast.process + 2 * max(preparation.modelBytes, preparation.weightBytes) + (constants.max() ?? 0)
    compiling = MemoryForecast.process + kept + weights + requirement.shared
    steady = whole.steady + kept
  }
}
