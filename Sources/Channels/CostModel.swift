public import Networks

/// What a layer costs is counted in.
public enum CostMetric: String, Hashable, Sendable, CaseIterable {
  /// FLOPs × activation bits × weight bits.
  case bitComplexity = "bit_complexity"
  /// Floating-point operations of the layers, 2 per multiply-accumulate; bias additions are not counted.
  case flops
  /// Multiply-accumulates of the layers; products of two computed matrices, which have no weights, are not counted.
  case macs
  /// Trained parameters: weights, biases, scale and shift of normalisations.
  case params
  /// Bytes of the trained parameters: weights at their bits, everything else at 32 bits; rounded up.
  case memory
  /// Bytes of what the layers give for one sample, each at the layer's activation bits; rounded up. How much is read and
  /// written, not how much is held at a time.
  case activationMemory = "activation_memory"
}

/// The widths of one layer's arithmetic.
public struct LayerBits: Hashable, Sendable {
  /// Bits of an activation.
  public let activation: Int
  /// Bits of a weight.
  public let weight: Int

  /// The widths of one layer's arithmetic.
  public init(activation: Int, weight: Int) {
    self.activation = activation
    self.weight = weight
  }
}

/// A sum of kept units: constant + Σ perUnit × kept(group).
public struct KeptChannels: Sendable {
  /// Channels that belong to no unit.
  public let constant: Int
  /// Channels that each kept unit of a group stands for; by ascending group.
  public let perUnit: [(group: Int, channels: Int)]

  init(_ units: [UnitReference?], _ structure: ChannelStructure) {
    var counts: [Int: Int] = [:]
    var constant = 0
    for unit in units {
      if let unit { counts[unit.group, default: 0] += 1 } else { constant += 1 }
    }
    self.constant = constant
    perUnit = counts.sorted { $0.key < $1.key }.map {
      (group: $0.key, channels: $0.value / structure.groups[$0.key].unitCount)
    }
  }

  /// The number of channels at given kept counts, by group.
  public func count(kept: [Int]) -> Int { perUnit.reduce(constant) { $0 + $1.channels * kept[$1.group] } }
}

/// What a layer costs, as a product of its kept inputs and outputs.
public struct LayerCost: Sendable {
  /// Kept input channels; a depthwise layer reads one per output and has the constant 1 here.
  public let inputs: KeptChannels
  /// Kept output channels.
  public let outputs: KeptChannels
  /// Positions of the kernel per sample.
  public let positions: Int
  /// Weights per pair of channels.
  public let kernelElements: Int
  /// Convolution groups that divide the pairs; 1 for a depthwise layer.
  public let divisor: Int
  /// Elements per output channel and sample.
  public let outputElements: Int
  /// Whether each output channel has a bias.
  public let hasBias: Bool

  /// Weights at given kept counts, by group.
  /// - Parameter gathered: input channels that are kept, but left out by a Gather in front of the layer.
  public func weights(kept: [Int], gathered: Int = 0) -> Int {
    kernelElements * (inputs.count(kept: kept) - gathered) * outputs.count(kept: kept) / divisor
  }

  /// Multiply-accumulates per sample at given kept counts.
  public func macs(kept: [Int], gathered: Int = 0) -> Int { positions * weights(kept: kept, gathered: gathered) }

  /// Weights and biases at given kept counts.
  public func parameters(kept: [Int], gathered: Int = 0) -> Int {
    weights(kept: kept, gathered: gathered) + (hasBias ? outputs.count(kept: kept) : 0)
  }
}

/// What a normalisation costs: parameters only.
public struct NormCost: Sendable {
  /// Kept channels.
  public let channels: KeptChannels
  /// Trained parameters of each.
  public let parametersPerChannel: Int

  /// Trained parameters at given kept counts.
  public func parameters(kept: [Int]) -> Int { parametersPerChannel * channels.count(kept: kept) }
}

/// What a network costs at any widths, exactly, in every metric.
public struct CostModel: Sendable {
  /// In the order of `ChannelStructure.layers`.
  public let layers: [LayerCost]
  /// What the normalisations are made of.
  public let norms: [NormCost]
  /// In the order of `layers`.
  public let bits: [LayerBits]
  /// Units of every group: the kept counts of the whole network.
  public let unitCounts: [Int]

