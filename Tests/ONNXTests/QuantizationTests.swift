import Networks
import Testing

@testable import ONNX

/// QuantizeLinear and DequantizeLinear of computed values: what is read and what is refused.
struct QuantizationTests {
  /// `x` as integers `q`: type, scale 0.5, zero point.
  private func model(
    _ type: ElementType = .int8, zeroPoint: Int32 = 0, scale: [Float] = [0.5], build: (inout ModelBuilder) -> Void
  ) -> ModelBuilder {
    var builder = ModelBuilder(opset: 17)
    builder.floats("s", dims: scale.count == 1 ? [] : [Int64(scale.count)], scale)
    builder.bytes("z", dims: [], type, [zeroPoint])
    builder.node("QuantizeLinear", ["x", "s", "z"], ["q"], name: "quantize")
    build(&builder)
    return builder
  }

  @Test(
    arguments: [
      (.uint8, 0, 0...255), (.uint8, 200, -200...55), (.int8, -128, 0...255), (.int8, 3, -131...124),
      (.uint16, 1, -1...65534), (.int16, 0, -32768...32767),
    ] as [(ElementType, Int32, ClosedRange<Int>)])
  func `a quantised value keeps its name and is handed on by DequantizeLinear`(
    type: ElementType, zeroPoint: Int32, steps: ClosedRange<Int>
  ) throws {
    let network = try model(type, zeroPoint: zeroPoint) {
      $0.node("DequantizeLinear", ["q", "s", "z"], ["d"])
      $0.node("Relu", ["d"], ["y"])
    }.network()
    #expect(
      network.nodes.map(\.operation) == [.unary(.quantize(Quantization(scale: 0.5, steps: steps))), .unary(.relu)])
    #expect(network.nodes[0].name == "quantize")
    #expect(try #require(network.nodes[1].inputs[0]) == network.nodes[0].outputs[0])
    #expect(network[network.nodes[0].outputs[0]].name == "q")
  }

  @Test func `without a zero point the integers are those of uint8`() throws {
    var builder = ModelBuilder()
    builder.floats("s", dims: [], [0.5])
    builder.node("QuantizeLinear", ["x", "s"], ["q"])
    builder.bytes("z", dims: [], .uint8, [0])
    builder.node("DequantizeLinear", ["q", "s", "z"], ["y"])
    #expect(try builder.network().nodes[0].operation == .unary(.quantize(Quantization(scale: 0.5, steps: 0...255))))
  }

  /// The error of a model that reads `q`.
  private func refusal(
    _ type: ElementType = .int8, zeroPoint: Int32 = 0, scale: [Float] = [0.5],
    kind: ONNXError.Kind = .unsupported, build: (inout ModelBuilder) -> Void
  ) throws -> String {
    let error = try model(type, zeroPoint: zeroPoint, scale: scale, build: build).error()
    #expect(error.kind == kind)
    return error.description
  }

  @Test func `integers that are read as another form are refused`() throws {
    for (scale, zeroPoint, type) in [(Float(0.25), 0, ElementType.int8), (0.5, 1, .int8)] {
      let text = try refusal {
        $0.floats("s2", dims: [], [scale])
        $0.bytes("z2", dims: [], type, [Int32(zeroPoint)])
        $0.node("DequantizeLinear", ["q", "s2", "z2"], ["y"], name: "back")
      }
      #expect(text.contains("'q' is int8 with scale 0.5 and zero point 0 and is read as int8 with scale \(scale)"))
      #expect(text.contains("node 'back'"))
    }
    let otherType = try refusal(kind: .badContent) {
      $0.bytes("z2", dims: [], .uint8, [0])
      $0.node("DequantizeLinear", ["q", "s", "z2"], ["y"])
    }
    #expect(otherType.contains("a zero point that is no int8"))
  }

  @Test func `a scale for each channel is refused on computed values`() throws {
    #expect(
      try refusal(scale: [1, 2, 3]) { $0.node("DequantizeLinear", ["q", "s", "z"], ["y"]) }
        .contains("a scale of shape [3], supported is one"))
  }

  @Test(arguments: [[Float(0)], [-1], [.nan], [.infinity]])
  func `a scale that is no number above 0 is refused`(_ scale: [Float]) throws {
    #expect(
      try refusal(scale: scale, kind: .badContent) { $0.node("DequantizeLinear", ["q", "s", "z"], ["y"]) }
        .contains("expected a number above 0"))
  }

  @Test func `integers of a type that is not quantised to are refused`() throws {
    #expect(
      try refusal(.int32) { $0.node("DequantizeLinear", ["q", "s", "z"], ["y"]) }.contains("a zero point of int32"))
  }

  @Test func `arithmetic on integers is refused`() throws {
    for opType in ["Add", "Mul", "Sub", "Max"] {
      #expect(
        try refusal { $0.node(opType, ["q", "q"], ["y"]) }.contains("between QuantizeLinear and DequantizeLinear"))
    }
    #expect(try refusal { $0.node("Cast", ["q"], ["y"], [.int("to", 1)]) }.contains("and Relu with zero point 0"))
    // max(q, 0) is not 0 for the real number 0.
    #expect(
      try refusal(zeroPoint: 5) {
        $0.node("Relu", ["q"], ["r"])
        $0.node("DequantizeLinear", ["r", "s", "z"], ["y"])
      }.contains("zero point 5"))
  }

  @Test func `joined values have to be integers of one form`() throws {
    let other = try refusal {
      $0.floats("s2", dims: [], [0.25])
      $0.node("QuantizeLinear", ["x", "s2", "z"], ["p"])
      $0.node("Concat", ["q", "p"], ["y"], [.int("axis", 1)])
    }
    #expect(other.contains("operand 'q' is int8 with scale 0.5") && other.contains("operand 'p' int8 with scale 0.25"))
    let floats = try refusal { $0.node("Concat", ["x", "q"], ["y"], [.int("axis", 1)]) }
    #expect(floats.contains("operand 'x' floats"))
  }

  @Test func `integers as the model's output are refused`() throws {
    #expect(try refusal { $0.node("Identity", ["q"], ["y"]) }.contains("output 'y': it is int8"))
  }

  @Test func `a value that was not quantised is not dequantised`() throws {
    #expect(
      try refusal { $0.node("DequantizeLinear", ["x", "s", "z"], ["y"]) }.contains("'x' holds no computed integers"))
  }
}
