import Networks
import Testing

@testable import ONNX

/// Activations that exporters spell out as several nodes.
struct ActivationPatternTests {
  @Test func `swish, mish and gelu become one node each, named as the last`() throws {
    var builder = ModelBuilder()
    builder.spelledOutActivations()
    let network = try builder.network()
    #expect(network.nodes.map(\.operation) == [.unary(.swish), .unary(.mish), .unary(.gelu(isApproximate: false))])
    #expect(network.nodes.map(\.name) == ["swish", "mish", "gelu"])
    #expect(network.nodes.map(\.opType) == ["Mul", "Mul", "Mul"])
    #expect(network.outputs.map { network[$0].name } == ["y"])
  }

  @Test func `gelu is found with its factors in another order`() throws {
    var builder = ModelBuilder()
    builder.floats("root", dims: [1], [0.70710677])
    builder.floats("one", dims: [], [1])
    builder.floats("half", dims: [1, 1], [0.5])
    builder.node("Mul", ["root", "x"], ["d"])
    builder.node("Erf", ["d"], ["e"])
    builder.node("Add", ["one", "e"], ["f"])
    builder.node("Mul", ["half", "x"], ["h"])
    builder.node("Mul", ["f", "h"], ["y"], name: "gelu")
    #expect(try builder.network().nodes.map(\.operation) == [.unary(.gelu(isApproximate: false))])
  }

  enum Obstacle: CaseIterable {
    case secondReader, output, otherConstant, otherValue, otherRoot
  }

  @Test(arguments: Obstacle.allCases)
  func `what others read, or what is another function, stays as it is written`(_ obstacle: Obstacle) throws {
    var builder = ModelBuilder()
    builder.floats("root", dims: [], [obstacle == .otherRoot ? 1.5 : 1.4142135])
    builder.floats("one", dims: [], [1])
    builder.floats("half", dims: [], [obstacle == .otherConstant ? 0.25 : 0.5])
    builder.node("Tanh", ["x"], ["z"])
    builder.node("Div", ["x", "root"], ["d"])
    builder.node("Erf", ["d"], ["e"])
    builder.node("Add", ["e", "one"], ["f"])
    builder.node("Mul", [obstacle == .otherValue ? "z" : "x", "f"], ["g"])
    builder.node("Mul", ["g", "half"], ["h"])
    builder.node("Add", ["h", obstacle == .secondReader ? "e" : "z"], ["y"])
    if obstacle == .output { builder.proto.graph.output.append(ModelBuilder.value("f", [])) }
    let operations = try builder.network().nodes.map(\.operation)
    #expect(!operations.contains(.unary(.gelu(isApproximate: false))))
    #expect(operations.contains(.unary(.erf)))
  }

  @Test func `a gate is no swish`() throws {
    var builder = ModelBuilder()
    builder.node("Tanh", ["x"], ["z"])
    builder.node("Sigmoid", ["z"], ["s"])
    builder.node("Mul", ["x", "s"], ["y"])
    #expect(try builder.network().nodes.map(\.opType) == ["Tanh", "Sigmoid", "Mul"])
  }

  @Test func `a linear layer between two reshapes keeps the axes of its rows apart`() throws {
    var builder = ModelBuilder(input: [nil, 5, 2, 4])
    builder.integers("flat", [-1, 8])
    builder.node("Reshape", ["x", "flat"], ["rows"], name: "flatten")
    builder.weights("w", dims: [6, 8])
    builder.node("Gemm", ["rows", "w"], ["out"], name: "layer", [.int("transB", 1)])
    builder.integers("apart", [-1, 5, 6])
    builder.node("Reshape", ["out", "apart"], ["y"], name: "unflatten")
    let network = try builder.network()
    #expect(network.nodes.map(\.name) == ["flatten", "layer"])
    #expect(network.nodes.map { network[$0.outputs[0]].shape.dimensions } == [[2, 5, 8], [2, 5, 6]])
    #expect(network.outputs.map { network[$0].name } == ["y"])
    // Where the rows are an output themselves, they stay together.
    builder.proto.graph.output.append(ModelBuilder.value("out", []))
    #expect(try builder.network().nodes.map(\.name) == ["flatten", "layer", "unflatten"])
  }
}
