@testable import ONNX

extension RuntimeCase {
  /// QuantizeLinear and DequantizeLinear around computed values, as static quantisation writes them.
  static let quantization: [RuntimeCase] = [
    quantized("to uint8", .uint8, zeroPoint: 121, scale: 0.0125),
    quantized("to uint8 without negative numbers", .uint8, zeroPoint: 0, scale: 0.0125),
    quantized("to int8 in steps of a third", .int8, zeroPoint: -3, scale: 1 / 3),
    quantized("to int8 beyond its ends", .int8, zeroPoint: 7, scale: 0.01),
    quantized("to uint16", .uint16, zeroPoint: 30000, scale: 1e-4, opset: 21),
    quantized("to int16", .int16, zeroPoint: -5, scale: 2e-4, opset: 21),
    RuntimeCase("quantized without a zero point") {
      $0.floats("s", dims: [], [0.05])
      $0.node("QuantizeLinear", ["x", "s"], ["q"])
      $0.node("DequantizeLinear", ["q", "s"], ["y"])
    },
    // Of multiples of 0.35 the odd ones lie halfway between two steps.
    RuntimeCase("quantized halfway between steps") {
      $0.floats("half", dims: [], [0.35])
      $0.node("Floor", ["x"], ["f"])
      $0.node("Mul", ["f", "half"], ["h"])
      $0.floats("s", dims: [1], [0.1])
      $0.bytes("z", dims: [1], .int8, [0])
      $0.node("QuantizeLinear", ["h", "s", "z"], ["q"])
      $0.node("DequantizeLinear", ["q", "s", "z"], ["y"])
    },
    between("MaxPool") {
      $0.node("MaxPool", ["q"], ["r"], [.ints("kernel_shape", [3, 3]), .ints("pads", [1, 1, 1, 1])])
    },
    between("Relu", zeroPoint: 0) { $0.node("Relu", ["q"], ["r"]) },
    between("Transpose, Reshape and Slice") {
      $0.node("Transpose", ["q"], ["t"], [.ints("perm", [0, 2, 3, 1])])
      $0.integers("shape", [0, 6, -1])
      $0.node("Reshape", ["t", "shape"], ["u"])
      $0.integers("from", [1])
      $0.integers("to", [5])
      $0.node("Slice", ["u", "from", "to", "from"], ["r"])
    },
    between("Split and Concat") {
      $0.node("Split", ["q"], ["a", "b"], [.int("axis", 1)])
      $0.node("Concat", ["b", "a"], ["r"], [.int("axis", 1)])
    },
    between("Pad") {
      $0.integers("pads", [0, 0, 1, 2, 0, 0, 0, 1])
      $0.bytes("value", dims: [], .int8, [5])
      $0.node("Pad", ["q", "pads", "value"], ["r"])
    },
    between("Pad with the integer 0") {
      $0.integers("pads", [0, 0, 1, 2, 0, 0, 0, 1])
      $0.node("Pad", ["q", "pads"], ["r"])
    },
    RuntimeCase("a quantized convolution with its bias", opset: 13) { $0.quantizedConvolution() },
  ]

  /// `x` through integers of a type and back.
  private static func quantized(
    _ name: String, _ type: ElementType, zeroPoint: Int32, scale: Float, opset: Int64 = 17
  ) -> RuntimeCase {
    RuntimeCase("quantized \(name)", opset: opset) {
      $0.floats("s", dims: [], [scale])
      $0.bytes("z", dims: [], type, [zeroPoint])
      $0.node("QuantizeLinear", ["x", "s", "z"], ["q"])
      $0.node("DequantizeLinear", ["q", "s", "z"], ["y"])
    }
  }

  /// `x` as integers `q`, from which nodes make the integers `r`.
  private static func between(
    _ name: String, zeroPoint: Int32 = -9, build: @escaping @Sendable (inout ModelBuilder) -> Void
  ) -> RuntimeCase {
    RuntimeCase("\(name) on quantized values") {
      $0.floats("s", dims: [], [0.04])
      $0.bytes("z", dims: [], .int8, [zeroPoint])
      $0.node("QuantizeLinear", ["x", "s", "z"], ["q"])
      build(&$0)
      // The same numbers under another name.
      $0.floats("s2", dims: [1], [0.04])
      $0.node("DequantizeLinear", ["r", "s2", "z"], ["y"])
    }
  }
}

extension ModelBuilder {
  /// A convolution from `x` to `y` as static quantisation writes it: operand, weight, bias and result through integers.
  mutating func quantizedConvolution() {
    floats("xs", dims: [], [0.016])
    bytes("xz", dims: [], .uint8, [125])
    node("QuantizeLinear", ["x", "xs", "xz"], ["xq"])
    node("DequantizeLinear", ["xq", "xs", "xz"], ["xd"])
    bytes("wq", dims: [3, 4, 1, 1], .int8, [-7, 3, 120, -128, 5, 6, 7, 8, 9, -10, 11, 12])
    floats("ws", dims: [3], [0.01, 0.02, 0.005])
    bytes("wz", dims: [3], .int8, [0, 0, 0])
    node("DequantizeLinear", ["wq", "ws", "wz"], ["w"], [.int("axis", 0)])
    bytes("bq", dims: [3], .int32, [1000, -2000, 3])
    floats("bs", dims: [3], [0.00016, 0.00032, 0.00008])
    bytes("bz", dims: [3], .int32, [0, 0, 0])
    node("DequantizeLinear", ["bq", "bs", "bz"], ["b"], [.int("axis", 0)])
    node("Conv", ["xd", "w", "b"], ["c"])
    floats("ys", dims: [], [0.021])
    bytes("yz", dims: [], .uint8, [0])
    node("QuantizeLinear", ["c", "ys", "yz"], ["yq"])
    node("DequantizeLinear", ["yq", "ys", "yz"], ["y"])
  }
}
