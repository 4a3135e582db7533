import Allocation
public import Channels
public import Networks

/// What can be told of a network before anything is measured: its layers, what they cost, and how far it can shrink.
public struct Inspection: Sendable {
  /// One layer.
  public struct Layer: Sendable {
    /// The ONNX node name.
    public let name: String
    /// The ONNX op type.
    public let opType: String
    /// The weight initializer's name.
    public let weight: String
    /// Extents of its output, without the batch.
    public let outputShape: [Int]
    /// Input channels.
    public let inputs: Int
    /// Output channels.
    public let channels: Int
    /// Convolution groups.
    public let convolutionGroups: Int
    /// The channel groups of its outputs.
    public let groups: [Int]
    /// Floating-point operations per sample.
    public let flops: Int
    /// Weights and biases.
    public let params: Int
    /// Why none of its channels can go; `nil` when some can.
    public let reason: FreezeReason?
  }

  /// What goes into the network, or comes out of it.
  public struct Terminal: Sendable {
    /// Its name in the model.
    public let name: String
    /// Extents of one sample.
    public let shape: [Int]

    /// What goes in or comes out.
    public init(name: String, shape: [Int]) { (self.name, self.shape) = (name, shape) }
  }

  /// The network's name.
  public let model: String
  /// The network's inputs.
  public let inputs: [Terminal]
  /// The network's outputs.
  public let outputs: [Terminal]
  /// The layers in graph order.
  public let layers: [Layer]
  /// Per metric, in the order of `CostMetric.allCases`: cost per sample and the largest compression ratio reachable with
  /// one unit of every group (of grouped convolutions one per block) kept, or with the largest sparsity that was given.
  public let totals: [(metric: CostMetric, cost: Int, largestRatio: Double)]
  /// The channel groups that can be pruned, with their units.
  public let prunableUnits: [(group: Int, units: Int)]

  /// Inspects a network; bit complexity is counted with 8-bit activations and weights in all layers.
  /// - Parameter maxSparsity: the largest share of every group's units that may go, as `max_sparsity_per_layer` has it;
  ///   `nil` for all that can.
  /// - Throws: when a cost does not fit 63 bits.
  public init(_ network: Network, maxSparsity: Double? = nil) throws {
    let structure = ChannelStructure(of: network)
    let bits = [LayerBits](repeating: LayerBits(activation: 8, weight: 8), count: structure.layers.count)
    let costs = try CostModel(structure, bits: bits)
    model = network.name
    func terminal(_ id: ValueID) -> Terminal {
      Terminal(name: network[id].name, shape: Array(network[id].shape.dimensions.dropFirst()))
    }
    inputs = network.inputs.map(terminal)
    outputs = network.outputs.map(terminal)
    let full = costs.unitCounts
    layers = structure.layers.enumerated().map { index, layer in
      Layer(
        name: layer.name, opType: layer.opType, weight: layer.weight, outputShape: layer.outputShape,
        inputs: layer.inputs, channels: layer.outputs, convolutionGroups: layer.convolutionGroups,
        groups: Set(layer.outputUnits.compactMap { $0?.group }).sorted(),
        flops: costs.cost(ofLayer: index, .flops, kept: full), params: costs.cost(ofLayer: index, .params, kept: full),
        reason: layer.reason)
    }
    let least = try structure.groups.map { group in
      guard group.isPrunable else { return group.unitCount }
      let losses = [Double](repeating: 0, count: group.unitCount)
      let most = maxSparsity.map { ChoiceGroup.mostRemoved(of: group.unitCount, atRatio: $0) }
      return try ChoiceGroup(name: "", losses: losses, partitions: group.partitions, maximumRemoved: most).ladder.last
        ?? group.unitCount
    }
    totals = CostMetric.allCases.map { metric in
      let (whole, smallest) = (costs.total(metric, kept: full), costs.total(metric, kept: least))
      return (metric, whole, smallest == 0 ? 1 : Double(whole) / Double(smallest))
    }
    prunableUnits = structure.groups.filter(\.isPrunable).map { ($0.id, $0.unitCount) }
  }
}
