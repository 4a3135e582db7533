import Foundation
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

struct FoldingTests {
  @Test func `the Shape, Gather, Concat chain of an exported flatten becomes a plain reshape`() throws {
    var builder = ModelBuilder(input: [nil, 3, 8, 8])
    builder.integers("zero", [0], dims: [])
    builder.integers("axes", [0])
    builder.integers("rest", [-1])
    builder.node("Relu", ["x"], ["a"])
    builder.node("Shape", ["a"], ["shape"])
    builder.node("Gather", ["shape", "zero"], ["batch"], [.int("axis", 0)])
    builder.node("Unsqueeze", ["batch", "axes"], ["batch1"])
    builder.node("Concat", ["batch1", "rest"], ["target"], [.int("axis", 0)])
    builder.node("Reshape", ["a", "target"], ["y"], name: "flatten")
    let network = try builder.network(batch: 7)
    #expect(network.nodes.map(\.opType) == ["Relu", "Reshape"])
    #expect(network.result == [7, 192])
    #expect(network.values.count == 3)
  }

  @Test func `the arithmetic of a channel shuffle folds`() throws {
    var builder = ModelBuilder(input: [nil, 6, 4, 4])
    for (name, value) in [("one", 1), ("two", 2), ("three", 3), ("zero", 0)] as [(String, Int64)] {
      builder.integers(name, [value], dims: [])
    }
    builder.integers("axes", [0])
    builder.node("Shape", ["x"], ["shape"])
    for (index, name) in [(0, "zero"), (1, "one"), (2, "two"), (3, "three")] {
      builder.node("Gather", ["shape", name], ["d\(index)"])
      builder.node("Unsqueeze", ["d\(index)", "axes"], ["u\(index)"])
    }
    builder.node("Div", ["d1", "two"], ["half"])
    builder.node("Cast", ["half"], ["half64"], [.int("to", 7)])
    builder.node("Unsqueeze", ["half64", "axes"], ["uhalf"])
    builder.node("Unsqueeze", ["two", "axes"], ["utwo"])
    builder.node("Concat", ["u0", "utwo", "uhalf", "u2", "u3"], ["wide"], [.int("axis", 0)])
    builder.node("Concat", ["u0", "u1", "u2", "u3"], ["narrow"], [.int("axis", 0)])
    builder.node("Reshape", ["x", "wide"], ["a"])
    builder.node("Transpose", ["a"], ["b"], [.ints("perm", [0, 2, 1, 3, 4])])
    builder.node("Reshape", ["b", "narrow"], ["y"])
    let network = try builder.network()
    #expect(network.nodes.map(\.opType) == ["Reshape", "Transpose", "Reshape"])
    #expect(network[network.nodes[0].outputs[0]].shape == Shape([2, 2, 3, 4, 4]))
    #expect(network.result == [2, 6, 4, 4])
  }

  /// Folds one node whose operands are given, and reads the result through a Mul with the input.
  private func fold(
    _ opType: String, opset: Int64 = 17, _ operands: [ConstantTensor], _ attributes: [Onnx_AttributeProto] = [],
    outputs: [String] = ["r"]
  ) throws -> [ConstantTensor] {
    let rule = try #require(OperatorRegistry.rule(for: opType)?.fold)
    var builder = NetworkBuilder(names: [])
    let node = OperatorNode(
      name: "n", opType: opType, opset: Int(opset),
      operands: operands.enumerated().map { Operand(name: "o\($0)", constant: $1) }, outputs: outputs,
      isRead: outputs.map { _ in true }, attributes: Dictionary(uniqueKeysWithValues: attributes.map { ($0.name, $0) }))
    return try rule(node, &builder).compactMap(\.constant)
  }

  private func integers(_ values: [Int64], _ dims: [Int]? = nil) -> ConstantTensor {
    ConstantTensor(shape: Shape(dims ?? [values.count]), elements: .integer(values))
  }

  private func floats(_ values: [Float], _ dims: [Int]? = nil) -> ConstantTensor {
    ConstantTensor(shape: Shape(dims ?? [values.count]), elements: .float(values))
  }