  /// The costs of a network's layers.
  /// - Throws: `NetworkError` when the whole network's cost does not fit 63 bits.
  /// - Precondition: `bits` has one entry per layer.
  public init(_ structure: ChannelStructure, bits: [LayerBits]) throws(NetworkError) {
    precondition(bits.count == structure.layers.count)
    self.bits = bits
    unitCounts = structure.groups.map(\.unitCount)
    let one = KeptChannels([nil], structure)
    layers = structure.layers.map { layer in
      LayerCost(
        inputs: layer.isDepthwise ? one : KeptChannels(layer.inputUnits, structure),
        outputs: KeptChannels(layer.outputUnits, structure), positions: layer.positions,
        kernelElements: layer.kernelElements, divisor: layer.isDepthwise ? 1 : layer.convolutionGroups,
        outputElements: layer.outputShape.reduce(1, *) / max(layer.outputs, 1), hasBias: layer.hasBias)
    }
    norms = structure.norms.map {
      NormCost(channels: KeptChannels($0.units, structure), parametersPerChannel: $0.parametersPerChannel)
    }
    // Pruned networks cost less, so what fits here fits everywhere. Doubles only decide whether it is near the limit.
    for (index, layer) in layers.enumerated() {
      let factors = [
        2, layer.positions, layer.kernelElements, layer.inputs.count(kept: unitCounts),
        layer.outputs.count(kept: unitCounts),
        bits[index].activation, bits[index].weight, layers.count,
      ]
      let memory = 32.0 * 64 * Double(layer.outputElements) * Double(layer.outputs.count(kept: unitCounts))
      guard factors.reduce(1.0, { $0 * Double($1) }) < 9e18, memory * Double(layers.count) < 9e18 else {
        throw NetworkError(structure.layers[index].name, "its bit complexity does not fit 63 bits")
      }
    }
  }

  /// One layer's cost per sample at given kept counts; for `memory` and `activationMemory` in bits.
  /// - Parameter gathered: input channels that are kept, but left out by a Gather in front of the layer.
  private func amount(ofLayer index: Int, _ metric: CostMetric, kept: [Int], gathered: Int = 0) -> Int {
    let layer = layers[index]
    switch metric {
    case .bitComplexity:
      return 2 * layer.macs(kept: kept, gathered: gathered) * bits[index].activation * bits[index].weight
    case .flops: return 2 * layer.macs(kept: kept, gathered: gathered)
    case .macs: return layer.macs(kept: kept, gathered: gathered)
    case .params: return layer.parameters(kept: kept, gathered: gathered)
    case .memory:
      let weights = layer.weights(kept: kept, gathered: gathered)
      return weights * bits[index].weight
        + (layer.parameters(kept: kept, gathered: gathered) - weights) * CostModel.parameterBits
    case .activationMemory: return layer.outputElements * layer.outputs.count(kept: kept) * bits[index].activation
    }
  }

  /// Bits of a parameter that is no weight of a layer.
  public static let parameterBits = 32

  /// One layer's cost per sample at given kept counts, without the normalisations that follow it.
  public func cost(ofLayer index: Int, _ metric: CostMetric, kept: [Int]) -> Int {
    metric.cost(of: amount(ofLayer: index, metric, kept: kept))
  }

  /// The whole network's cost per sample after a removal; the Gathers in front of layers are not counted themselves.
  public func total(_ metric: CostMetric, after removal: ChannelRemoval) -> Int {
    let amount = removal.gathers.reduce(amount(metric, kept: removal.kept)) { sum, gather in
      sum - self.amount(ofLayer: gather.layer, metric, kept: removal.kept)
        + self.amount(ofLayer: gather.layer, metric, kept: removal.kept, gathered: gather.channels.count)
    }
    return metric.cost(of: amount)
  }

  /// The whole network's cost per sample at given kept counts.
  public func total(_ metric: CostMetric, kept: [Int]) -> Int { metric.cost(of: amount(metric, kept: kept)) }

  private func amount(_ metric: CostMetric, kept: [Int]) -> Int {
    let sum = layers.indices.reduce(0) { $0 + amount(ofLayer: $1, metric, kept: kept) }
    switch metric {
    case .params: return norms.reduce(sum) { $0 + $1.parameters(kept: kept) }
    case .memory: return norms.reduce(sum) { $0 + $1.parameters(kept: kept) * CostModel.parameterBits }
    default: return sum
    }
  }
}

extension CostMetric {
  /// The cost in the metric's own unit.
  fileprivate func cost(of amount: Int) -> Int {
    switch self {
    case .memory, .activationMemory: (amount + 7) / 8
    default: amount
    }
  }
}
