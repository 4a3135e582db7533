import Channels
import Configuration
import Execution
import Sensitivity

/// What a rank's work for a criterion takes, told before anything is measured.
struct WorkForecast {
  /// The memory of a rank.
  let memory: MemoryForecast
  /// What the most of the time goes into.
  let work: Work

  /// What is run, again and again.
  enum Work {
    /// The network forward and back, over the samples of every shard.
    case tables(any ExecutionProgram)
    /// The network forward, so many times over all samples.
    case forward(ForwardModel, passes: Int)
    /// No sample.
    case nothing
  }

  /// Compiles what a rank would run.
  /// - Parameters:
  ///   - ranks: at rank 0 all that send it results; 0 elsewhere.
  ///   - mostWorkers: as many as there are processors.
  ///   - memoryLimit: the most bytes that the rank may hold, or `nil`.
  /// - Throws: `SearchError` when the network cannot be run, or not within the limit.
  init(
    _ preparation: Preparation, _ backend: any ExecutionBackend, ranks: Int, mostWorkers: Int, memoryLimit: Int?
  ) throws {
    let sensitivity = preparation.configuration.sensitivity
    guard !sensitivity.isOfWeights else {
      memory = try MemoryForecast(ofWeights: preparation, mostWorkers: mostWorkers, memoryLimit: memoryLimit)
      work = .nothing
      return
    }
    if sensitivity.method.isExpansion || sensitivity.inputs.contains(.gradients) {
      let plan = try WorkPlan(
        preparation, backend, ranks: ranks, mostWorkers: min(mostWorkers, preparation.plan.shards.count),
        memoryLimit: memoryLimit)
      guard let program = plan.program else { preconditionFailure("a rank that holds the whole network runs it") }
      (memory, work) = (plan.forecast, .tables(program))
      return
    }
    let subject = VariantSubject(
      configuration: preparation.configuration, backend: backend,
      network: try preparation.execution(without: []).request.network,
      data: try CalibrationData(preparation.configuration))
    let model = try subject.model(of: .original, loss: subject.comparedLoss)
    let fitting = try EvaluationMemory(
      subject, weightBytes: preparation.weightBytes, mostWorkers: mostWorkers, memoryLimit: memoryLimit)
    memory = MemoryForecast(
      preparation, evaluating: model.program.memory, workers: min(fitting.workerCount, preparation.plan.shards.count))
    work = .forward(
      model, passes: sensitivity.method == .ablation ? 1 + AblationPlan(preparation).variantCount : 1)
  }
}

extension MemoryForecast {
  /// The forecast for workers that each have a changed network compiled for themselves.
  init(_ preparation: Preparation, evaluating requirement: MemoryRequirement, workers: Int) {
    let each = EvaluationMemory.bytesPerWorker(requirement, weightBytes: preparation.weightBytes)
    self.init(
      reading: MemoryForecast.reading(preparation), compiling: 0,
      steady: MemoryForecast.process + preparation.weightBytes + workers * each, workers: workers)
  }

  /// The forecast for workers that each have the filters of one layer in hand; nothing is compiled.
  /// - Throws: `SearchError` when the limit has no room for one.
  init(ofWeights preparation: Preparation, mostWorkers: Int, memoryLimit: Int?) throws(SearchError) {
    let largest =
      preparation.structure.layers.map { layer in
        layer.outputs * layer.inputs / max(layer.isDepthwise ? layer.inputs : layer.convolutionGroups, 1)
          * layer.kernelElements * MemoryLayout<Double>.stride
      }.max() ?? 0
    func forecast(_ workers: Int) -> MemoryForecast {
      MemoryForecast(
        reading: MemoryForecast.reading(preparation), compiling: 0,
        steady: MemoryForecast.process + preparation.weightBytes + workers * largest, workers: workers)
    }
    let fitting = (1...max(mostWorkers, 1)).last { forecast($0).bytes <= memoryLimit ?? .max }
    guard let fitting else {
      throw SearchError(
        .configuration, file: preparation.configuration.file,
        "--memory-limit: \(MemoryForecast.mebibytes(memoryLimit ?? .max)) MiB, but to score the weights a rank needs at "
          + "least \(MemoryForecast.mebibytes(forecast(1).bytes)) MiB")
    }
    self = forecast(fitting)
  }
}
