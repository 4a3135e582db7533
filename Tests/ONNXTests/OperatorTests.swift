import Networks
import Testing

@testable import ONNX

struct OperatorTests {
  @Test(arguments: [
    ("SAME_UPPER", [0, 0], [1, 1], [4, 4]), ("SAME_LOWER", [1, 1], [0, 0], [4, 4]),
    ("VALID", [0, 0], [0, 0], [3, 3]),
  ])
  func `auto_pad becomes pads as numbers`(_ mode: String, begin: [Int], end: [Int], space: [Int]) throws {
    // Extent 8, kernel 3, stride 2: 4 positions need (4 − 1)·2 + 3 = 9, one more than there is.
    for opType in ["Conv", "MaxPool", "AveragePool"] {
      var builder = ModelBuilder()
      builder.floats("w", dims: [5, 3, 3, 3])
      builder.node(
        opType, opType == "Conv" ? ["x", "w"] : ["x"], ["y"],
        [.string("auto_pad", mode), .ints("kernel_shape", [3, 3]), .ints("strides", [2, 2])])
      let network = try builder.network()
      #expect(network.result == [2, opType == "Conv" ? 5 : 3] + space)
      switch network.nodes[0].operation {
      case .convolution(let convolution):
        #expect(convolution.padsBegin == begin && convolution.padsEnd == end)
      case .pool(let pool): #expect(pool.padsBegin == begin && pool.padsEnd == end)
      default: Issue.record("\(opType) became \(network.nodes[0].operation)")
      }
    }
  }

  @Test(arguments: [(0, [1, 1], 4), (1, [1, 1], 5), (1, [0, 0], 4), (0, [0, 0], 3), (1, [1, 0], 4)])
  func `ceil_mode counts a partly filled window that starts before the pad at the end`(
    _ ceil: Int64, pads: [Int64], space: Int
  ) throws {
    // Extent 8, kernel 2 dilated to 3, stride 2; with pads 1, 1 the fifth window starts at place 8 = the last input.
    var builder = ModelBuilder()
    builder.node(
      "MaxPool", ["x"], ["y"],
      [
        .ints("kernel_shape", [2, 2]), .ints("strides", [2, 2]), .ints("dilations", [2, 2]), .int("ceil_mode", ceil),
        .ints("pads", [pads[0], pads[0], pads[1], pads[1]]),
      ])
    #expect(try builder.network().result == [2, 3, space, space])
  }

  @Test func `a window that would start in the pad at the end does not count`() throws {
    // Extent 7, stride 2, kernel 2, one pad behind: 7 + 1 − 2 = 6 → 4 windows; in ceil mode with 2 pads: ⌈7 ÷ 2⌉ + 1 = 5,
    // and the fifth starts at 8 > 6.
    var builder = ModelBuilder(input: [nil, 1, 7])
    builder.node(
      "AveragePool", ["x"], ["y"],
      [
        .ints("kernel_shape", [2]), .ints("strides", [2]), .ints("pads", [0, 2]), .int("ceil_mode", 1),
        .int("count_include_pad", 1),
      ])
    let network = try builder.network()
    #expect(network.result == [2, 1, 4])
    guard case .pool(let pool) = network.nodes[0].operation else { return }
    #expect(pool.kind == .average(countsPads: true))
  }

  @Test func `Clip's bounds are attributes below opset 11 and operands from there on`() throws {
    var old = ModelBuilder(opset: 10)
    old.node("Clip", ["x"], ["y"], [.float("max", 6), .float("min", 0)])
    #expect(try old.network().nodes[0].operation == .unary(.clip(lower: 0, upper: 6)))
    var new = ModelBuilder(opset: 11)
    new.floats("upper", dims: [], [6])
    new.node("Clip", ["x", "", "upper"], ["y"])
    #expect(try new.network().nodes[0].operation == .unary(.clip(lower: -.infinity, upper: 6)))
    var mixed = ModelBuilder(opset: 11)
    mixed.node("Clip", ["x"], ["y"], [.float("max", 6)])
    #expect(try mixed.error().problem.contains("opsets below 11"))
  }