  @Test(
    arguments: [
      ("Div", [-7, 7, -8], [2, 2, 3], [-3, 3, -2]), ("Mod", [-7, 7, -8], [3, -3, 4], [2, -2, 0]),
      ("Pow", [2, -3, 5], [10, 3, 0], [1024, -27, 1]), ("Max", [1, 5, -1], [2, 2, 2], [2, 5, 2]),
      ("Min", [1, 5, -1], [2, 2, 2], [1, 2, -1]), ("Equal", [1, 2, 3], [1, 0, 3], [1, 0, 1]),
      ("Less", [1, 2, 3], [2, 2, 2], [1, 0, 0]), ("Greater", [1, 2, 3], [2, 2, 2], [0, 0, 1]),
      ("And", [0, 1, 1], [1, 1, 0], [0, 1, 0]), ("Or", [0, 1, 0], [1, 1, 0], [1, 1, 0]),
      ("Sub", [1, 2, 3], [3, 2, 1], [-2, 0, 2]), ("Mul", [Int64.max, 2, 3], [2, 2, 2], [-2, 4, 6]),
      ("Sum", [1, 2, 3], [1, 1, 1], [2, 3, 4]),
    ] as [(String, [Int64], [Int64], [Int64])])
  func `integer arithmetic is that of int64`(_ opType: String, a: [Int64], b: [Int64], expected: [Int64]) throws {
    #expect(try fold(opType, [integers(a), integers(b)])[0].elements.integers == expected)
  }

  @Test func `integers over zero and powers past int64 are errors`() throws {
    #expect(throws: ImportProblem.self) { try fold("Div", [integers([1]), integers([0])]) }
    #expect(throws: ImportProblem.self) { try fold("Mod", [integers([1]), integers([0])]) }
    #expect(throws: ImportProblem.self) { try fold("Pow", [integers([10]), integers([40])]) }
    #expect(throws: ImportProblem.self) { try fold("Cast", [floats([1e30])], [.int("to", 7)]) }
    #expect(throws: ImportProblem.self) { try fold("Cast", [floats([.nan])], [.int("to", 6)]) }
    #expect(try fold("Div", [integers([.min]), integers([-1])])[0].elements.integers == [.min])
  }

  @Test func `float arithmetic is that of float64`() throws {
    let (a, b) = (floats([1, -2, 0.1]), floats([3, 4, 0.2]))
    #expect(try fold("Div", [a, b])[0].doubles == [1 / 3, -0.5, Double(Float(0.1)) / Double(Float(0.2))])
    #expect(try fold("Sqrt", [floats([2])])[0].doubles == [Double(2).squareRoot()])
    #expect(try fold("Exp", [floats([1])])[0].doubles == [exp(1)])
    #expect(try fold("Log", [floats([2])])[0].doubles == [log(2)])
    #expect(try fold("Neg", [a])[0].doubles == a.doubles.map { -$0 })
    #expect(try fold("Abs", [a])[0].doubles == a.doubles.map(abs))
    #expect(try fold("Floor", [floats([-1.5, 1.5])])[0].doubles == [-2, 1])
    #expect(try fold("Ceil", [floats([-1.5, 1.5])])[0].doubles == [-1, 2])
    #expect(try fold("Mod", [floats([-7]), floats([3])], [.int("fmod", 1)])[0].doubles == [-1])
    #expect(try fold("Mod", [floats([-7, 7, -1]), floats([3, -3, .infinity])])[0].doubles == [2, -2, .infinity])
    #expect(try fold("Not", [integers([0, 1])])[0].elements.integers == [1, 0])
  }

  @Test func `operands broadcast`() throws {
    let sum = try fold("Add", [integers([10, 20], [2, 1]), integers([1, 2, 3])])[0]
    #expect(sum.shape == Shape([2, 3]))
    #expect(sum.elements.integers == [11, 12, 13, 21, 22, 23])
    let picked = try fold("Where", [integers([1, 0]), integers([5, 6], [2, 1]), integers([7])])[0]
    #expect(picked.elements.integers == [5, 7, 6, 7])
    #expect(throws: ImportProblem.self) { try fold("Add", [integers([1, 2]), integers([1, 2, 3])]) }
  }

