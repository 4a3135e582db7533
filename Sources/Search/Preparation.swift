import Allocation
import Channels
import Configuration
import Execution
import Networks
import Sensitivity
import Surgery

/// Everything that is known before anything is measured: a pure function of configuration, model and data headers.
struct Preparation {
  private(set) var configuration: SearchConfiguration
  private(set) var analysis: NetworkAnalysis
  /// Samples that run at a time.
  let runSize: Int
  /// Bytes of the weights as the model holds them.
  let weightBytes: Int
  private(set) var criterion: TaylorCriterion
  let layout: SensitivityLayout
  /// The loss made ready for the network; `nil` where there are no samples.
  let loss: LossFunction?
  /// How the rows of a joint loss, or of an influence function, are kept; `nil` where there is neither.
  private(set) var rows: UnitRows.Form?
  /// The network that is measured; `nil` once it is compiled for the last time, as it holds the weights a second time.
  private(set) var network: Network?
  let plan: ShardPlan
  let data: MatchedData
  /// Bytes of the model's files.
  let modelBytes: Int
  /// The extents of one sample, by input.
  let sampleShapes: [String: [Int]]
  /// What the samples take beside the images that stay.
  let samples: MatchedData.Memory
  /// What of the data is allowed and hardly meant.
  let remarks: [String]
  /// Whether samples have a class, so that an accuracy can be told.
  let hasClasses: Bool
  /// By target what its metric can come down to; empty at other ranks than 0.
  private(set) var ranges: [CostRange]

  /// Whether the rows stay behind the search: the loss of sets is made from them.
  var keepsRows: Bool { rows != nil && configuration.sensitivity.method != .influence }

  var structure: ChannelStructure { analysis.solving.structure }
  var costs: CostModel { analysis.solving.costs }
  var space: SearchSpace { analysis.solving.space }

  /// Brings configuration, model and data together and checks them against each other.
  ///
  /// That includes the target: what cannot be reached is told before anything is computed.
  /// - Parameter isSolving: whether this rank solves: it alone reads the table of latencies and checks the target.
  init(
    _ configuration: SearchConfiguration, model message: consuming [UInt8], _ format: any ModelFormat, isSolving: Bool
  ) throws {
    let modelBytes = message.count
    let calibration = try CalibrationData.opened(configuration)
    let network = try format.decode(message, sampleShapes: calibration?.sampleShapes ?? [:])
      .runnableNetwork(batchSize: Preparation.batchSize(configuration, calibration))
    // Unless the caller keeps it: what follows needs as much memory again.
    _ = consume message
    try self.init(configuration, calibration, network, nil, modelBytes: modelBytes, isSolving: isSolving)
  }

  /// The same at a rank that is to hold one stage: it has no weights.
  init(_ configuration: SearchConfiguration, _ outline: NetworkOutline) throws {
    try self.init(
      configuration, try CalibrationData.opened(configuration), outline.network, outline.execution, modelBytes: 0,
      isSolving: false)
  }

  /// - Parameter outline: what the network is compiled for, where it is an outline itself.
  private init(
    _ configuration: SearchConfiguration, _ calibration: CalibrationData?, _ network: Network,
    _ outline: ExecutionRequest?, modelBytes: Int, isSolving: Bool
  ) throws {
    self.configuration = configuration
    self.modelBytes = modelBytes
    sampleShapes = calibration?.sampleShapes ?? [:]
    self.network = outline == nil ? network : nil
    self.runSize = network.batchSize
    weightBytes = network.constantBytes
    try Preparation.checkWeights(network, file: configuration.model.path)
    let latency = isSolving ? try configuration.latencyTable.map { try LatencyTable(reading: $0.path) } : nil
    analysis = try NetworkAnalysis(network, configuration, latency: latency)
    let structure = analysis.solving.structure
    let loss = Loss(configuration.loss)
    data = try calibration?.matched(to: network, loss: loss) ?? .none
    samples = data.memory(runSize: runSize)
    remarks = calibration?.remarks ?? []
    switch data.labels {
    case .classes(_, perSample: 1, _), .listed: hasClasses = true
    default: hasClasses = false
    }
    layout = SensitivityLayout(structure)
    do {
      let request =
        outline
        ?? LayerExecution(
          network, structure, loss: loss, weighs: configuration.sensitivity.goesByWeightGradients
        ).request
      self.loss = calibration == nil ? nil : try request.lossFunction()
    } catch {
      throw SearchError(error, in: configuration)
    }
    criterion = TaylorCriterion(configuration.sensitivity, self.loss)
    plan = ShardPlan(
      sampleCount: calibration?.sampleCount ?? 0, batchSize: Preparation.batchSize(configuration, calibration))
    rows = try Preparation.rows(criterion, configuration, layout, plan)
    ranges = []
    try ResultFiles.checkNames(structure, file: configuration.model.path)
    try check(isSolving: isSolving)
  }

