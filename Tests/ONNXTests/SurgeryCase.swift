import Channels
import Execution
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

/// A small model that loses channels, and the model that it has to equal: the same one with what the consumers read of
/// the removed channels set to zero.
struct SurgeryCase: Sendable, CustomTestStringConvertible {
  /// Unique; also the name of its files.
  let name: String
  /// The version of the standard operators.
  let opset: Int64
  /// Extents of the input `x`, the batch first.
  let shape: [Int64?]
  /// Layers, by node name, of which output channels go: all that go, or `nil` for every unit that may go at random.
  let removed: [String: [Int]]?
  /// How far results may differ, of the largest: by default what another order of the same sum of float64 makes.
  let tolerance: Double
  /// Whether the onnx package and onnxruntime take the original.
  let isStandard: Bool
  /// Adds the nodes from `x` to `y`.
  let build: @Sendable (inout ModelBuilder) -> Void

  init(
    _ name: String, opset: Int64 = 17, _ shape: [Int64?] = [nil, 3, 6, 6], removing removed: [String: [Int]]? = nil,
    tolerance: Double = 1e-12, isStandard: Bool = true, build: @escaping @Sendable (inout ModelBuilder) -> Void
  ) {
    self.name = "\(name) of opset \(opset)"
    self.opset = opset
    self.shape = shape
    self.removed = removed
    self.tolerance = tolerance
    self.isStandard = isStandard
    self.build = build
  }

  var testDescription: String { name }

  /// The model; its output has as many axes as there are, all open.
  var proto: Onnx_ModelProto {
    get throws {
      var builder = ModelBuilder(opset: opset, input: shape)
      builder.proto.graph.name = "case"
      build(&builder)
      let rank = try builder.network(batch: Int(shape[0] ?? 2)).result.count
      builder.proto.graph.output[0].type.tensorType.shape.dim = Array(repeating: .init(), count: rank)
      return builder.proto
    }
  }

  /// The original, the original with masks, and the pruned model.
  func prune(seed: UInt64 = 1) throws -> Surgery { try Surgery(try proto, removed, seed: seed) }
}

/// A model with channels removed.
struct Surgery {
  let surgery: ModelSurgery
  let structure: ChannelStructure
  let removal: ChannelRemoval
  let pruned: PrunedModel
  let original: Onnx_ModelProto
  let masked: Onnx_ModelProto

  init(
    _ original: Onnx_ModelProto, _ removed: [String: [Int]]? = nil, external: [String: [UInt8]] = [:],
    path: String = "folder/toy.onnx", seed: UInt64 = 1
  ) throws {
    self.original = original
    let files = ModelFiles(model: try original.serializedBytes(), external: external, path: path)
    surgery = try ModelSurgery(try ONNXModel(files: files), files: files)
    structure = ChannelStructure(of: surgery.network)
    removal = try Self.removal(structure, removed, seed)
    pruned = try surgery.pruned(removal.parts)
    masked = try Self.masked(original, surgery, structure, removal)
  }

  /// What was decoded from the pruned file.
  var proto: Onnx_ModelProto {
    get throws { try decodeModel(pruned.files.model) }
  }

  /// An initializer of the pruned model.
  func initializer(_ name: String) throws -> Onnx_TensorProto? {
    try proto.graph.initializer.first { $0.name == name }
  }

  /// A node of the pruned model.
  func node(_ name: String) throws -> Onnx_NodeProto? {
    try proto.graph.node.first { $0.name == name }
  }

  static func removal(_ structure: ChannelStructure, _ listed: [String: [Int]]?, _ seed: UInt64) throws
    -> ChannelRemoval
  {
    var removed = structure.groups.map { _ in Set<Int>() }
    if let listed {
      for layer in structure.layers {
        for channel in listed[layer.name] ?? [] {
          let unit = try #require(layer.outputUnits[channel])
          removed[unit.group].insert(unit.unit)
        }
      }
      return try ChannelRemoval(removed, from: structure)
    }
    var generator = Splitmix(state: seed)
    for group in structure.groups where group.isPrunable && group.unitCount > 1 {
      let blocks = group.partitions.first ?? [Array(0..<group.unitCount)]
      let count = max(1, blocks[0].count / 3)
      guard count < blocks[0].count else { continue }
      let chosen = blocks.flatMap { $0.shuffled(using: &generator).prefix(count) }
      var trial = removed
      trial[group.id] = Set(chosen)
      // Two partitions of one group may not agree.
      if (try? ChannelRemoval(trial, from: structure)) != nil { removed = trial }
    }
    return try ChannelRemoval(removed, from: structure)
  }

  /// The original with a product in front of every layer that sets the removed input channels to zero.
  static func masked(
    _ original: Onnx_ModelProto, _ surgery: ModelSurgery, _ structure: ChannelStructure, _ removal: ChannelRemoval
  ) throws -> Onnx_ModelProto {
    var masked = original
    var inserted: [Int: Onnx_NodeProto] = [:]
    for (number, layer) in structure.layers.enumerated() where !removal.removedInputs[number].isEmpty {
      let index = try #require(surgery.trace.nodes.firstIndex { $0.node.name == layer.name })
      let probe = NodeSurgery(
        surgery.trace.nodes[index].node, now: nil, operandParts: [], resultParts: [], resultShapes: [],
        proto: surgery.protos[index])
      let (operand, axis) = try #require(try probe.inputChannels())
      let rank = try probe.shape(operand).rank
      var dims = [Int64](repeating: 1, count: rank)
      dims[axis] = Int64(layer.inputs)
      let mask = (0..<layer.inputs).map { removal.removedInputs[number].contains($0) ? Float(0) : 1 }
      masked.graph.initializer.append(ModelBuilder.floatTensor("mask\(number)", dims: dims, mask))
      let position = surgery.positions[index]
      var node = Onnx_NodeProto()
      node.opType = "Mul"
      node.name = "mask_node\(number)"
      node.input = [masked.graph.node[position].input[operand], "mask\(number)"]
      node.output = ["masked\(number)"]
      inserted[position] = node
      masked.graph.node[position].input[operand] = "masked\(number)"
    }
    masked.graph.node = masked.graph.node.enumerated().flatMap { position, node in
      inserted[position].map { [$0, node] } ?? [node]
    }
    return masked
  }

  /// What a model computes for the case's input.
  static func run(_ files: ModelFiles, batch: Int) throws -> (shape: [Int], elements: [Double]) {
    let network = try ONNXModel(files: files).network(batchSize: batch)
    let executor = try ReferenceExecutor(ExecutionRequest(network: network, loss: .meanSquaredError, observed: []))
    let inputs = network.inputs.map { id in
      (0..<network[id].shape.count).map { Float(($0 * 37 + 11) % 101) * 0.0397 - 1.9853 }
    }
    let data = Batch(
      inputs: inputs, targets: .dense([Float](repeating: 0, count: network.result.reduce(1, *))), sampleCount: batch)
    return (network.result, try executor.evaluate(data, inputs: inputs.map { $0.map(Double.init) }).output)
  }
}

/// Random numbers that are the same everywhere (splitmix64).
struct Splitmix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
