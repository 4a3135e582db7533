import Networks
import Testing

@testable import ONNX

struct LinearTests {
  /// Gemm on x [batch, 4] with a weight for 6 outputs.
  private func gemm(
    _ cDims: [Int64]?, transA: Bool = false, transB: Bool = true, alpha: Float = 1, beta: Float = 1,
    input: [Int64?] = [nil, 4]
  ) -> ModelBuilder {
    var builder = ModelBuilder(input: input)
    builder.floats("w", dims: transB ? [6, 4] : [4, 6])
    if let cDims { builder.floats("c", dims: cDims) }
    builder.node(
      "Gemm", cDims == nil ? ["x", "w"] : ["x", "w", "c"], ["y"], name: "layer",
      [.int("transA", transA ? 1 : 0), .int("transB", transB ? 1 : 0), .float("alpha", alpha), .float("beta", beta)])
    return builder
  }

  @Test(arguments: [true, false])
  func `Gemm with a constant is one linear layer, its weight as stored`(_ transB: Bool) throws {
    let network = try gemm([6], transB: transB, alpha: 2, beta: 3).network()
    #expect(network.nodes.map(\.name) == ["layer"])
    #expect(network.nodes[0].operation == .linear(Linear(weightIsOutputByInput: transB, alpha: 2, beta: 3)))
    #expect(network.nodes[0].inputs.map { id in id.map { network[$0].name } } == ["x", "w", "c"])
    #expect(network.result == [2, 6])
  }

  @Test(
    arguments: [([1, 6], [0, 1, 2, 3, 4, 5]), ([1], [0, 0, 0, 0, 0, 0]), ([], [0, 0, 0, 0, 0, 0])]
      as [([Int64], [Float])])
  func `a constant that is the same for every row becomes the bias`(_ dims: [Int64], expected: [Float]) throws {
    let network = try gemm(dims).network()
    #expect(network.nodes.count == 1)
    #expect(try network.constant(network.nodes[0], 2).floats == expected)
    #expect(try network.constant(network.nodes[0], 2).shape == Shape([6]))
  }

  @Test func `an addend that varies over the rows is added behind, with beta`() throws {
    let network = try gemm([2, 1], beta: 3).network()
    #expect(network.nodes.map(\.name) == ["layer", "layer/add"])
    #expect(network.nodes[0].operation == .linear(Linear(weightIsOutputByInput: true)))
    #expect(network.nodes[1].operation == .binary(.add))
    #expect(try network.constant(network.nodes[1], 1).doubles == [0, 3])
    #expect(network.outputs.map { network[$0].name } == ["y"])
  }

  @Test func `a computed addend is scaled and added`() throws {
    var builder = gemm(nil)
    builder.proto.graph.node = []
    builder.floats("v", dims: [6, 4])
    builder.node("Gemm", ["x", "v"], ["c"], [.int("transB", 1)])
    builder.node("Gemm", ["x", "w", "c"], ["y"], name: "layer", [.int("transB", 1), .float("beta", 0.5)])
    let network = try builder.network()
    #expect(network.nodes.map(\.name) == ["Gemm_0", "layer", "layer/scale", "layer/add"])
    #expect(network.nodes.map(\.opType) == ["Gemm", "Gemm", "Mul", "Add"])
  }

  @Test func `transposed data are transposed first`() throws {
    var builder = gemm(nil, transA: true, input: [nil, 2])
    let network = try builder.network(batch: 4)
    #expect(network.nodes.map(\.opType) == ["Transpose", "Gemm"])
    #expect(network.result == [2, 6])
    builder = gemm(nil, transA: true, input: [nil, 3])
    #expect(try builder.error(batch: 3).place == "node 'layer' (Gemm)")
  }

  @Test func `MatMul takes its constant on either side`() throws {
    var right = ModelBuilder(input: [nil, 7, 4])
    right.floats("w", dims: [4, 6])
    right.node("MatMul", ["x", "w"], ["y"], name: "layer")
    let first = try right.network()
    #expect(first.nodes.map(\.operation) == [.linear(Linear(weightIsOutputByInput: false))])
    #expect(first.result == [2, 7, 6])
    var left = ModelBuilder(input: [nil, 4, 7])
    left.floats("w", dims: [6, 4])
    left.node("MatMul", ["w", "x"], ["y"], name: "layer")
    let second = try left.network()
    #expect(second.nodes.map(\.opType) == ["Transpose", "MatMul", "Transpose"])
    #expect(second.nodes[1].name == "layer")
    #expect(second.nodes[1].operation == .linear(Linear(weightIsOutputByInput: true)))
    #expect(second.result == [2, 6, 7])
    #expect(second.outputs.map { second[$0].name } == ["y"])
  }

  @Test func `two computed factors are a matrix product, and have to fit`() throws {
    var builder = ModelBuilder(input: [nil, 4])
    builder.node("Transpose", ["x"], ["t"])
    builder.node("MatMul", ["x", "t"], ["y"], name: "product")
    let network = try builder.network()
    #expect(network.nodes.map(\.operation) == [.transpose(permutation: [1, 0]), .matrixProduct])
    #expect(network.result == [2, 2])
    var misfit = ModelBuilder(input: [nil, 4])
    misfit.node("MatMul", ["x", "x"], ["y"], name: "odd")
    #expect(try misfit.error().problem.contains("factors [2, 4] and [2, 4] have no product"))
  }

  @Test func `computed weights are unsupported`() throws {
    var weight = ModelBuilder()
    weight.node("Conv", ["x", "x"], ["y"], name: "odd")
    #expect(try weight.error().problem.contains("weight 'x' is computed"))
    var solid = ModelBuilder(input: [nil, 3, 8, 8, 8])
    solid.floats("w", dims: [2, 3, 1, 1, 1])
    solid.node("Conv", ["x", "w"], ["y"], name: "odd")
    #expect(try solid.error().kind == .unsupported)
    var constants = ModelBuilder()
    constants.floats("w", dims: [3, 3, 1, 1])
    constants.floats("v", dims: [1, 3, 1, 1])
    constants.node("Conv", ["v", "w"], ["a"], name: "odd")
    constants.node("Add", ["x", "a"], ["y"])
    #expect(try constants.error().problem.contains("operator Conv of opset 17 is not supported on constants alone"))
  }
}