  /// A slice as written (starts, ends, axes, steps) and as resolved for shape [2, 3, 8, 8].
  struct SliceCase: Sendable {
    var opset: Int64 = 17
    let written: [[Int64]]
    let starts: [Int]
    let steps: [Int]
    let extents: [Int]
  }

  static let slices = [
    SliceCase(
      opset: 9, written: [[1, -2], [.max, .max], [2, 3]], starts: [0, 0, 1, 6], steps: [1, 1, 1, 1],
      extents: [2, 3, 7, 2]),
    SliceCase(
      written: [[-1], [.min], [-1], [-1]], starts: [0, 0, 0, 7], steps: [1, 1, 1, -1], extents: [2, 3, 8, 8]),
    SliceCase(written: [[0, 1], [2, 100]], starts: [0, 1, 0, 0], steps: [1, 1, 1, 1], extents: [2, 2, 8, 8]),
    SliceCase(written: [[1], [8], [3], [3]], starts: [0, 0, 0, 1], steps: [1, 1, 1, 3], extents: [2, 3, 8, 3]),
    SliceCase(
      written: [[6], [-100], [2], [.min]], starts: [0, 0, 6, 0], steps: [1, 1, -8, 1], extents: [2, 3, 1, 8]),
  ]

  @Test(arguments: slices)
  func `Slice is resolved to starts, steps and extents`(_ slice: SliceCase) throws {
    var builder = ModelBuilder(opset: slice.opset)
    let names = ["starts", "ends", "axes", "steps"]
    if slice.opset < 10 {
      builder.node("Slice", ["x"], ["y"], zip(names, slice.written).map { .ints($0, $1) })
    } else {
      for (name, values) in zip(names, slice.written) { builder.integers(name, values) }
      builder.node("Slice", ["x"] + names.prefix(slice.written.count), ["y"])
    }
    let network = try builder.network()
    #expect(network.nodes[0].operation == .slice(starts: slice.starts, steps: slice.steps))
    #expect(network.result == slice.extents)
  }

  @Test func `an empty slice is an error, not a network`() throws {
    var builder = ModelBuilder(opset: 9)
    builder.node("Slice", ["x"], ["y"], [.ints("starts", [5]), .ints("ends", [5]), .ints("axes", [2])])
    #expect(try builder.error().problem.contains("expected at least one element"))
  }

  @Test(
    arguments: [("Squeeze", [0, 3], [3, 8]), ("Unsqueeze", [1, -1], [1, 1, 3, 8, 1, 1])] as [(String, [Int64], [Int])])
  func `Squeeze's and Unsqueeze's axes move from attribute to operand at opset 13`(
    _ opType: String, axes: [Int64], expected: [Int]
  ) throws {
    for opset in [11, 13] as [Int64] {
      var builder = ModelBuilder(opset: opset, input: [nil, 3, 8, 1])
      builder.integers("axes", axes)
      builder.node(opType, opset < 13 ? ["x"] : ["x", "axes"], ["y"], opset < 13 ? [.ints("axes", axes)] : [])
      #expect(try builder.network(batch: 1).result == expected)
    }
    var wrong = ModelBuilder(opset: 13, input: [nil, 3, 8, 1])
    wrong.node(opType, ["x"], ["y"], [.ints("axes", axes)])
    #expect(try wrong.error(batch: 1).problem.contains("opsets below 13"))
  }

