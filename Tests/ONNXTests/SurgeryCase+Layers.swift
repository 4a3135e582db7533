@testable import ONNX

extension ModelBuilder {
  /// Floats of both signs that differ from each other, from a name.
  mutating func weights(_ name: String, _ dims: [Int64]) {
    floats(name, dims: dims, Self.spread(name, Int(dims.reduce(1, *))))
  }

  static func spread(_ name: String, _ count: Int) -> [Float] {
    let start = name.utf8.reduce(7) { ($0 * 31 + Int($1)) % 9973 }
    return (0..<count).map { Float(((start + $0) * 7919) % 1009) * 0.001 - 0.5045 }
  }

  /// A convolution with its weight `name.w` and bias `name.b`.
  mutating func conv(
    _ name: String, _ x: String, _ y: String, _ inputs: Int64, _ outputs: Int64, groups: Int64 = 1, kernel: Int64 = 1
  ) {
    weights("\(name).w", [outputs, inputs / groups, kernel, kernel])
    weights("\(name).b", [outputs])
    node(
      "Conv", [x, "\(name).w", "\(name).b"], [y], name: name,
      [.int("group", groups), .ints("pads", [Int64](repeating: kernel / 2, count: 4))])
  }

  /// The last layer: a convolution that reads `x` and yields `y`.
  mutating func head(_ x: String, _ inputs: Int64) { conv("head", x, "y", inputs, 4) }
}

extension SurgeryCase {
  /// One node between a convolution of 6 channels, of which 1 and 4 go, and the last layer.
  static func between(
    _ opType: String, _ form: String = "", opset: Int64 = 17, isStandard: Bool = true, operands: [String] = [],
    _ attributes: [Onnx_AttributeProto] = [], build: @escaping @Sendable (inout ModelBuilder) -> Void = { _ in }
  ) -> SurgeryCase {
    SurgeryCase("\(opType) \(form)", opset: opset, removing: ["first": [1, 4]], isStandard: isStandard) {
      $0.conv("first", "x", "a", 3, 6, kernel: 3)
      build(&$0)
      $0.node(opType, ["a"] + operands, ["b"], name: "middle", attributes)
      $0.head("b", 6)
    }
  }