  /// Samples per batch: at most as many as there are.
  private static func batchSize(_ configuration: SearchConfiguration, _ calibration: CalibrationData?) -> Int {
    min(configuration.batchSize, calibration?.sampleCount ?? 1)
  }
}

extension Preparation {
  /// The same network and data for another criterion, another solver or other targets.
  /// - Parameter other: asks for nothing else.
  /// - Throws: what of it does not go with the network or the data.
  func changed(to other: SearchConfiguration, isSolving: Bool) throws -> Preparation {
    var changed = self
    changed.configuration = other
    changed.analysis = analysis.changed(to: other)
    changed.criterion = TaylorCriterion(other.sensitivity, loss)
    changed.rows = try Preparation.rows(changed.criterion, other, layout, plan)
    try changed.check(isSolving: isSolving)
    return changed
  }

  /// Checks criterion, solver and targets against network and data.
  private mutating func check(isSolving: Bool) throws {
    try configuration.checkTarget()
    try configuration.checkErrorBars()
    if case .second(.ranked) = criterion, configuration.loss == .meanSquaredError || loss?.positions ?? 1 > 1 {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.sensitivity: labels by rank need a network that predicts one class per sample; "
          + "\"set_loss\": \"joint\" with \"curvature_labels\": \"drawn\" does not")
    }
    if !configuration.sensitivity.method.isExpansion {
      if configuration.solver.iterations > 1 {
        throw SearchError(
          .configuration, file: configuration.file,
          "$.solver.iterations: \"\(configuration.sensitivity.method.rawValue)\" scores the whole network, not what a step has left of it: expected 1"
        )
      }
    } else if configuration.sensitivity.method == .influence {
      let samples = plan.batches.last?.upperBound ?? 0
      if samples < configuration.sensitivity.holdoutEvery {
        throw SearchError(
          .configuration, file: configuration.file,
          "$.sensitivity.holdout_every: one in \(configuration.sensitivity.holdoutEvery) of \(samples) samples is none"
        )
      }
    } else if plan.shards.count == 1 || rows?.isSketch == true {
      let why = plan.shards.count == 1 ? "the calibration samples make one batch" : "the samples are kept as a sketch"
      if configuration.sensitivity.bootstrap > 0 {
        throw SearchError(
          .configuration, file: configuration.file, "$.sensitivity.bootstrap: \(why), so there is nothing to resample")
      }
      if configuration.solver.robust {
        throw SearchError(
          .configuration, file: configuration.file, "$.solver.robust: \(why), so there are no error bars")
      }
    }
    if isSolving { try PluginProgram.check(configuration) }
    if isSolving, let saved = configuration.measured.savedScores {
      _ = try EvaluationScores.Stored(reading: saved.path)
    }
    ranges = isSolving ? try analysis.ranges() : []
  }
}

extension Preparation {
  /// Gives up the weights, once the network is compiled.
  mutating func releaseWeights() { network = nil }