  @Test(
    arguments: [
      (12, [nil, 10], [], ["Softmax"], 1), (12, [nil, 10, 1, 1], [], ["Softmax"], 1),
      (12, [nil, 3, 8, 8], [], ["Reshape", "Softmax", "Reshape"], 1),
      (12, [nil, 3, 8, 8], [.int("axis", 3)], ["Softmax"], 3), (13, [nil, 3, 8, 8], [], ["Softmax"], 3),
      (13, [nil, 3, 8, 8], [.int("axis", 1)], ["Softmax"], 1),
    ] as [(Int64, [Int64?], [Onnx_AttributeProto], [String], Int)])
  func `Softmax flattens what lies behind its axis below opset 13`(
    _ opset: Int64, input: [Int64?], attributes: [Onnx_AttributeProto], opTypes: [String], axis: Int
  ) throws {
    for logarithm in [false, true] {
      var builder = ModelBuilder(opset: opset, input: input)
      builder.node(logarithm ? "LogSoftmax" : "Softmax", ["x"], ["y"], attributes)
      let network = try builder.network()
      #expect(network.nodes.map(\.opType) == opTypes.map { $0 == "Softmax" && logarithm ? "LogSoftmax" : $0 })
      #expect(network.result == [2] + input.dropFirst().map { Int($0 ?? 0) })
      #expect(network.nodes.contains { $0.operation == .softmax(axis: axis, logarithm: logarithm) })
      #expect(network.outputs.map { network[$0].name } == ["y"])
    }
  }

  @Test(
    arguments: [
      (11, [.ints("split", [1, 2])], [1, 2]), (13, [], [1, 2]), (18, [.int("num_outputs", 2)], [2, 1]),
    ] as [(Int64, [Onnx_AttributeProto], [Int])])
  func `Split's sizes come from attribute, operand or the number of results`(
    _ opset: Int64, attributes: [Onnx_AttributeProto], sizes: [Int]
  ) throws {
    var builder = ModelBuilder(opset: opset)
    builder.integers("sizes", [1, 2])
    builder.node("Split", opset == 13 ? ["x", "sizes"] : ["x"], ["a", "b"], [.int("axis", 1)] + attributes)
    builder.node("Concat", ["b", "a"], ["y"], [.int("axis", -3)])
    let network = try builder.network()
    let split = try network.node("Split")
    #expect(split.operation == .split(axis: 1))
    #expect(split.outputs.map { network[$0].shape[1] } == sizes)
    #expect(try network.node("Concat").operation == .concat(axis: 1))
  }

  @Test func `ReduceMean's axes move to an operand at opset 18, and none means all or nothing`() throws {
    for opset in [13, 18] as [Int64] {
      var builder = ModelBuilder(opset: opset)
      builder.integers("axes", [-1, 2])
      builder.node(
        "ReduceMean", opset < 18 ? ["x"] : ["x", "axes"], ["y"],
        [.int("keepdims", 0)] + (opset < 18 ? [.ints("axes", [-1, 2])] : []))
      let network = try builder.network()
      #expect(network.nodes[0].operation == .reduce(.mean, axes: [2, 3]))
      #expect(network.result == [2, 3])
    }
    var all = ModelBuilder(opset: 18)
    all.node("ReduceMean", ["x"], ["y"])
    #expect(try all.network().result == [1, 1, 1, 1])
    var nothing = ModelBuilder(opset: 18)
    nothing.node("ReduceMean", ["x"], ["a"], [.int("noop_with_empty_axes", 1)])
    nothing.node("Relu", ["a"], ["y"])
    #expect(try nothing.network().nodes.map(\.opType) == ["Relu"])
  }

  @Test func `Pad's amounts are an attribute below opset 11, an operand after, for chosen axes from 18 on`() throws {
    var old = ModelBuilder(opset: 10)
    old.node("Pad", ["x"], ["y"], [.ints("pads", [0, 0, 1, 2, 0, 0, 3, 4]), .float("value", 7)])
    var middle = ModelBuilder(opset: 13)
    middle.integers("pads", [0, 0, 1, 2, 0, 0, 3, 4])
    middle.floats("value", dims: [], [7])
    middle.node("Pad", ["x", "pads", "value"], ["y"])
    var new = ModelBuilder(opset: 18)
    new.integers("pads", [2, 1, 4, 3])
    new.floats("value", dims: [], [7])
    new.integers("axes", [-1, 2])
    new.node("Pad", ["x", "pads", "value", "axes"], ["y"])
    let pad = Pad(before: [0, 0, 1, 2], behind: [0, 0, 3, 4], mode: .constant(7))
    for builder in [old, middle, new] {
      let network = try builder.network()
      #expect(network.nodes[0].operation == .pad(pad))
      #expect(network.result == [2, 3, 12, 14])
    }
  }

