public import Networks

/// How a network's channels hang together: which go at once, which may go at all, and what every layer loses with them.
public struct ChannelStructure: Sendable {
  /// The layers in graph order: convolutions, transposed ones and linear layers, depthwise ones included. Products of two
  /// computed matrices have no weights and are none.
  public let layers: [Layer]
  /// The channel groups in order of first appearance, those that must stay whole included.
  public let groups: [ChannelGroup]
  /// Normalisations that stand as nodes of their own: they lose parameters with their channels.
  public let norms: [Norm]
  /// By `ValueID.index` what flows through the analysed network, and its units.
  let values: [FlowingValue]
  /// By group id the number of its first unit among those of all groups; at last how many there are.
  let firstUnits: [Int]
}

extension ChannelStructure {
  /// The units whose channels a value of the analysed network holds, each once; none of what has no channels.
  public func units(of value: ValueID) -> [UnitReference] {
    guard let units = values[value.index].units else { return [] }
    var group = 0
    return Set(units.units).subtracting([UnitArray.none]).sorted().map { number in
      while firstUnits[group + 1] <= Int(number) { group += 1 }
      return UnitReference(group: group, unit: Int(number) - firstUnits[group])
    }
  }
}

/// A value of the analysed network.
struct FlowingValue: Sendable {
  let name: String
  /// The node that yields it and its op type; for an input the value's name and `input`.
  let place: String
  let opType: String
  /// The unit of every element; `nil` for a constant, and for what has no units.
  let units: UnitArray?
}

/// Names one channel unit: a group and the number of the unit in it.
public struct UnitReference: Hashable, Sendable {
  /// Index into `ChannelStructure.groups`.
  public let group: Int
  /// Unit of that group, 0 ..< `unitCount`.
  public let unit: Int
}

/// A node with weights that can lose output channels.
public struct Layer: Sendable {
  /// Index into `Network.nodes` of the analysed network.
  public let node: Int
  /// The ONNX node name.
  public let name: String
  /// The ONNX op type.
  public let opType: String
  /// The weight initializer's name.
  public let weight: String
  /// What it computes, its geometry included.
  public let operation: Operation
  /// The layer's output value in the analysed (unfolded) network.
  public let output: ValueID
  /// The output's channel axis.
  public let channelAxis: Int
  /// The output's extents for one sample.
  public let outputShape: [Int]
  /// The operand's extents along the axes of space; empty for a linear layer.
  public let inputExtents: [Int]
  /// The output's extents along the axes of space; empty for a linear layer.
  public let outputExtents: [Int]
  /// Kernel extents; empty for a linear layer.
  public let kernel: [Int]
  /// Convolution groups; 1 for a linear layer.
  public let convolutionGroups: Int
  /// True when each input channel makes outputs of its own (groups = inputs > 1): outputs then go with their input.
  public let isDepthwise: Bool
  /// Whether a bias is added.
  public let hasBias: Bool
  /// Positions per sample at which the kernel is applied: output elements per channel, for a transposed convolution input
  /// elements per channel.
  public let positions: Int
  /// The unit of every output channel; `nil` for a channel of none.
  public let outputUnits: [UnitReference?]
  /// The unit of every input channel (all convolution groups counted); `nil` for a channel of none.
  public let inputUnits: [UnitReference?]
  /// Why no output channel can go; `nil` when some can.
  public let reason: FreezeReason?

  /// Output channels.
  public var outputs: Int { outputUnits.count }
  /// Input channels.
  public var inputs: Int { inputUnits.count }
  /// Weights one kernel has per pair of channels.
  public var kernelElements: Int { kernel.reduce(1, *) }
}

/// A normalisation with trained parameters per channel.
public struct Norm: Sendable {
  /// The ONNX node name.
  public let name: String
  /// The unit of every channel; `nil` for a channel of none, and for an element of a layer normalisation.
  public let units: [UnitReference?]
  /// 2 for scale and shift, 1 for a layer normalisation without a shift.
  public let parametersPerChannel: Int
}

/// All units that live on the same set of (weight, axis) pairs: what shares one ratio.
public struct ChannelGroup: Sendable {
  /// Index into `ChannelStructure.groups`.
  public let id: Int
  /// How many units it has.
  public let unitCount: Int
  /// What each unit takes with it, producers first, each in graph order.
  public let members: [ChannelMember]
  /// For each grouped convolution that reads or makes these channels: the units of every one of its groups, which must
  /// lose equally many. Empty when none does.
  public let partitions: [[[Int]]]
  /// By partition the convolution that makes it.
  let partitionPlaces: [(name: String, opType: String)]
  /// Why it must stay whole; `nil` when units can go.
  public let reason: FreezeReason?

  /// Whether units can be removed.
  public var isPrunable: Bool { reason == nil }
}

/// What removing a unit does to one node.
public struct ChannelMember: Sendable {
  /// What the channels are to the node.
  public enum Role: Int, Hashable, Sendable, Comparable {
    /// Output channels of a convolution or linear layer.
    case produce
    /// Channels of a normalisation.
    case norm
    /// Channels of a depthwise convolution, in and out at once.
    case pass
    /// Input channels of a convolution or linear layer.
    case consume
    /// Elements of a constant operand of an elementwise operation.
    case operand

    /// Producers first.
    public static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
  }

  /// What the channels are to the node.
  public let role: Role
  /// Index into `Network.nodes`.
  public let node: Int
  /// The ONNX node name.
  public let name: String
  /// The constant that loses them: weight, scale or operand.
  public let initializer: String
  /// The constant's axis; for `consume` of a grouped convolution, and `produce` of a grouped transposed one, the indices
  /// count the channels of all groups.
  public let axis: Int
  /// Per unit the indices along the axis, ascending.
  public let indices: [[Int]]
}
