/// A network as a criterion is told of it: its layers, the groups of their channels, and what was measured.
///
/// Arrays by channel have a column for each output channel of each layer, arrays by unit one for each unit of each group.
public struct PrunableNetwork: Sendable {
  /// The graph's name in the model.
  public let name: String
  /// The absolute path of the ONNX file.
  public let model: String
  /// SHA-256 of that file, in hexadecimal digits.
  public let sha256: String
  /// What the configuration wants the numbers to be.
  public let unit: ScoreUnit
  /// The layers with weights, in graph order.
  public let layers: [Layer]
  /// The groups of channels that go together, those that have to stay among them.
  public let groups: [Group]
  /// By row of the measured arrays the samples that it is of; empty where nothing was measured.
  public let rowSamples: [Int]
  let measured: [Quantity: StoredArray]

  /// The network that a search tells of.
  package init(
    name: String, model: String, sha256: String, unit: ScoreUnit, layers: [Layer], groups: [Group],
    rowSamples: [Int], measured: [Quantity: StoredArray]
  ) {
    (self.name, self.model, self.sha256, self.unit) = (name, model, sha256, unit)
    (self.layers, self.groups, self.rowSamples, self.measured) = (layers, groups, rowSamples, measured)
  }
}

extension PrunableNetwork {
  /// What the cost of a layer is counted in.
  public enum Metric: String, CaseIterable, Sendable {
    /// FLOPs × activation bits × weight bits.
    case bitComplexity = "bit_complexity"
    /// Floating-point operations, 2 per multiply-accumulate.
    case flops
    /// Multiply-accumulates.
    case macs
    /// Trained parameters.
    case parameters = "params"
    /// Bytes of the trained parameters.
    case memory
    /// Bytes of what the layer gives for one sample.
    case activationMemory = "activation_memory"
  }

  /// A layer with weights.
  public struct Layer: Sendable {
    /// Its place in `layers`.
    public let index: Int
    /// The ONNX node's name.
    public let name: String
    /// The ONNX op type, such as `Conv`.
    public let opType: String
    /// Output channels.
    public let outputs: Int
    /// Input channels.
    public let inputs: Int
    /// Kernel extents; empty for a linear layer.
    public let kernel: [Int]
    /// Groups of the convolution; 1 for a linear layer.
    public let convolutionGroups: Int
    /// Whether each input channel makes outputs of its own, which go with it.
    public let isDepthwise: Bool
    /// The output's extents for one sample.
    public let outputShape: [Int]
    /// The weight initializer's name in the model.
    public let weightName: String
    /// The weights: outputs × inputs of one output × kernel, whatever the operator's own order.
    public let weight: StoredArray
    /// γ of a BatchNormalization that alone reads the layer, one per output; `nil` where there is none.
    public let scale: StoredArray?
    /// The column of its first output in arrays by channel.
    public let firstChannel: Int
    let costs: [Metric: Int]

    /// A layer that a search tells of.
    /// - Parameter costs: one for every metric.
    package init(
      index: Int, name: String, opType: String, outputs: Int, inputs: Int, kernel: [Int], convolutionGroups: Int,
      isDepthwise: Bool, outputShape: [Int], weightName: String, weight: StoredArray, scale: StoredArray?,
      firstChannel: Int, costs: [Metric: Int]
    ) {
      (self.index, self.name, self.opType, self.outputs, self.inputs) = (index, name, opType, outputs, inputs)
      (self.kernel, self.convolutionGroups, self.isDepthwise) = (kernel, convolutionGroups, isDepthwise)
      (self.outputShape, self.weightName, self.weight, self.scale) = (outputShape, weightName, weight, scale)
      (self.firstChannel, self.costs) = (firstChannel, costs)
    }

    /// What the whole layer costs.
    public func cost(_ metric: Metric) -> Int { costs[metric] ?? 0 }
  }

  /// Units that share one decision: how many of them go. A unit is what can go by itself, with one channel or more.
  public struct Group: Sendable {
    /// Its place in `groups`, and its number in `ratios.json`.
    public let index: Int
    /// The name of its first layer.
    public let name: String
    /// How many units it has.
    public let unitCount: Int
    /// The column of its first unit in arrays by unit.
    public let firstUnit: Int
    /// Whether units can go. Scores are wanted of such groups alone.
    public let isPrunable: Bool
    /// Why units cannot go; `nil` where they can.
    public let reason: String?
    /// The layers with output channels of the group.
    public let madeBy: [Membership]
    /// The depthwise layers that pass its channels on.
    public let passedBy: [Membership]
    /// The layers with input channels of the group.
    public let readBy: [Membership]
    /// Of each grouped convolution the blocks of units that lose equally many.
    public let partitions: [[[Int]]]

    /// A group that a search tells of.
    package init(
      index: Int, name: String, unitCount: Int, firstUnit: Int, isPrunable: Bool, reason: String?,
      madeBy: [Membership], passedBy: [Membership], readBy: [Membership], partitions: [[[Int]]]
    ) {
      (self.index, self.name, self.unitCount, self.firstUnit) = (index, name, unitCount, firstUnit)
      (self.isPrunable, self.reason, self.partitions) = (isPrunable, reason, partitions)
      (self.madeBy, self.passedBy, self.readBy) = (madeBy, passedBy, readBy)
    }

    /// Its columns in arrays by unit, one per unit.
    public var columns: Range<Int> { firstUnit..<firstUnit + unitCount }
  }

  /// A layer's share in a group.
  public struct Membership: Sendable {
    /// The layer's place in `layers`.
    public let layer: Int
    /// By unit the channels of the layer that are its own.
    public let channels: [[Int]]

    /// A layer's share that a search tells of.
    package init(layer: Int, channels: [[Int]]) { (self.layer, self.channels) = (layer, channels) }
  }

  /// How the values of the channels of a unit become one.
  public enum Reduction: Sendable {
    /// Their sum.
    case sum
    /// Their mean.
    case mean
    /// The largest.
    case max
  }
}

extension PrunableNetwork.Group {
  /// A value per unit, of the output channels that make it in all of its layers: coupled layers lose them together.
  /// - Parameters:
  ///   - channelValues: by layer and output channel.
  ///   - reduction: what becomes of the values of several channels.
  /// - Returns: one value per unit; 0 for a unit that no channel makes, which no prunable group has.
  /// - Precondition: every layer of `madeBy` has a value for each of its output channels.
  public func reduce(_ channelValues: [[Double]], by reduction: PrunableNetwork.Reduction) -> [Double] {
    (0..<unitCount).map { unit in
      let values = madeBy.flatMap { maker in maker.channels[unit].map { channelValues[maker.layer][$0] } }
      guard let first = values.first else { return 0 }
      return switch reduction {
      case .sum: values.reduce(0, +)
      case .mean: values.reduce(0, +) / Double(values.count)
      case .max: values.reduce(first) { Swift.max($0, $1) }
      }
    }
  }
}
