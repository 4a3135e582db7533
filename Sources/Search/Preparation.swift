import Allocation
import Channels
import Configuration
import Execution
import Networks
import Sensitivity

/// Everything that is known before anything is measured: a pure function of configuration, model and data headers.
struct Preparation {
  let configuration: SearchConfiguration
  /// The network's name.
  let networkName: String
  /// Samples that run at a time.
  let runSize: Int
  /// Bytes of the weights as the model holds them.
  let weightBytes: Int
  let structure: ChannelStructure
  let costs: CostModel
  let space: SearchSpace
  let criterion: TaylorCriterion
  let layout: SensitivityLayout
  /// What is compiled; `nil` once that is done, as it holds the weights a second time.
  private(set) var execution: LayerExecution?
  let plan: ShardPlan
  let data: MatchedData
  /// Bytes of the model's files.
  let modelBytes: Int
  /// The calibration files.
  let dataPaths: [String]
  /// Whether samples have a class, so that an accuracy can be told.
  let hasClasses: Bool
  /// The largest compression ratio that the limits allow, in the target's metric; 1 without a target.
  let largestRatio: Double

  /// Brings configuration, model and data together and checks them against each other.
  ///
  /// That includes the target: what cannot be reached is told before anything is computed.
  init(_ configuration: SearchConfiguration, model message: [UInt8], _ format: any ModelFormat) throws {
    self.configuration = configuration
    modelBytes = message.count
    let calibration = try CalibrationData(configuration)
    let batchSize = min(configuration.calibration.batchSize, calibration.sampleCount)
    let model = try format.decode(message, sampleShapes: calibration.sampleShapes)
    let network = try model.runnableNetwork(batchSize: batchSize)
    networkName = network.name
    self.runSize = network.batchSize
    weightBytes = network.constantBytes
    structure = ChannelStructure(of: network)
    try Preparation.checkWeights(network, file: configuration.model.path)
    let widths = try configuration.bitWidths(of: structure.layers.map(\.identity))
    do {
      costs = try CostModel(
        structure, bits: widths.map { LayerBits(activation: $0.activation, weight: $0.weight) })
    } catch {
      throw SearchError(.badContent, file: configuration.model.path, "\(error)")
    }
    space = try SearchSpace(structure, configuration)
    let loss = Loss(configuration.loss)
    data = try calibration.matched(to: network, loss: loss)
    dataPaths = calibration.paths
    if case .classes(_, perSample: 1, _) = data.labels { hasClasses = true } else { hasClasses = false }
    criterion = TaylorCriterion(configuration.sensitivity)
    layout = SensitivityLayout(structure)
    let execution = LayerExecution(network, structure, loss: loss)
    self.execution = execution
    do {
      _ = try execution.request.lossFunction()
    } catch {
      throw SearchError(error, in: configuration)
    }
    plan = ShardPlan(sampleCount: calibration.sampleCount, batchSize: batchSize)
    let nothingKnown = structure.groups.map { [Double](repeating: 0, count: $0.unitCount) }
    let problem = try space.problem(structure, costs, configuration, losses: nothingKnown)
    do {
      try problem.checkReachable()
    } catch {
      throw SearchError(error, in: configuration)
    }
    try ResultFiles.checkNames(structure, file: configuration.model.path)
    largestRatio = configuration.target == nil ? 1 : problem.ranges.first?.largestRatio ?? 1
  }
}

extension Preparation {
  /// Gives up the weights, once the network is compiled.
  mutating func releaseWeights() { execution = nil }

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
  fileprivate var constantBytes: Int {
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

extension SearchError {
  /// An allocator's error; an unreachable requirement in the words of the configuration that asks for it.
  init(_ error: AllocationError, in configuration: SearchConfiguration) {
    guard case .infeasible(let requirement, let original, let limit, let lowest) = error else {
      // Sensitivities too large to be added up are the network's; anything else would be a mistake of this program.
      if case .notFinite = error {
        self.init(.badContent, file: configuration.model.path, "\(error)")
      } else {
        self.init(.program, file: configuration.file, "\(error)")
      }
      return
    }
    let place = requirement.split(separator: " ")[0]
    // What is named as nearest is rounded down, so that it can itself be asked for.
    if let target = configuration.target, requirement.hasPrefix("$.target") {
      let range = CostRange(original: original, lowest: lowest)
      let nearest = (range.largestRatio * 1e4).rounded(.down) / 1e4
      self.init(
        .configuration, file: configuration.file,
        "\(place): a compression ratio of \(target.compressionRatio) in \(target.metric.rawValue) cannot be reached; "
          + "with everything removed that may go the nearest is \(nearest)")
    } else {
      let asked = ((1 - limit / original) * 1e6).rounded() / 1e6
      let nearest = ((1 - lowest / original) * 1e4).rounded(.down) / 1e4
      self.init(
        .configuration, file: configuration.file,
        "\(place): a sparsity of \(asked) cannot be reached; with everything removed that may go the nearest is \(nearest)"
      )
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
  init(_ sensitivity: SearchConfiguration.Sensitivity) {
    let reduction: Reduction
    switch sensitivity.reduction {
    case .meanAbs: reduction = .meanAbs
    case .absMean: reduction = .absMean
    case .meanSquare: reduction = .meanSquare
    }
    let level: Level
    switch sensitivity.level {
    case .batch: level = .batch
    case .sample: level = .sample
    }
    self.init(reduction: reduction, level: level)
  }
}
