import Channels
import Configuration
import Execution
import Networks
import Sensitivity

/// What a rank's work for a search takes, told before anything is measured.
struct WorkForecast {
  /// The memory of a rank: of all that it does the most, with the workers that measure for the criterion.
  let memory: MemoryForecast
  /// What measuring takes most of its time for.
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
    let configuration = preparation.configuration
    let sensitivity = configuration.sensitivity
    var (parts, work) = ([MemoryForecast](), Work.nothing)
    func subject() throws -> VariantSubject {
      VariantSubject(
        configuration: configuration, backend: backend, network: try preparation.execution(without: []).request.network,
        data: try CalibrationData(configuration))
    }
    if sensitivity.isOfWeights {
      parts.append(try MemoryForecast(ofWeights: preparation, mostWorkers: mostWorkers, memoryLimit: memoryLimit))
    }
    if sensitivity.method == .ablation {
      // The model is only timed: what is forecast comes with all that evaluates networks.
      work = .forward(
        try subject().model(of: .original, loss: nil), passes: 1 + AblationPlan(preparation).variantCount)
    }
    if configuration.evaluatesNetworks || !configuration.bits.search.isEmpty || configuration.comparison != nil {
      parts.append(
        try EvaluationMemory(
          evaluating: try subject(), preparation, mostWorkers: mostWorkers, memoryLimit: memoryLimit
        ).forecast)
    }
    if [.apoz, .meanActivation].contains(sensitivity.method) || sensitivity.inputs.contains(.activations) {
      let (subject, observed) = (try subject(), try preparation.execution(without: []).request.observedActivations)
      let model = try subject.model(of: .original, loss: nil, outputs: observed.map(\.value))
      work = .forward(model, passes: 1)
      parts.insert(
        try EvaluationMemory(
          observing: model, elements: observed.reduce(0) { $0 + subject.network[$1.value].shape.count }, preparation,
          mostWorkers: mostWorkers, memoryLimit: memoryLimit
        ).forecast, at: 0)
    }
    if sensitivity.method.isLayerwise {
      let subject = try subject()
      work = .forward(try subject.model(of: .original, loss: nil), passes: 1)
      parts.insert(
        try EvaluationMemory(
          answering: ResponsePlan(preparation.structure, subject, rowLimit: sensitivity.rows), subject, preparation,
          mostWorkers: mostWorkers, memoryLimit: memoryLimit
        ).forecast, at: 0)
    }
    let isPartial = sensitivity.method == .ablation && AblationPlan(preparation).isPartial
    if sensitivity.method.isExpansion || sensitivity.inputs.contains(.gradients) || isPartial {
      let plan = try WorkPlan(
        preparation, backend, ranks: ranks, mostWorkers: min(mostWorkers, preparation.plan.shards.count),
        memoryLimit: memoryLimit)
      parts.insert(plan.forecast, at: isPartial ? parts.count : 0)
      if !isPartial, let program = plan.program { work = .tables(program) }
    }
    memory = MemoryForecast(mostOf: parts)
    self.work = work
  }
}

extension MemoryForecast {
  /// The most that each of several parts takes, one after another, with the workers of the first.
  init(mostOf parts: [MemoryForecast]) {
    self.init(
      reading: parts.map(\.reading).max() ?? 0, compiling: parts.map(\.compiling).max() ?? 0,
      steady: parts.map(\.steady).max() ?? 0, workers: parts.first?.workers ?? 1)
  }

  /// The forecast for a criterion of weights: nothing is compiled. Distances between filters are shared by workers, each
  /// with the filters of one layer in hand; all else rank 0 does alone.
  /// - Throws: `SearchError` when the limit has no room for one.
  init(ofWeights preparation: Preparation, mostWorkers: Int, memoryLimit: Int?) throws(SearchError) {
    let largest = preparation.structure.layers.map { preparation.network?.weightBytes(of: $0) ?? 0 }.max() ?? 0
    func forecast(_ workers: Int) -> MemoryForecast {
      MemoryForecast(
        reading: MemoryForecast.reading(preparation), compiling: 0,
        steady: MemoryForecast.process + preparation.weightBytes + workers * largest, workers: workers)
    }
    let isShared = preparation.configuration.sensitivity.method == .geometricMedian
    let fitting = (1...(isShared ? max(mostWorkers, 1) : 1)).last { forecast($0).bytes <= memoryLimit ?? .max }
    guard let fitting else {
      throw SearchError(
        .configuration, file: preparation.configuration.file,
        "--memory-limit: \(MemoryForecast.mebibytes(memoryLimit ?? .max)) MiB, but to look at the weights a rank needs at "
          + "least \(MemoryForecast.mebibytes(forecast(1).bytes)) MiB")
    }
    self = forecast(fitting)
  }
}

extension Network {
  /// Bytes of a layer's weights as filters are scored.
  fileprivate func weightBytes(of layer: Layer) -> Int {
    guard let weight = nodes[layer.node].inputs[1].flatMap({ self[$0].constant }) else { return 0 }
    if case .float = weight.elements { return weight.shape.count * MemoryLayout<Float>.stride }
    return weight.shape.count * MemoryLayout<Double>.stride
  }
}
