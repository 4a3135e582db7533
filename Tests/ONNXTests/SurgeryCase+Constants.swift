import Foundation

@testable import ONNX

extension SurgeryCase {
  /// A convolution whose weight comes out of nodes that make `w` of 8 × 6 × 1 × 1; it loses outputs 0 and 5, inputs 1 and 4.
  static func weight(
    _ name: String, tolerance: Double = 1e-12, build: @escaping @Sendable (inout ModelBuilder) -> Void
  ) -> SurgeryCase {
    SurgeryCase("weight \(name)", removing: ["first": [1, 4], "second": [0, 5]], tolerance: tolerance) {
      $0.conv("first", "x", "a", 3, 6)
      build(&$0)
      $0.node("Conv", ["a", "w"], ["b"], name: "second")
      $0.head("b", 8)
    }
  }

  /// Constants that are not read as they are stored.
  static let constants: [SurgeryCase] = [
    .weight("by Identity, Transpose, Reshape and arithmetic") {
      $0.weights("s", [6, 8])
      $0.node("Identity", ["s"], ["s1"])
      $0.node("Transpose", ["s1"], ["s2"])
      $0.integers("shape", [8, 6, 1, 1])
      $0.node("Reshape", ["s2", "shape"], ["s3"])
      $0.weights("gain", [8, 1, 1, 1])
      $0.node("Mul", ["gain", "s3"], ["s4"])
      $0.node("Tanh", ["s4"], ["w"])
    },
    // What has no way back is stored as float32.
    .weight("normalised by its rows", tolerance: 1e-7) {
      $0.weights("s", [8, 6, 1, 1])
      $0.node("ReduceL2", ["s"], ["n"], [.ints("axes", [1, 2, 3])])
      $0.node("Div", ["s", "n"], ["w"])
    },
    .weight("in integers with a scale per output") {
      quantized("s", &$0)
      $0.floats("scale", dims: [8], (1...8).map { Float($0) * 0.01 })
      integer("zero", (0..<8).map { Int8($0 - 4) }, [8], &$0)
      $0.node("DequantizeLinear", ["s", "scale", "zero"], ["w"], name: "dequantize", [.int("axis", 0)])
    },
    .weight("that is quantized in the file") {
      $0.weights("s", [8, 6, 1, 1])
      $0.floats("scale", dims: [6], (1...6).map { Float($0) * 0.01 })
      integer("zero", [Int8](repeating: 0, count: 6), [6], &$0)
      $0.node("QuantizeLinear", ["s", "scale", "zero"], ["q"], [.int("axis", 1)])
      $0.node("DequantizeLinear", ["q", "scale", "zero"], ["w"], [.int("axis", 1)])
    },
    .weight("of one number") {
      $0.integers("shape", [8, 6, 1, 1])
      $0.node("ConstantOfShape", ["shape"], ["w"], [.tensor("value", ModelBuilder.floatTensor("", dims: [1], [0.25]))])
    },
    .weight("by Expand") {
      $0.weights("s", [8, 1, 1, 1])
      $0.integers("shape", [8, 6, 1, 1])
      $0.node("Expand", ["s", "shape"], ["w"])
    },
    .weight("by Concat of its inputs") {
      $0.weights("s", [8, 2, 1, 1])
      $0.weights("t", [8, 4, 1, 1])
      $0.node("Concat", ["s", "t"], ["w"], [.int("axis", 1)])
    },
    .weight("by Gather, which has no way back") {
      $0.weights("s", [10, 6, 1, 1])
      $0.integers("indices", [9, 7, 5, 3, 1, 0, 2, 4])
      $0.node("Gather", ["s", "indices"], ["w"])
    },
    .weight("in a Constant node") {
      $0.node(
        "Constant", [], ["w"],
        [.tensor("value", ModelBuilder.floatTensor("", dims: [8, 6, 1, 1], ModelBuilder.spread("w", 48)))])
    },
    SurgeryCase("weight shared by layers that lose the same", removing: ["first": [1, 4], "second": [0, 2]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.weights("w", [6, 6, 1, 1])
      $0.node("Conv", ["a", "w"], ["b"], name: "second")
      $0.node("Conv", ["a", "w"], ["c"], name: "third")
      $0.node("Add", ["b", "c"], ["d"])
      $0.head("d", 6)
    },
    SurgeryCase(
      "bias shared through Identity by layers that lose different channels", removing: ["one": [1], "two": [0, 5]]
    ) {
      $0.weights("v", [6, 3, 1, 1])
      $0.weights("u", [6, 3, 1, 1])
      $0.weights("shared", [6])
      $0.node("Identity", ["shared"], ["alias"])
      $0.node("Conv", ["x", "v", "shared"], ["a"], name: "one")
      $0.node("Conv", ["x", "u", "alias"], ["b"], name: "two")
      $0.node("Concat", ["a", "b"], ["c"], [.int("axis", 1)])
      $0.head("c", 12)
    },
    SurgeryCase("constant that one reader needs whole", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.weights("s", [6, 1, 1])
      $0.node("Mul", ["a", "s"], ["b"])
      $0.conv("second", "b", "c", 6, 6)
      $0.node("Mul", ["c", "s"], ["y"])
    },
    SurgeryCase("factor computed from the number of channels", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("Shape", ["a"], ["s"])
      $0.integers("one", [1])
      $0.node("Gather", ["s", "one"], ["n"])
      $0.node("Cast", ["n"], ["f"], [.int("to", 1)])
      $0.node("Sqrt", ["f"], ["r"])
      $0.node("Div", ["a", "r"], ["b"])
      $0.head("b", 6)
    },
    SurgeryCase("bound computed from the number of channels", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("Shape", ["a"], ["s"])
      $0.integers("one", [1], dims: [])
      $0.node("Gather", ["s", "one"], ["n"])
      $0.node("Cast", ["n"], ["f"], [.int("to", 1)])
      $0.floats("part", dims: [], [0.0625])
      $0.node("Mul", ["f", "part"], ["bound"])
      $0.node("Clip", ["a", "", "bound"], ["b"])
      $0.head("b", 6)
    },
    .between("Add", operands: ["c"]) { $0.weights("c", [1, 6, 1, 1]) },
    .between("Mul", "with a constant of all extents", operands: ["c"]) { $0.weights("c", [6, 6, 6]) },
    SurgeryCase("Where with constants", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6, kernel: 3)
      $0.weights("c", [6, 1, 1])
      $0.node("Greater", ["a", "c"], ["g"])
      $0.node("Where", ["g", "a", "c"], ["b"], name: "middle")
      $0.head("b", 6)
    },
    .between("Clip", operands: ["low", "high"]) {
      $0.floats("low", dims: [], [-0.1])
      $0.floats("high", dims: [], [0.4])
    },
    .between("Max", "with constants", operands: ["c", "d"]) {
      $0.weights("c", [6, 1, 1])
      $0.floats("d", dims: [1], [0.1])
    },
    .between("Pow", "with an exponent per channel", operands: ["c"]) {
      $0.floats("c", dims: [6, 1, 1], [2, 2, 2, 4, 4, 2])
    },
  ]

  private static func quantized(_ name: String, _ builder: inout ModelBuilder) {
    integer(name, (0..<48).map { Int8(truncatingIfNeeded: $0 * 29 - 100) }, [8, 6, 1, 1], &builder)
  }

  private static func integer(_ name: String, _ values: [Int8], _ dims: [Int64], _ builder: inout ModelBuilder) {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = dims
    tensor.dataType = ElementType.int8.rawValue
    tensor.rawData = values.withUnsafeBytes { Data($0) }
    builder.proto.graph.initializer.append(tensor)
  }

  /// Every case.
  static let all = layers + extents + selection + constants + quantization
  /// Those that the onnx package and onnxruntime take.
  static let standard = all.filter(\.isStandard)
}