  /// What is compiled to measure the network without some of its units.
  /// - Parameter removed: by group; empty for none.
  /// - Precondition: the weights are still there.
  func execution(without removed: [[Int]]) throws -> LayerExecution {
    guard let network else { preconditionFailure("the weights were given up") }
    let loss = Loss(configuration.loss)
    let weighs = configuration.sensitivity.goesByWeightGradients
    guard removed.contains(where: { !$0.isEmpty }) else {
      return LayerExecution(network, structure, loss: loss, weighs: weighs)
    }
    do {
      let inputs = try ChannelRemoval(removed.map { Set($0) }, from: structure).removedInputs
      let cut = LayerCut(structure.layers, inputs: inputs, outputs: [])
      return LayerExecution(network.masking(inputs: cut.inputs), structure, loss: loss, weighs: weighs)
    } catch {
      throw SearchError(.program, file: configuration.model.path, "\(error)")
    }
  }

  /// Reads the arrays and labels of all samples that are used, and finds what is wrong with them.
  func checkValues() throws { try data.checkValues(of: plan.batches.last?.upperBound ?? 0) }

  /// Finds weights that are no numbers: losses would be none and the data would be blamed, or an activation would hide it.
  private static func checkWeights(_ network: Network, file: String) throws {
    for node in network.nodes where node.operation.hasParameters {
      for case let id? in node.inputs.dropFirst() {
        let isFinite: Bool
        switch network[id].constant?.elements {
        case .float(let values): isFinite = values.allSatisfy(\.isFinite)
        case .double(let values): isFinite = values.allSatisfy(\.isFinite)
        case .integer, nil: isFinite = true
        }
        guard isFinite else {
          throw SearchError(
            .badContent, file: file, "node '\(node.name)': '\(network[id].name)' has elements that are not finite")
        }
      }
      guard case .batchNormalization(let epsilon) = node.operation, let variance = node.inputs.last.flatMap({ $0 })
      else { continue }
      for (channel, value) in (network[variance].constant?.doubles ?? []).enumerated() where value + epsilon <= 0 {
        throw SearchError(
          .badContent, file: file,
          "node '\(node.name)': '\(network[variance].name)' is \(value) in channel \(channel), expected a variance above \(-epsilon)"
        )
      }
    }
  }
}

extension Operation {
  /// Whether all operands but the first are weights or statistics, which have to be numbers; a mask need not be.
  fileprivate var hasParameters: Bool {
    switch self {
    case .convolution, .convolutionTranspose, .linear, .batchNormalization, .layerNormalization, .groupNormalization:
      true
    default: false
    }
  }
}

extension Network {
  /// Bytes of its constants.
  var constantBytes: Int {
    values.reduce(0) { sum, value in
      switch value.constant?.elements {
      case .float(let elements): sum + elements.count * MemoryLayout<Float>.stride
      case .double(let elements): sum + elements.count * MemoryLayout<Double>.stride
      case .integer(let elements): sum + elements.count * MemoryLayout<Int64>.stride
      case nil: sum
      }
    }
  }
}

extension Loss {
  /// The loss that a configuration asks for.
  init(_ loss: SearchConfiguration.Loss) {
    switch loss {
    case .crossEntropy: self = .crossEntropy
    case .meanSquaredError: self = .meanSquaredError
    case .agreement: self = .agreement
    }
  }
}

