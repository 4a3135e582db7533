import Channels
import Foundation
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

/// What the file of a pruned model looks like.
struct SurgeryStructureTests {
  private func prune(_ name: String) throws -> Surgery {
    try #require(SurgeryCase.all.first { $0.name.hasPrefix(name) }).prune()
  }

  private func list(_ tensor: Onnx_TensorProto?) throws -> [Int64] {
    let tensor = try ConstantTensor(try #require(tensor), files: [:])
    guard case .integer(let values) = tensor.elements else { return [] }
    return values
  }

  @Test(arguments: SurgeryCase.all)
  func `inputs, outputs, versions and names stay, and nothing is left that nobody reads`(_ one: SurgeryCase) throws {
    let result = try one.prune()
    let (before, after) = (result.original, try result.proto)
    #expect(after.graph.input == before.graph.input)
    #expect(after.graph.output == before.graph.output)
    #expect(after.opsetImport == before.opsetImport)
    #expect(after.producerName == before.producerName && after.irVersion == before.irVersion)
    let outputs = Set(before.graph.node.flatMap(\.output))
    for node in after.graph.node {
      #expect(node.output.contains { outputs.contains($0) } || node.output[0].contains("/"))
    }
    let read = Set(after.graph.node.flatMap(\.input)).union(["y"])
    for tensor in after.graph.initializer { #expect(read.contains(tensor.name), "\(tensor.name)") }
    for output in after.graph.node.flatMap(\.output) where read.contains(output) == false {
      #expect(!before.graph.node.contains { $0.input.contains(output) }, "\(output)")
    }
  }

  @Test
  func `weights lose rows and columns, those of grouped convolutions by group`() throws {
    let result = try prune("Conv in groups that lose different channels")
    let before = try ConstantTensor(
      try #require(result.original.graph.initializer.first { $0.name == "grouped.w" }), files: [:])
    let after = try ConstantTensor(try #require(try result.initializer("grouped.w")), files: [:])
    #expect(after.shape == Shape([4, 2, 3, 3]))
    // Inputs 0 and 5 go: 0 of the first group, 2 of the second. Outputs 1 and 3 go.
    let sources = [(0, 1), (0, 2), (2, 1), (2, 2), (4, 0), (4, 1), (5, 0), (5, 1)]
    let expected = sources.flatMap { row, column in
      before.floats[((row * 3) + column) * 9..<((row * 3) + column + 1) * 9]
    }
    #expect(after.floats == expected)
    let change = try #require(result.pruned.changes.first { $0.name == "grouped.w" })
    #expect(change.before == [6, 3, 3, 3] && change.kind == .initializer && change.original == "grouped.w")
    #expect(change.axes.map(\.axis) == [0, 1])
    #expect(change.axes.map(\.kept) == [[[0, 2, 4, 5]], [[1, 2], [0, 1]]])
    #expect(try result.node("grouped")?.attribute.first { $0.name == "group" }?.i == 2)
  }

  @Test
  func `depthwise convolutions lose groups`() throws {
    let result = try prune("Conv depthwise with a multiplier")
    #expect(try result.initializer("depth.w")?.dims == [8, 1, 3, 3])
    #expect(try result.node("depth")?.attribute.first { $0.name == "group" }?.i == 4)
    let change = try #require(result.pruned.changes.first { $0.name == "b" })
    #expect(change.kind == .activation && change.before == [2, 12, 6, 6])
    #expect(change.axes.map(\.kept) == [[[2, 3, 4, 5, 8, 9, 10, 11]]])
  }

  @Test
  func `open extents stay open and lists that fit stay as they are`() throws {
    let result = try prune("Reshape with entries left open")
    #expect(try list(result.initializer("shape")) == [0, 4, -1])
    #expect(try list(result.initializer("back")) == [0, 0, 6, 6])
    let computed = try prune("Reshape to computed extents of")
    #expect(try computed.proto.graph.node == computed.original.graph.node)
    #expect(try list(computed.initializer("rest")) == [-1])
  }

  @Test
  func `a literal among computed extents changes where it is written`() throws {
    let result = try prune("Reshape to computed extents with a literal")
    #expect(try list(result.initializer("count")) == [144])
    #expect(try result.proto.graph.node == result.original.graph.node)
  }

  @Test
  func `a number of heads times the batch size changes where the number is written`() throws {
    let result = try prune("Reshape of samples and channels to one axis")
    #expect(try list(result.initializer("heads")) == [4])
    #expect(try list(result.initializer("six")) == [4])
    #expect(try result.proto.graph.node == result.original.graph.node)
  }

  @Test
  func `a list that cannot be pushed back is written out with the batch left open`() throws {
    let result = try prune("Reshape to extents that are computed")
    let reshape = try #require(try result.proto.graph.node.first { $0.opType == "Reshape" })
    #expect(try list(result.initializer(reshape.input[1])) == [0, 0, 0, 0])
    #expect(try !result.proto.graph.node.contains { $0.opType == "Mul" || $0.opType == "Shape" })
    let merged = try prune("Reshape to one axis of samples")
    let first = try #require(try merged.proto.graph.node.first { $0.opType == "Reshape" })
    #expect(try list(merged.initializer(first.input[1])) == [-1, 6, 6])
  }

  @Test
  func `readers with different demands get constants of their own, one needed whole stays`() throws {
    let result = try prune("Reshape with its list in a constant shared")
    #expect(try list(result.initializer("shape")) == [-1, 6, 6, 6])
    let lists = try result.proto.graph.node.filter { $0.opType == "Reshape" }.map {
      try list(result.initializer($0.input[1]))
    }
    #expect(lists == [[-1, 4, 6, 6], [-1, 5, 6, 6], [-1, 6, 6, 6]])
    let shared = try prune("bias shared through Identity")
    #expect(try shared.initializer("shared")?.dims == [4])
    let copy = try #require(shared.pruned.changes.first { $0.original == "shared" && $0.name != "shared" })
    #expect(copy.axes.map(\.kept) == [[[0, 2, 3, 4, 5]]])
    #expect(try shared.initializer(copy.name)?.dims == [5])
    #expect(try shared.proto.graph.node.map(\.opType) == shared.original.graph.node.map(\.opType))
    let equal = try prune("weight shared by layers")
    #expect(try equal.initializer("w")?.dims == [4, 4, 1, 1])
    #expect(try equal.proto.graph.initializer.count == equal.original.graph.initializer.count)
  }

  @Test
  func `stored integers stay integers, with the scales of what stays`() throws {
    let result = try prune("weight in integers with a scale per output")
    let weight = try #require(try result.initializer("s"))
    #expect(weight.dataType == ElementType.int8.rawValue && weight.dims == [6, 4, 1, 1])
    #expect(try result.initializer("scale")?.dims == [6])
    #expect(try result.initializer("zero")?.dims == [6])
    #expect(try result.node("dequantize") != nil)
    let both = try prune("weight that is quantized in the file")
    #expect(try both.initializer("s")?.dims == [6, 4, 1, 1])
    #expect(try both.initializer("scale")?.dims == [4])
  }

  @Test
  func `constants of one number lose extents`() throws {
    let result = try prune("weight of one number")
    #expect(try list(result.initializer("shape")) == [6, 4, 1, 1])
  }

  @Test
  func `shuffles with unequal blocks become one Gather`() throws {
    for name in ["shuffle with literal extents", "shuffle with computed extents"] {
      let result = try prune(name)
      let nodes = try result.proto.graph.node
      #expect(nodes.map(\.opType) == ["Conv", "Conv", "Concat", "Gather", "Relu", "Conv"])
      #expect(nodes[3].name == "join_node" && nodes[3].output == ["d"])
      // Channels come as l0 r0 l1 r1 l2 r2 l3 r3; l1, r0 and r2 go, and l0 l2 l3 r1 r3 are joined.
      #expect(try list(result.initializer(nodes[3].input[1])) == [0, 3, 1, 2, 4])
    }
  }

  @Test
  func `what is no run any more is gathered, what is one stays a Slice`() throws {
    let gathered = try #require(try prune("Slice in steps of").node("slice"))
    #expect(gathered.opType == "Gather" && gathered.output == ["b"])
    let several = try prune("Slice in steps over several axes")
    #expect(try several.node("slice")?.opType == "Slice")
    #expect(try several.proto.graph.node.count { $0.opType == "Gather" } == 1)
    #expect(try prune("Slice in steps that stay").node("slice")?.opType == "Slice")
    let run = try prune("Slice to the end")
    #expect(try list(run.initializer("starts")) == [2])
    #expect(try list(run.initializer("ends")) == [Int64.max])
    let old = try #require(try prune("Slice by attributes").node("slice"))
    #expect(old.attribute.first { $0.name == "starts" }?.ints == [1, 1])
  }

  @Test
  func `parts that stay equal keep a Split as it is, others get sizes`() throws {
    let equal = try prune("Split into parts that stay equal")
    #expect(try equal.node("split") == equal.original.graph.node.first { $0.name == "split" })
    let number = try #require(try prune("Split into parts by number").node("split"))
    #expect(number.input.count == 2 && !number.attribute.contains { $0.name == "num_outputs" })
    let attribute = try #require(try prune("Split by an attribute").node("split"))
    #expect(attribute.attribute.first { $0.name == "split" }?.ints == [1, 4])
  }

  /// A model of `x` → first → middle → head and what stays of its values by name; compared with zeros in the head.
  private func equalsZeros(
    _ builder: ModelBuilder, _ parts: [String: KeptPart], head removed: Set<Int>, of channels: Int
  )
    throws -> PrunedModel
  {
    let files = ModelFiles(model: try builder.bytes, path: "folder/toy.onnx")
    let surgery = try ModelSurgery(try ONNXModel(files: files), files: files)
    let pruned = try surgery.pruned(surgery.network.values.map { parts[$0.name] ?? .whole })
    var masked = builder.proto
    let place = try #require(masked.graph.initializer.firstIndex { $0.name == "head.w" })
    let weight = masked.graph.initializer[place].floatData
    masked.graph.initializer[place].floatData = weight.indices.map { removed.contains($0 % channels) ? 0 : weight[$0] }
    let expected = try Surgery.run(ModelFiles(model: try masked.serializedBytes(), path: "masked.onnx"), batch: 2)
    let found = try Surgery.run(pruned.files, batch: 2)
    for (one, other) in zip(found.elements, expected.elements) { #expect(abs(one - other) < 1e-12) }
    return pruned
  }

  @Test
  func `constant matrices per channel go with their channels`() throws {
    var builder = ModelBuilder(input: [2, 3, 6, 6])
    builder.conv("first", "x", "a", 3, 6)
    builder.weights("v", [6, 6, 4])
    builder.node("MatMul", ["a", "v"], ["b"], name: "middle")
    builder.head("b", 6)
    builder.proto.graph.output[0] = ModelBuilder.value("y", [2, 4, 6, 4])
    let part = KeptPart.along([1: [0, 2, 3, 5]])
    let pruned = try equalsZeros(builder, ["a": part, "b": part], head: [1, 4], of: 6)
    #expect(pruned.changes.first { $0.name == "v" }?.axes.map(\.kept) == [[[0, 2, 3, 5]]])
  }

  @Test
  func `what is added to an axis of channels goes with them`() throws {
    var builder = ModelBuilder(input: [2, 3, 6, 6])
    builder.conv("first", "x", "a", 3, 6)
    builder.integers("pads", [0, 2, 0, 0, 0, 3, 0, 1])
    builder.node("Pad", ["a", "pads"], ["b"], name: "middle")
    builder.head("b", 11)
    builder.proto.graph.output[0] = ModelBuilder.value("y", [2, 4, 6, 7])
    let pruned = try equalsZeros(
      builder, ["a": .along([1: [0, 2, 3, 5]]), "b": .along([1: [1, 2, 4, 5, 7, 8]])],
      head: [0, 3, 6, 9, 10], of: 11)
    let after = try decodeModel(pruned.files.model)
    #expect(try list(after.graph.initializer.first { $0.name == "pads" }) == [0, 1, 0, 0, 0, 1, 0, 1])
  }

  @Test
  func `weights outside of the file lose elements there`() throws {
    var builder = chain
    let place = try #require(builder.proto.graph.initializer.firstIndex { $0.name == "second.w" })
    let weight = builder.proto.graph.initializer[place].floatData
    builder.proto.graph.initializer[place].floatData = []
    builder.proto.graph.initializer[place].dataLocation = .external
    builder.proto.graph.initializer[place].externalData = [
      .with {
        $0.key = "location"
        $0.value = "weights.bin"
      }
    ]
    let bytes = weight.withUnsafeBytes { Array($0) }
    let result = try Surgery(builder.proto, ["first": [0, 5]], external: ["weights.bin": bytes])
    let kept = weight.indices.filter { (1...4).contains($0 % 6) }.map { weight[$0] }.withUnsafeBytes { Array($0) }
    let stored = try #require(result.pruned.files.external.values.first)
    #expect(stored.prefix(kept.count).elementsEqual(kept))
    #expect(try Surgery.run(result.pruned.files, batch: 2).shape == [2, 4, 8, 8])
  }

  @Test
  func `channels in an output_shape follow`() throws {
    let up = try #require(try prune("ConvTranspose with batch and channels").node("up"))
    #expect(up.attribute.first { $0.name == "output_shape" }?.ints == [2, 3, 12, 12])
  }

  @Test(arguments: [18, 21])
  func `groups that lose all their channels go from a GroupNormalization`(_ opset: Int64) throws {
    var builder = ModelBuilder(opset: opset, input: [2, 3, 6, 6])
    builder.conv("first", "x", "a", 3, 6)
    let parameters: Int64 = opset < 21 ? 3 : 6
    builder.weights("scale", [parameters])
    builder.weights("shift", [parameters])
    builder.node("GroupNormalization", ["a", "scale", "shift"], ["b"], name: "middle", [.int("num_groups", 3)])
    builder.head("b", 6)
    builder.proto.graph.output[0] = ModelBuilder.value("y", [2, 4, 6, 6])
    let part = KeptPart.along([1: [0, 1, 4, 5]])
    let pruned = try equalsZeros(builder, ["a": part, "b": part], head: [2, 3], of: 6)
    let node = try #require(try decodeModel(pruned.files.model).graph.node.first { $0.name == "middle" })
    #expect(node.attribute.first { $0.name == "num_groups" }?.i == 2)
  }

  /// first → Relu → second → head, with a node that nobody needs and one that nothing disturbs.
  private var chain: ModelBuilder {
    var builder = ModelBuilder()
    builder.conv("first", "x", "a", 3, 6)
    builder.node("Relu", ["a"], ["b"])
    builder.conv("second", "b", "c", 6, 5)
    builder.head("c", 5)
    builder.node("Sigmoid", ["b"], ["dead"], name: "dead_reader")
    builder.node("Tanh", ["dead"], ["deader"], name: "dead_behind")
    builder.node("Tanh", ["x"], ["idle"], name: "idle")
    builder.proto.graph.valueInfo = [
      ModelBuilder.value("a", [nil, 6, 8, 8]), ModelBuilder.value("c", [nil, 5, 8, 8]),
    ]
    builder.proto.graph.output[0] = ModelBuilder.value("y", [nil, 4, 8, 8])
    return builder
  }

  @Test
  func `dead nodes that read what has changed go, others stay, and declared extents change`() throws {
    let result = try Surgery(chain.proto, ["first": [0, 5]])
    let after = try result.proto
    #expect(after.graph.node.map(\.name).suffix(2) == ["head", "idle"])
    #expect(after.graph.valueInfo[0].type.tensorType.shape.dim[1].dimValue == 4)
    #expect(after.graph.valueInfo[0].type.tensorType.shape.dim[0].dimParam == "open")
    #expect(after.graph.valueInfo[1] == result.original.graph.valueInfo[1])
  }

  @Test
  func `a layer can read a part of what stays through a Gather`() throws {
    let result = try Surgery(chain.proto, [:])
    let whole = [KeptPart](repeating: .whole, count: result.surgery.network.values.count)
    let pruned = try result.surgery.pruned(whole, gathers: [InputGather(node: "second", kept: [0, 2, 3])])
    let after = try decodeModel(pruned.files.model)
    let gather = try #require(after.graph.node.first { $0.opType == "Gather" })
    #expect(gather.name == "second/gather_inputs")
    #expect(after.graph.initializer.first { $0.name == "second.w" }?.dims == [5, 3, 1, 1])
    var masked = result.original
    let place = try #require(masked.graph.initializer.firstIndex { $0.name == "second.w" })
    masked.graph.initializer[place].floatData = masked.graph.initializer[place].floatData.enumerated().map {
      [0, 2, 3].contains($0 % 6) ? $1 : 0
    }
    let expected = try Surgery.run(ModelFiles(model: try masked.serializedBytes(), path: "masked.onnx"), batch: 2)
    let found = try Surgery.run(pruned.files, batch: 2)
    for (one, other) in zip(found.elements, expected.elements) { #expect(abs(one - other) < 1e-12) }
  }

  @Test
  func `parts that no file has are refused with the node and the tensor`() throws {
    let result = try Surgery(chain.proto, [:])
    let network = result.surgery.network
    func error(_ parts: [String: KeptPart], _ gathers: [InputGather] = []) throws -> ONNXError {
      let all = network.values.map { parts[$0.name] ?? .whole }
      return try #require(throws: ONNXError.self) { _ = try result.surgery.pruned(all, gathers: gathers) }
    }
    for kind in [
      try error(["y": .along([1: [0, 1]])]), try error(["x": .along([1: [0]])]), try error(["a": .along([1: [0, 9]])]),
      try error(["a": .along([1: [0]])]), try error([:], [InputGather(node: "none", kept: [0])]),
      try error(["b": .scattered]),
    ] { #expect(kind.kind == .unsupported, "\(kind)") }
    #expect(try error(["y": .along([1: [0, 1]])]).place == "output 'y'")
    let relu = try error(["a": .along([1: [0]])])
    #expect(relu.place.contains("Relu"))
    // The Relu is told to keep what its operand loses, in equal number: only the lists tell.
    let other = try error(["a": .along([1: [0, 1]]), "b": .along([1: [1, 2]])])
    #expect(other.problem.contains("axis 1"))
  }

  @Test(arguments: SurgeryCase.all, [UInt64(1), 2, 3])
  func `whatever is asked for, there is a model or an error`(_ one: SurgeryCase, seed: UInt64) throws {
    let files = ModelFiles(model: try one.proto.serializedBytes(), path: "toy.onnx")
    let surgery = try ModelSurgery(try ONNXModel(files: files), files: files)
    var generator = Splitmix(state: seed)
    let ends = Set(surgery.network.inputs + surgery.network.outputs)
    for _ in 0..<10 {
      let parts = surgery.network.values.enumerated().map { index, value -> KeptPart in
        guard value.constant == nil, !ends.contains(ValueID(index)) else { return .whole }
        if Int.random(in: 0..<20, using: &generator) == 0 { return .scattered }
        var axes: [Int: [Int]] = [:]
        for axis in value.shape.dimensions.indices where axis == 1 || Int.random(in: 0..<8, using: &generator) == 0 {
          let count = Int.random(in: 1...value.shape[axis], using: &generator)
          guard count < value.shape[axis] else { continue }
          axes[axis] = (0..<value.shape[axis]).shuffled(using: &generator).prefix(count).sorted()
        }
        return axes.isEmpty ? .whole : .along(axes)
      }
      let gathers = [InputGather(node: "head", kept: [0, Int.random(in: 1..<9, using: &generator)])]
      do {
        _ = try surgery.pruned(parts, gathers: Bool.random(using: &generator) ? gathers : [])
      } catch {
        #expect(error.kind == .unsupported && !error.description.isEmpty, "seed \(seed): \(error)")
      }
    }
  }

  @Test
  func `a shape that does not come out as promised is an error with node, tensor and extents`() throws {
    var builder = ModelBuilder(input: [2, 3, 6, 6])
    builder.conv("first", "x", "a", 3, 4)
    builder.node("ReduceMean", ["a"], ["b"], name: "mean", [.ints("axes", [2, 3]), .int("keepdims", 0)])
    builder.node("ReduceMax", ["b"], ["y"], name: "most", [.ints("axes", [1])])
    builder.proto.graph.output[0] = ModelBuilder.value("y", [2, 1])
    let result = try Surgery(builder.proto, [:])
    func error(_ parts: [String: KeptPart]) throws -> ONNXError {
      let all = result.surgery.network.values.map { parts[$0.name] ?? .whole }
      return try #require(throws: ONNXError.self) { _ = try result.surgery.pruned(all) }
    }
    let promised = try error(["b": .along([1: [0, 1]])])
    #expect(promised.kind == .unsupported && promised.place.contains("mean"))
    #expect(promised.problem.contains("'b' has shape [2, 4]") && promised.problem.contains("expected [2, 2]"))
  }
}
