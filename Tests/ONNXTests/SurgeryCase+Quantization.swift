@testable import ONNX

extension ModelBuilder {
  /// `x` through integers of a type and back; the integers are `y.q`.
  fileprivate mutating func throughIntegers(_ x: String, _ y: String, scale: Float, _ type: ElementType, _ zero: Int32)
  {
    quantize(x, "\(y).q", scale: scale, type, zero)
    node("DequantizeLinear", ["\(y).q", "\(y).q.s", "\(y).q.z"], [y])
  }

  fileprivate mutating func quantize(_ x: String, _ q: String, scale: Float, _ type: ElementType, _ zero: Int32) {
    floats("\(q).s", dims: [], [scale])
    bytes("\(q).z", dims: [], type, [zero])
    node("QuantizeLinear", [x, "\(q).s", "\(q).z"], [q])
  }

  /// A convolution whose weight and bias are integers with a scale per output.
  fileprivate mutating func integerConv(
    _ name: String, _ x: String, _ y: String, _ inputs: Int64, _ outputs: Int64, kernel: Int64 = 1
  ) {
    let count = Int32(outputs * inputs * kernel * kernel)
    bytes("\(name).w", dims: [outputs, inputs, kernel, kernel], .int8, (0..<count).map { $0 * 29 % 255 - 127 })
    bytes("\(name).b", dims: [outputs], .int32, (0..<Int32(outputs)).map { $0 * 70001 - 150_000 })
    for (part, unit) in [("w", Float(0.002)), ("b", 2e-6)] {
      let type = part == "w" ? ElementType.int8 : .int32
      floats("\(name).\(part).s", dims: [outputs], (1...outputs).map { Float($0) * unit })
      bytes("\(name).\(part).z", dims: [outputs], type, [Int32](repeating: 0, count: Int(outputs)))
      node(
        "DequantizeLinear", ["\(name).\(part)", "\(name).\(part).s", "\(name).\(part).z"], ["\(name).\(part).f"],
        name: "\(name).\(part)", [.int("axis", 0)])
    }
    node(
      "Conv", [x, "\(name).w.f", "\(name).b.f"], [y], name: name,
      [.ints("pads", [Int64](repeating: kernel / 2, count: 4))])
  }
}

extension SurgeryCase {
  /// Models whose values go through integers, as static quantisation writes them.
  static let quantization: [SurgeryCase] = [
    SurgeryCase("quantized convolutions in a row", removing: ["first": [1, 4], "second": [0, 5]]) {
      $0.throughIntegers("x", "a", scale: 0.016, .uint8, 125)
      $0.integerConv("first", "a", "b", 3, 6, kernel: 3)
      $0.throughIntegers("b", "c", scale: 0.05, .uint8, 0)
      $0.integerConv("second", "c", "d", 6, 8)
      $0.node("Relu", ["d"], ["e"])
      $0.throughIntegers("e", "f", scale: 0.1, .int8, -128)
      $0.integerConv("head", "f", "g", 8, 4)
      $0.throughIntegers("g", "y", scale: 0.2, .int8, 3)
    },
    SurgeryCase("MaxPool and Concat of quantized values", removing: ["first": [1, 4], "second": [0, 2]]) {
      $0.integerConv("first", "x", "a", 3, 6)
      $0.integerConv("second", "x", "b", 3, 4)
      $0.quantize("a", "aq", scale: 0.05, .int8, 9)
      $0.quantize("b", "bq", scale: 0.05, .int8, 9)
      $0.node("MaxPool", ["aq"], ["ap"], [.ints("kernel_shape", [2, 2])])
      $0.node("MaxPool", ["bq"], ["bp"], [.ints("kernel_shape", [2, 2])])
      $0.node("Concat", ["ap", "bp"], ["j"], [.int("axis", 1)])
      $0.node("DequantizeLinear", ["j", "aq.s", "aq.z"], ["k"])
      $0.integerConv("head", "k", "y", 10, 4)
    },
    SurgeryCase("quantized linear layers behind a quantized Flatten", removing: ["first": [1, 4], "second": [0, 3]]) {
      $0.integerConv("first", "x", "a", 3, 6)
      $0.quantize("a", "aq", scale: 0.05, .int8, 9)
      $0.node("Flatten", ["aq"], ["bq"])
      $0.node("DequantizeLinear", ["bq", "aq.s", "aq.z"], ["b"])
      $0.bytes("w", dims: [8, 216], .int8, (0..<1728).map { $0 * 29 % 255 - 127 })
      $0.bytes("v", dims: [8], .int32, (0..<8).map { $0 * 70001 - 150_000 })
      $0.floats("w.s", dims: [8], (1...8).map { Float($0) * 0.002 })
      $0.floats("v.s", dims: [8], (1...8).map { Float($0) * 2e-6 })
      $0.node("DequantizeLinear", ["w", "w.s"], ["w.f"], [.int("axis", 0)])
      $0.node("DequantizeLinear", ["v", "v.s"], ["v.f"], [.int("axis", 0)])
      $0.node("Gemm", ["b", "w.f", "v.f"], ["c"], name: "second", [.int("transB", 1)])
      $0.throughIntegers("c", "d", scale: 0.5, .int8, 3)
      $0.weights("u", [8, 3])
      $0.node("MatMul", ["d", "u"], ["y"], name: "last")
    },
  ]
}