extension TaylorCriterion {
  /// The criterion that a configuration asks for.
  /// - Parameter loss: `nil` where there are no samples, and so no expansion.
  init(_ sensitivity: SearchConfiguration.Sensitivity, _ loss: LossFunction?) {
    // A program of the user's is given sums of the samples' values and of their squares; units to be removed one by one
    // are chosen by the squares.
    if [.influence, .external, .ablation].contains(sensitivity.method) {
      self = .second(.fisher)
      return
    }
    if let whole = FirstOrder(sensitivity.method, sensitivity) {
      self = .first(whole)
      return
    }
    guard sensitivity.order == 1 else {
      guard let loss else { preconditionFailure("an expansion has a loss") }
      switch (sensitivity.curvature, sensitivity.curvatureLabels) {
      case (.fisher, _): self = .second(.fisher)
      case (.gaussNewton, .drawn):
        let positions = loss.isCrossEntropy ? loss.positions : 1
        self = .second(.drawn(count: sensitivity.draws, seed: UInt64(sensitivity.seed), positions: positions))
      case (.gaussNewton, .ranked): self = .second(.ranked(count: min(sensitivity.classes, loss.classes)))
      }
      return
    }
    let reduction: Reduction
    switch sensitivity.reduction {
    case .meanAbs: reduction = .meanAbs
    case .absMean: reduction = .absMean
    case .meanSquare: reduction = .meanSquare
    case .weightMagnitudes: reduction = .weightMagnitudes
    }
    self = .first(
      FirstOrder(
        reduction: reduction, level: sensitivity.level == .batch ? .batch : .sample,
        groupReduction: GroupReduction(sensitivity.groupReduction), site: Site(sensitivity.site)))
  }
}

extension TaylorCriterion.FirstOrder {
  /// What a method of one spelling alone is; `nil` for others.
  fileprivate init?(
    _ method: SearchConfiguration.Sensitivity.Method, _ sensitivity: SearchConfiguration.Sensitivity
  ) {
    switch method {
    case .fisher:
      self.init(
        reduction: .halfMeanSquare, level: .sample,
        groupReduction: TaylorCriterion.GroupReduction(sensitivity.groupReduction))
    case .snip:
      self.init(reduction: .connectionShare, level: .batch, site: TaylorCriterion.Site(sensitivity.site))
    default: return nil
    }
  }
}

extension TaylorCriterion.GroupReduction {
  fileprivate init(_ reduction: SearchConfiguration.Sensitivity.GroupReduction) {
    switch reduction {
    case .sum: self = .sum
    case .sumOfAbsolutes: self = .sumOfAbsolutes
    }
  }
}

extension TaylorCriterion.Site {
  fileprivate init(_ site: SearchConfiguration.Sensitivity.Site) {
    switch site {
    case .producer: self = .producer
    case .consumer: self = .consumer
    case .members: self = .members
    }
  }
}

extension Preparation {
  /// How the rows of the curvature are kept: whole, or where they would take more than 256 MiB as a sketch.
  private static func rows(
    _ criterion: TaylorCriterion, _ configuration: SearchConfiguration, _ layout: SensitivityLayout, _ plan: ShardPlan
  ) throws -> UnitRows.Form? {
    let isInfluence = configuration.sensitivity.method == .influence
    guard case .second(let curvature) = criterion, isInfluence || configuration.sensitivity.setLoss != .additive else {
      return nil
    }
    let samples = plan.shards.map { $0.reduce(0) { $0 + plan.batches[$1].count } }.max() ?? 0
    let perShard = samples * curvature.rowsPerSample
    let limit = max(mostRowNumbers / max(layout.unitCount, 1), leastSketch)
    let fits = perShard * plan.shards.count <= limit
    func refuseSketch(_ place: String, _ advice: String) throws {
      guard !fits else { return }
      throw SearchError(
        .configuration, file: configuration.file,
        "$.sensitivity.\(place) would keep \(perShard * plan.shards.count) rows of \(layout.unitCount) "
          + "numbers, at most \(limit) rows are kept; use \(advice)")
    }
    if isInfluence {
      try refuseSketch("method: \"influence\"", "fewer samples")
    } else if configuration.sensitivity.setLoss == .logits {
      try refuseSketch("set_loss: \"logits\"", "fewer samples or classes, or \"joint\"")
      return .plain(perShard: perShard)
    }
    return fits
      ? .weighted(perShard: perShard)
      : .sketch(rows: min(limit, mostSketch), seed: UInt64(configuration.sensitivity.seed))
  }

  private static let mostRowNumbers = 1 << 26
  private static let leastSketch = 64
  private static let mostSketch = 1024
}