  @Test func `movement keeps float32 weights float32`() throws {
    let grid = floats([0, 1, 2, 3, 4, 5], [2, 3])
    let turned = try fold("Transpose", [grid])[0]
    #expect(turned.shape == Shape([3, 2]))
    guard case .float(let values) = turned.elements else { throw CancellationError() }
    #expect(values == [0, 3, 1, 4, 2, 5])
    #expect(
      try fold("Tile", [grid, integers([2, 2])])[0].floats == [
        0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5, 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5,
      ])
    #expect(
      try fold("Expand", [floats([1, 2], [2, 1]), integers([2, 1, 2])])[0].floats == [1, 1, 2, 2, 1, 1, 2, 2])
    #expect(
      try fold("Concat", [grid, floats([6, 7], [2, 1])], [.int("axis", 1)])[0].floats == [0, 1, 2, 6, 3, 4, 5, 7])
    #expect(
      try fold("Split", [grid], [.int("axis", 1)], outputs: ["a", "b", "c"]).map(\.floats) == [
        [0, 3], [1, 4], [2, 5],
      ])
    let slice = [integers([-1]), integers([-100]), integers([1]), integers([-2])]
    #expect(try fold("Slice", [grid] + slice)[0].floats == [2, 0, 5, 3])
  }

  @Test func `Gather picks along any axis, with indices of any shape, counted from the end too`() throws {
    let grid = integers(Array(0..<12), [2, 3, 2])
    let picked = try fold("Gather", [grid, integers([2, -3, 0, 1], [2, 2])], [.int("axis", 1)])[0]
    #expect(picked.shape == Shape([2, 2, 2, 2]))
    #expect(picked.elements.integers == [4, 5, 0, 1, 0, 1, 2, 3, 10, 11, 6, 7, 6, 7, 8, 9])
    let scalar = try fold("Gather", [grid, integers([1], [])], [.int("axis", 2)])[0]
    #expect(scalar.shape == Shape([2, 3]))
    #expect(scalar.elements.integers == [1, 3, 5, 7, 9, 11])
    #expect(throws: ImportProblem.self) { try fold("Gather", [grid, integers([3])], [.int("axis", 1)]) }
    #expect(try fold("Gather", [grid, integers([])], [.int("axis", 0)])[0].shape == Shape([0, 3, 2]))
  }

  @Test func `shapes, ranges and reductions`() throws {
    let grid = integers([3, 1, 2, 6, 5, 4], [2, 3])
    #expect(try fold("Shape", [grid])[0].elements.integers == [2, 3])
    #expect(try fold("Shape", [grid], [.int("start", -1)])[0].elements.integers == [3])
    #expect(try fold("Shape", [grid], [.int("start", .min), .int("end", 1)])[0].elements.integers == [2])
    #expect(try fold("Size", [grid])[0].elements.integers == [6])
    #expect(
      try fold("Range", [integers([3], []), integers([10], []), integers([3], [])])[0].elements.integers == [3, 6, 9])
    #expect(
      try fold("Range", [integers([3], []), integers([0], []), integers([-2], [])])[0].elements.integers == [3, 1])
    #expect(try fold("Range", [integers([3], []), integers([0], []), integers([2], [])])[0].shape == Shape([0]))
    #expect(throws: ImportProblem.self) {
      try fold("Range", [integers([0], []), integers([1], []), integers([0], [])])
    }
    #expect(
      try fold("ReduceProd", [grid], [.ints("axes", [0]), .int("keepdims", 0)])[0].elements.integers == [18, 5, 8])
    #expect(try fold("ReduceMax", [grid], [.ints("axes", [-1])])[0].elements.integers == [3, 6])
    #expect(try fold("ReduceMin", [grid])[0].shape == Shape([1, 1]))
    #expect(try fold("ReduceSum", [grid, integers([1])], [.int("keepdims", 0)])[0].elements.integers == [6, 15])
    #expect(try fold("ReduceMean", [floats([1, 2, 6])])[0].doubles == [3])
    let value = try fold(
      "ConstantOfShape", [integers([2, 2])], [.tensor("value", ModelBuilder.floatTensor("", dims: [1], [2.5]))])[0]
    #expect(value.floats == [2.5, 2.5, 2.5, 2.5])
    #expect(try fold("ConstantOfShape", [integers([])])[0].shape == Shape([]))
  }

  @Test func `weights that pass through moving operators and arithmetic are folded, and take the last name`() throws {
    var builder = ModelBuilder(input: [nil, 4])
    builder.floats("w", dims: [6, 4])
    builder.floats("scale", dims: [], [0.5])
    builder.node("Transpose", ["w"], ["wt"])
    builder.node("Mul", ["wt", "scale"], ["ws"])
    builder.node("Identity", ["ws"], ["wi"])
    builder.node("MatMul", ["x", "wi"], ["y"])
    let network = try builder.network()
    #expect(network.nodes.count == 1)
    #expect(network.values.map(\.name) == ["x", "ws", "y"])
    #expect(try network.constant(network.nodes[0], 1).doubles[1] == 2)
  }

  @Test func `Constant nodes hold tensors, numbers and lists`() throws {
    let list = Onnx_AttributeProto.with {
      $0.name = "value_floats"
      $0.floats = [1, 2, 3]
    }
    for (attribute, expected) in [
      (.tensor("value", ModelBuilder.floatTensor("", dims: [1], [3])), [3]), (.float("value_float", 4), [4]),
      (list, [1, 2, 3]),
    ] as [(Onnx_AttributeProto, [Float])] {
      var builder = ModelBuilder(input: [nil, 3])
      builder.node("Constant", [], ["c"], [attribute])
      builder.node("Add", ["x", "c"], ["y"])
      let network = try builder.network()
      #expect(try network.constant(network.nodes[0], 1).floats == expected)
    }
    var text = ModelBuilder()
    text.node("Constant", [], ["c"], name: "odd", [.string("value_string", "a")])
    text.node("Add", ["x", "c"], ["y"])
    #expect(try text.error().place == "node 'odd' (Constant)")
  }
}
