import Networks
import Testing

@testable import ONNX

/// What operators become, and what is refused.
struct OperatorStructureTests {
  @Test func `a transposed convolution's pads come from auto_pad, output_shape or the file`() throws {
    func convolution(_ attributes: [Onnx_AttributeProto]) throws -> (Convolution, [Int]) {
      var builder = ModelBuilder()
      builder.floats("w", dims: [3, 2, 3, 3])
      builder.node("ConvTranspose", ["x", "w"], ["y"], [.ints("strides", [2, 2])] + attributes)
      let network = try builder.network()
      guard case .convolutionTranspose(let convolution) = network.nodes[0].operation else {
        throw ONNXError(.badContent, file: "", problem: "another operation")
      }
      return (convolution, network.result)
    }
    // 2 · (8 − 1) + 3 = 17 without pads; 16 asked for: one pad, in front unless SAME_UPPER.
    let plain = try convolution([.ints("pads", [1, 0, 2, 0]), .ints("output_padding", [1, 1])])
    #expect(plain.0.padsBegin == [1, 0] && plain.0.padsEnd == [2, 0] && plain.1 == [2, 2, 15, 18])
    let upper = try convolution([.string("auto_pad", "SAME_UPPER")])
    #expect(upper.0.padsBegin == [0, 0] && upper.0.padsEnd == [1, 1] && upper.1 == [2, 2, 16, 16])
    let lower = try convolution([.string("auto_pad", "SAME_LOWER")])
    #expect(lower.0.padsBegin == [1, 1] && lower.0.padsEnd == [0, 0] && lower.1 == [2, 2, 16, 16])
    let asked = try convolution([.ints("output_shape", [2, 2, 14, 17])])
    #expect(asked.0.padsBegin == [2, 0] && asked.0.padsEnd == [1, 0] && asked.1 == [2, 2, 14, 17])
  }

  @Test func `resizing leaves axes alone that keep their extent`() throws {
    var builder = ModelBuilder()
    builder.floats("scales", dims: [4], [1, 1, 2, 1])
    builder.node("Resize", ["x", "", "scales"], ["a"], [.string("mode", "linear")])
    builder.floats("ones", dims: [4], [1, 1, 1, 1])
    builder.node("Resize", ["a", "", "ones"], ["b"], [.string("mode", "cubic")])
    builder.node("Relu", ["b"], ["y"])
    let network = try builder.network()
    #expect(network.nodes.map(\.opType) == ["Resize", "Relu"])
    guard case .resample(let steps) = network.nodes[0].operation else {
      Issue.record("became \(network.nodes[0].operation)")
      return
    }
    #expect(steps.map(\.axis) == [2])
    #expect(steps[0].sources.prefix(6) == [0, 1, 0, 1, 0, 1])
    #expect(steps[0].weights.prefix(6) == [1, 0, 0.75, 0.25, 0.25, 0.75])
  }

  @Test func `Einsum becomes a layer where one operand is a weight, else a matrix product`() throws {
    var layer = ModelBuilder(input: [nil, 4, 5])
    layer.floats("w", dims: [3, 5])
    layer.node("Einsum", ["x", "w"], ["y"], name: "layer", [.string("equation", "bij,kj->bik")])
    let linear = try layer.network()
    #expect(linear.nodes.map(\.operation) == [.linear(Linear(weightIsOutputByInput: true))])
    #expect(linear.nodes[0].name == "layer")
    var product = ModelBuilder(input: [nil, 3, 4, 5])
    product.node("Einsum", ["x", "x"], ["y"], name: "scores", [.string("equation", "bhid,bhjd->bhij")])
    let network = try product.network()
    #expect(network.nodes.map(\.opType) == ["Transpose", "Einsum"])
    #expect(network.nodes[1].name == "scores")
    #expect(network.result == [2, 3, 4, 4])
  }

  @Test(arguments: [
    "ij,jk", "bcij,bcij->", "bcii->bci", "bcij->bcijj", "bcij->bcz", "bc1j->b", "bc-ij", "b..ij->b", "a",
  ])
  func `an equation that does not fit is an error at its node`(_ equation: String) throws {
    var builder = ModelBuilder()
    builder.node("Einsum", ["x"], ["y"], name: "odd", [.string("equation", equation)])
    #expect(try builder.error().place == "node 'odd' (Einsum)")
  }

  @Test func `per-group scales of GroupNormalization are spread over the channels`() throws {
    var builder = ModelBuilder(opset: 18, input: [nil, 6, 4, 4])
    builder.floats("s", dims: [2], [1, 2])
    builder.floats("b", dims: [2], [3, 4])
    builder.node("GroupNormalization", ["x", "s", "b"], ["y"], [.int("num_groups", 2)])
    let network = try builder.network()
    #expect(network.nodes[0].operation == .groupNormalization(groups: 2, epsilon: Double(Float(1e-5))))
    #expect(try network.constant(network.nodes[0], 1).doubles == [1, 1, 1, 2, 2, 2])
    #expect(try network.constant(network.nodes[0], 2).doubles == [3, 3, 3, 4, 4, 4])
  }

  @Test func `what would change the result unseen is refused, with the reason`() throws {
    func refusal(_ opset: Int64 = 18, _ build: (inout ModelBuilder) -> Void) throws -> String {
      var builder = ModelBuilder(opset: opset)
      build(&builder)
      let error = try builder.error()
      #expect(error.kind == .unsupported)
      return error.problem
    }
    #expect(
      try refusal {
        $0.floats("s", dims: [4], [1, 1, 0.5, 0.5])
        $0.node("Resize", ["x", "", "s"], ["y"], [.string("mode", "linear"), .int("antialias", 1)])
      }.contains("antialias"))
    #expect(
      try refusal {
        $0.node("Trilu", ["x"], ["y"])
      }.contains("is supported on constants alone, computed here: 'x'"))
    #expect(
      try refusal {
        $0.node("Cast", ["x"], ["y"], [.int("to", 7)])
      }.contains("becomes int64"))
    #expect(
      try refusal {
        $0.node("ReduceL2", ["x"], ["y"], [.int("noop_with_empty_axes", 1)])
      }.contains("a reduction over no axes"))
    #expect(
      try refusal {
        $0.floats("s", dims: [8])
        $0.node("LayerNormalization", ["x", "s"], ["a", "mean"])
        $0.node("Add", ["a", "mean"], ["y"])
      }.contains("the mean"))
    #expect(
      try refusal {
        $0.node("Cast", ["x"], ["i"], [.int("to", 1)])
        $0.floats("m", dims: [9, 4])
        $0.node("Gather", ["m", "i"], ["y"])
      }.contains("is computed"))
  }
}
