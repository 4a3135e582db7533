import Channels

/// What the layers of a model take by a table.
public struct ProfileOutcome: Sendable {
  /// One layer.
  public struct Layer: Sendable {
    /// The ONNX node name.
    public let name: String
    /// The ONNX op type.
    public let opType: String
    /// Input channels.
    public let inputs: Int
    /// Output channels.
    public let outputs: Int
    /// Milliseconds per sample, unpruned.
    public let milliseconds: Double
    /// The same with half of the channels of every side that can lose some.
    public let halfMilliseconds: Double
    /// Times that the table has of such layers.
    public let count: Int
  }

  /// The layers in graph order.
  public let layers: [Layer]
  /// Times taken by this run.
  public let measured: Int
  /// Seconds that it took.
  public let seconds: Double
  /// Where they were taken.
  public let machine: LatencyMachine
  /// The table's file.
  public let file: String

  /// Milliseconds per sample of all layers.
  public var milliseconds: Double { layers.reduce(0) { $0 + $1.milliseconds } }
  /// The same with half of the channels.
  public var halfMilliseconds: Double { layers.reduce(0) { $0 + $1.halfMilliseconds } }

  init(_ structure: ChannelStructure, _ table: LatencyTable, model: String, measured: Int, seconds: Double) throws {
    let bits = structure.layers.map { _ in LayerBits(activation: 8, weight: 8) }
    let costs = try CostModel(structure, bits: bits)
    let half = structure.groups.map { $0.isPrunable ? ($0.unitCount + 1) / 2 : $0.unitCount }
    let whole = try table.layerMilliseconds(structure, costs, model: model, kept: costs.unitCounts)
    let halves = try table.layerMilliseconds(structure, costs, model: model, kept: half)
    layers = structure.layers.indices.map { index in
      let layer = structure.layers[index]
      return Layer(
        name: layer.name, opType: layer.opType, inputs: layer.inputs, outputs: layer.outputs,
        milliseconds: whole[index], halfMilliseconds: halves[index], count: table.count(of: LayerShape(layer)))
    }
    self.measured = measured
    self.seconds = seconds
    machine = table.machine
    file = table.file
  }
}