  static let layers: [SurgeryCase] = [
    SurgeryCase("Conv in a row") {
      $0.conv("first", "x", "a", 3, 6, kernel: 3)
      $0.node("Relu", ["a"], ["b"])
      $0.conv("second", "b", "c", 6, 5, kernel: 3)
      $0.head("c", 5)
    },
    SurgeryCase("Conv depthwise", removing: ["first": [0, 3]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.conv("depth", "a", "b", 6, 6, groups: 6, kernel: 3)
      $0.head("b", 6)
    },
    SurgeryCase("Conv depthwise with a multiplier", removing: ["first": [0, 3]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.conv("depth", "a", "b", 6, 12, groups: 6, kernel: 3)
      $0.head("b", 12)
    },
    SurgeryCase("Conv in groups that lose different channels", removing: ["first": [0, 5], "grouped": [1, 3]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.conv("grouped", "a", "b", 6, 6, groups: 2, kernel: 3)
      $0.head("b", 6)
    },
    SurgeryCase("Conv in groups that lose the same channels", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.conv("grouped", "a", "b", 6, 6, groups: 2, kernel: 3)
      $0.head("b", 6)
    },
    SurgeryCase("Conv over one axis of space", [nil, 3, 7], removing: ["first": [2]]) {
      $0.weights("w", [5, 3, 3])
      $0.node("Conv", ["x", "w"], ["a"], name: "first")
      $0.weights("v", [2, 5, 1])
      $0.node("Conv", ["a", "v"], ["y"], name: "head")
    },
    SurgeryCase("ConvTranspose", removing: ["first": [1, 4], "up": [0]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.weights("up.w", [6, 4, 2, 2])
      $0.weights("up.b", [4])
      $0.node("ConvTranspose", ["a", "up.w", "up.b"], ["b"], name: "up", [.ints("strides", [2, 2])])
      $0.head("b", 4)
    },
    SurgeryCase("ConvTranspose in groups", removing: ["first": [1, 5], "up": [0, 5]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.weights("up.w", [6, 3, 2, 2])
      $0.node(
        "ConvTranspose", ["a", "up.w"], ["b"], name: "up",
        [.ints("strides", [2, 2]), .int("group", 2)])
      $0.head("b", 6)
    },
    SurgeryCase(
      "ConvTranspose with batch and channels in its output_shape", removing: ["first": [1], "up": [0]],
      isStandard: false
    ) {
      $0.conv("first", "x", "a", 3, 6)
      $0.weights("up.w", [6, 4, 2, 2])
      $0.node(
        "ConvTranspose", ["a", "up.w"], ["b"], name: "up",
        [.ints("strides", [2, 2]), .ints("output_shape", [2, 4, 12, 12])])
      $0.head("b", 4)
    },
    SurgeryCase("ConvTranspose depthwise", removing: ["first": [1, 5]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.weights("up.w", [6, 2, 2, 2])
      $0.weights("up.b", [12])
      $0.node(
        "ConvTranspose", ["a", "up.w", "up.b"], ["b"], name: "up", [.ints("strides", [2, 2]), .int("group", 6)])
      $0.head("b", 12)
    },
    SurgeryCase("Gemm with C of one row", [nil, 5], removing: ["first": [0, 6], "second": [1]]) {
      $0.weights("w", [5, 8])
      $0.weights("c", [1, 8])
      $0.node("Gemm", ["x", "w", "c"], ["a"], name: "first", [.float("alpha", 0.5), .float("beta", 2)])
      $0.weights("v", [6, 8])
      $0.weights("d", [6])
      $0.node("Gemm", ["a", "v", "d"], ["b"], name: "second", [.int("transB", 1)])
      $0.weights("u", [6, 3])
      $0.floats("e", dims: [], [0.3])
      $0.node("Gemm", ["b", "u", "e"], ["y"], name: "head")
    },
    SurgeryCase("Gemm with C of all rows", [2, 5], removing: ["first": [0, 6]]) {
      $0.weights("w", [5, 8])
      $0.weights("c", [2, 8])
      $0.node("Gemm", ["x", "w", "c"], ["a"], name: "first")
      $0.weights("v", [8, 3])
      $0.node("Gemm", ["a", "v"], ["y"], name: "head")
    },
    SurgeryCase("Gemm with the constant on the left", [nil, 5], removing: ["first": [0, 6]]) {
      $0.weights("w", [5, 8])
      $0.node("MatMul", ["x", "w"], ["a"], name: "first")
      $0.weights("v", [3, 8])
      $0.node("Gemm", ["v", "a"], ["b"], name: "head", [.int("transB", 1)])
      $0.node("Transpose", ["b"], ["y"])
    },
    SurgeryCase("MatMul behind a Reshape with the constant on the left", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("shape", [0, 6, -1])
      $0.node("Reshape", ["a", "shape"], ["b"])
      $0.weights("v", [4, 6])
      $0.node("MatMul", ["v", "b"], ["y"], name: "head")
    },
    SurgeryCase("MatMul of three axes", [nil, 4, 5], removing: ["first": [2, 3]]) {
      $0.weights("w", [5, 6])
      $0.node("MatMul", ["x", "w"], ["a"], name: "first")
      $0.weights("c", [6])
      $0.node("Add", ["c", "a"], ["b"])
      $0.weights("v", [6, 3])
      $0.node("MatMul", ["b", "v"], ["y"], name: "head")
    },
    SurgeryCase("Einsum with a constant", [nil, 4, 5], removing: ["first": [2, 3]]) {
      $0.weights("w", [5, 6])
      $0.node("MatMul", ["x", "w"], ["a"], name: "first")
      $0.weights("v", [3, 6])
      $0.node("Einsum", ["a", "v"], ["y"], name: "sum", [.string("equation", "bti,oi->bto")])
    },
    .between("BatchNormalization", operands: ["s", "t", "m", "v"]) {
      for name in ["s", "t", "m"] { $0.weights(name, [6]) }
      $0.floats("v", dims: [6], [0.5, 0.6, 0.7, 0.8, 0.9, 1])
    },
    .between("InstanceNormalization", operands: ["s", "t"]) { for name in ["s", "t"] { $0.weights(name, [6]) } },
    // The onnx package calls its own first version deprecated.
    .between(
      "GroupNormalization", "with a group per channel", opset: 18, isStandard: false, operands: ["s", "t"],
      [.int("num_groups", 6)]
    ) {
      for name in ["s", "t"] { $0.weights(name, [6]) }
    },
    .between(
      "GroupNormalization", "with a group per channel", opset: 21, operands: ["s", "t"], [.int("num_groups", 6)]
    ) {
      for name in ["s", "t"] { $0.weights(name, [6]) }
    },
    .between("LayerNormalization", "behind the channels", operands: ["s", "t"], [.int("axis", 2)]) {
      for name in ["s", "t"] { $0.weights(name, [6, 6]) }
    },
    .between("PRelu", operands: ["slope"]) { $0.weights("slope", [6, 1, 1]) },
  ]
}