  @Test func `Dropout, Identity and casts between floats leave no trace`() throws {
    var builder = ModelBuilder(opset: 13)
    builder.floats("ratio", dims: [], [0.5])
    builder.floats("w", dims: [3, 8])
    builder.node("Identity", ["w"], ["w2"])
    builder.node("Cast", ["w2"], ["w3"], [.int("to", 1)])
    builder.node("Dropout", ["x", "ratio"], ["a", "mask"])
    builder.node("Cast", ["a"], ["b"], [.int("to", 10)])
    builder.node("Identity", ["b"], ["c"])
    builder.node("MatMul", ["c", "w3"], ["y"], name: "layer")
    builder.proto.graph.input = [ModelBuilder.value("x", [nil, 3])]
    let network = try builder.network()
    #expect(network.nodes.map(\.name) == ["layer"])
    #expect(network.nodes[0].inputs.map { id in id.map { network[$0].name } } == ["x", "w"])
    #expect(network.values.map(\.name) == ["x", "w", "y"])
  }

  @Test func `training nodes and used second results are refused`() throws {
    var dropout = ModelBuilder(opset: 13)
    dropout.floats("ratio", dims: [], [0.5])
    var training = Onnx_TensorProto()
    training.name = "training"
    training.dataType = ElementType.bool.rawValue
    training.int32Data = [1]
    dropout.proto.graph.initializer.append(training)
    dropout.node("Dropout", ["x", "ratio", "training"], ["y"])
    var mask = ModelBuilder(opset: 9)
    mask.node("Dropout", ["x"], ["a", "mask"])
    mask.node("Add", ["a", "mask"], ["y"])
    var indices = ModelBuilder()
    indices.node("MaxPool", ["x"], ["a", "b"], [.ints("kernel_shape", [1, 1])])
    indices.node("Add", ["a", "b"], ["y"])
    var norm = ModelBuilder(opset: 15)
    for name in ["s", "b", "m", "v"] { norm.floats(name, dims: [3]) }
    norm.node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], [.int("training_mode", 1)])
    for builder in [dropout, mask, indices, norm] { #expect(try builder.error().kind == .unsupported) }
  }

  @Test func `float attributes keep their float32 value`() throws {
    var builder = ModelBuilder()
    for name in ["s", "b", "m", "v"] { builder.floats(name, dims: [3]) }
    builder.node("BatchNormalization", ["x", "s", "b", "m", "v"], ["a"])
    builder.node("HardSigmoid", ["a"], ["c"])
    builder.node("LeakyRelu", ["c"], ["d"], [.float("alpha", 0.1)])
    builder.node("LRN", ["d"], ["y"], [.int("size", 5)])
    let operations = try builder.network().nodes.map(\.operation)
    #expect(
      operations == [
        .batchNormalization(epsilon: Double(Float(1e-5))),
        .unary(.hardSigmoid(alpha: Double(Float(0.2)), beta: 0.5)), .unary(.leakyRelu(slope: Double(Float(0.1)))),
        .localResponseNormalization(
          LocalResponseNormalization(size: 5, alpha: Double(Float(0.0001)), beta: 0.75, bias: 1)),
      ])
  }

  @Test func `Sum becomes a chain of additions whose last one is the node`() throws {
    var builder = ModelBuilder()
    builder.floats("c", dims: [3, 1, 1])
    builder.node("Sum", ["x", "c", "x"], ["y"], name: "sum")
    builder.node("Sum", ["y"], ["z"], name: "single")
    builder.node("Relu", ["z"], ["r"])
    builder.proto.graph.output[0].name = "r"
    let network = try builder.network()
    #expect(network.nodes.map(\.name) == ["sum/part1", "sum", "Relu_2"])
    #expect(network[network.nodes[1].outputs[0]].name == "y")
  }
}
