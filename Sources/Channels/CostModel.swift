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
        hasBias: layer.hasBias)
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
      guard factors.reduce(1.0, { $0 * Double($1) }) < 9e18 else {
        throw NetworkError(structure.layers[index].name, "its bit complexity does not fit 63 bits")
      }
    }
  }

  /// One layer's cost per sample at given kept counts.
  /// - Parameter gathered: input channels that are kept, but left out by a Gather in front of the layer.
  public func cost(ofLayer index: Int, _ metric: CostMetric, kept: [Int], gathered: Int = 0) -> Int {
    let layer = layers[index]
    let macs = layer.macs(kept: kept, gathered: gathered)
    switch metric {
    case .bitComplexity: return 2 * macs * bits[index].activation * bits[index].weight
    case .flops: return 2 * macs
    case .macs: return macs
    case .params: return layer.parameters(kept: kept, gathered: gathered)
    }
  }

  /// The whole network's cost per sample after a removal; the Gathers in front of layers are not counted themselves.
  public func total(_ metric: CostMetric, after removal: ChannelRemoval) -> Int {
    removal.gathers.reduce(total(metric, kept: removal.kept)) { sum, gather in
      sum - cost(ofLayer: gather.layer, metric, kept: removal.kept)
        + cost(ofLayer: gather.layer, metric, kept: removal.kept, gathered: gather.channels.count)
    }
  }

  /// The whole network's cost per sample at given kept counts.
  public func total(_ metric: CostMetric, kept: [Int]) -> Int {
    let sum = layers.indices.reduce(0) { $0 + cost(ofLayer: $1, metric, kept: kept) }
    return metric == .params ? norms.reduce(sum) { $0 + $1.parameters(kept: kept) } : sum
  }
}
