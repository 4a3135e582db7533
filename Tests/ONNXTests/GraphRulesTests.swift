import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

struct GraphRulesTests {
  @Test func `nodes written in the wrong order are sorted`() throws {
    var builder = ModelBuilder()
    builder.node("Relu", ["b"], ["y"], name: "last")
    builder.node("Tanh", ["a"], ["b"], name: "middle")
    builder.node("Sigmoid", ["x"], ["a"], name: "first")
    #expect(try builder.network().nodes.map(\.name) == ["first", "middle", "last"])
  }

  @Test func `a cycle is named`() throws {
    var builder = ModelBuilder()
    builder.node("Add", ["x", "b"], ["a"], name: "one")
    builder.node("Relu", ["a"], ["b"], name: "two")
    builder.node("Relu", ["b"], ["y"])
    let error = try builder.error()
    #expect(error.kind == .badContent)
    #expect(
      "\(error)" == "folder/toy.onnx: node 'two' (Relu): depends on its own result through 'b'"
        || error.place == "node 'one' (Add)")
    #expect(error.problem.contains("depends on its own result"))
  }

  @Test func `a chain of a hundred thousand nodes is sorted without recursion`() throws {
    var builder = ModelBuilder()
    builder.node("Relu", ["v100000"], ["y"])
    let relu = builder.proto.graph.node[0]
    let identities = stride(from: 100_000, to: 0, by: -1).map { index in
      Onnx_NodeProto.with {
        $0.opType = "Identity"
        $0.input = [index == 1 ? "x" : "v\(index - 1)"]
        $0.output = ["v\(index)"]
      }
    }
    builder.proto.graph.node = identities + [relu]
    #expect(try builder.network().nodes.count == 1)
  }

  @Test func `nodes that no output needs are left out, unsupported ones too`() throws {
    var builder = ModelBuilder()
    builder.node("Relu", ["x"], ["y"], name: "kept")
    builder.node("NonMaxSuppression", ["nowhere"], ["z"])
    let model = try builder.model()
    #expect(try model.network(batchSize: 1).nodes.map(\.name) == ["kept"])
  }

  @Test func `missing and doubled node names become op type and position, unique`() throws {
    var builder = ModelBuilder()
    builder.node("Relu", ["x"], ["a"], name: "same")
    builder.node("Relu", ["a"], ["b"], name: "same")
    builder.node("Tanh", ["b"], ["c"])
    builder.node("Relu", ["c"], ["y"], name: "Tanh_2")
    #expect(try builder.network().nodes.map(\.name) == ["same", "Relu_1", "Tanh_2_", "Tanh_2"])
  }

  enum Broken: String, CaseIterable {
    case noGraph, noNodes, noOutputs, unknownOutput, doubledOutput, undefinedOperand, tensorTwice, shadowsInput
    case initializerTwice, inputTwice, noOpset, oldOpset, newOpset, constantOutput, integerInput, openExtent
    case zeroExtent, scalarInput, subgraph, twoBatches
  }

  @Test(arguments: [
    (Broken.noGraph, "it has no graph"), (.noNodes, "no nodes"), (.noOutputs, "no outputs"),
    (.unknownOutput, "output 'z': nothing yields it"), (.doubledOutput, "listed twice"),
    (.undefinedOperand, "node 'relu' (Relu): reads 'nowhere', which nothing defines"),
    (.tensorTwice, "node 'again' (Relu): yields 'y', which is defined a second time"),
    (.shadowsInput, "yields 'x', which is defined a second time"),
    (.initializerTwice, "initializer 'w': is there twice"), (.inputTwice, "input 'x': is there twice"),
    (.noOpset, "no opset version"), (.oldOpset, "opset 6, supported are 7 to 21"),
    (.newOpset, "opset 22, supported are 7 to 21"), (.constantOutput, "output 'y': it does not depend on any input"),
    (.integerInput, "input 'x': elements of type int64"),
    (.openExtent, "axis 2 ('open') of [open, 3, open, 8] is open"),
    (.zeroExtent, "expected 1 to"), (.scalarInput, "input 'x': a scalar"), (.subgraph, "operator If of opset 17"),
    (.twoBatches, "expected one batch size"),
  ])
  func `a broken graph gives one error that says where and what`(_ broken: Broken, expected: String) throws {
    var builder = ModelBuilder()
    builder.node("Relu", ["x"], ["y"], name: "relu")
    switch broken {
    case .noGraph: builder.proto.clearGraph()
    case .noNodes: builder.proto.graph.node = []
    case .noOutputs: builder.proto.graph.output = []
    case .unknownOutput: builder.proto.graph.output[0].name = "z"
    case .doubledOutput: builder.proto.graph.output.append(builder.proto.graph.output[0])
    case .undefinedOperand: builder.proto.graph.node[0].input = ["nowhere"]
    case .tensorTwice: builder.node("Relu", ["x"], ["y"], name: "again")
    case .shadowsInput: builder.node("Relu", ["y"], ["x"])
    case .initializerTwice:
      builder.floats("w", dims: [1])
      builder.floats("w", dims: [1])
    case .inputTwice: builder.proto.graph.input.append(builder.proto.graph.input[0])
    case .noOpset: builder.proto.opsetImport = []
    case .oldOpset: builder.proto.opsetImport[0].version = 6
    case .newOpset: builder.proto.opsetImport[0].version = 22
    case .constantOutput:
      builder.floats("w", dims: [2])
      builder.proto.graph.node = []
      builder.node("Identity", ["w"], ["y"])
    case .integerInput: builder.proto.graph.input = [ModelBuilder.value("x", [nil, 3], .int64)]
    case .openExtent: builder.proto.graph.input = [ModelBuilder.value("x", [nil, 3, nil, 8])]
    case .zeroExtent: builder.proto.graph.input = [ModelBuilder.value("x", [nil, 0, 8])]
    case .scalarInput: builder.proto.graph.input = [ModelBuilder.value("x", [])]
    case .subgraph:
      builder.proto.graph.node = []
      builder.node("If", ["x"], ["y"], [.graph("then_branch"), .graph("else_branch")])
    case .twoBatches:
      builder.proto.graph.input = [ModelBuilder.value("x", [1, 3]), ModelBuilder.value("x2", [2, 3])]
      builder.proto.graph.node = []
      builder.node("Add", ["x", "x2"], ["y"])
    }
    let error = try builder.error()
    #expect("\(error)".contains(expected), "\(error)")
    #expect("\(error)".hasPrefix("folder/toy.onnx: "))
  }

  @Test func `unsupported operators come first and all at once, in one line`() throws {
    var builder = ModelBuilder()
    builder.node("Conv", ["x", "nowhere"], ["a"])
    builder.node("NonZero", ["a"], ["b"], name: "first")
    builder.node("Gelu", ["b"], ["c"], domain: "com.microsoft")
    builder.node("NonZero", ["c"], ["y"])
    let error = try builder.error()
    #expect(error.kind == .unsupported)
    #expect(error.place == "node 'first' (NonZero)")
    #expect(
      error.problem
        == "operator NonZero of opset 17 is not supported; unsupported in this model: NonZero, com.microsoft.Gelu; "
        + "see docs/operators.md")
  }

  @Test func `an operator that takes constants alone names the operands that are none`() throws {
    var builder = ModelBuilder()
    builder.integers("k", [1])
    builder.node("Relu", ["x"], ["a"])
    builder.node("Trilu", ["a", "k"], ["y"], name: "pick")
    let error = try builder.error()
    #expect(error.kind == .unsupported)
    #expect(
      "\(error)" == "folder/toy.onnx: node 'pick' (Trilu): operator Trilu of opset 17 is supported on constants alone, "
        + "computed here: 'a'; see docs/operators.md")
  }

  @Test func `an operator that takes no constants alone says so`() throws {
    var builder = ModelBuilder()
    builder.floats("c", dims: [1, 3])
    builder.node("Softmax", ["c"], ["a"], name: "soft")
    builder.node("Add", ["x", "a"], ["y"])
    let error = try builder.error()
    #expect(error.kind == .unsupported)
    #expect(
      "\(error)"
        == "folder/toy.onnx: node 'soft' (Softmax): operator Softmax of opset 17 is not supported on constants "
        + "alone; see docs/operators.md")
  }

  @Test func `extents left open are taken from the given sample shape`() throws {
    var builder = ModelBuilder(input: [nil, 3, nil, nil])
    builder.node("Relu", ["x"], ["y"])
    let model = try builder.model()
    #expect(model.inputs[0].extents == [.open("open"), .known(3), .open("open"), .open("open")])
    #expect(try model.network(batchSize: 4, inputShapes: ["x": [3, 5, 6]]).result == [4, 3, 5, 6])
    let missing = #expect(throws: ONNXError.self) { try model.network(batchSize: 4) }
    #expect(missing?.kind == .openShape(model.inputs[0]))
    #expect(throws: ONNXError.self) { try model.network(batchSize: 4, inputShapes: ["x": [1, 5, 6]]) }
    #expect(throws: ONNXError.self) { try model.network(batchSize: 4, inputShapes: ["x": [3, 5]]) }
    #expect(throws: ONNXError.self) { try model.network(batchSize: 4, inputShapes: ["x": [3, 5, -6]]) }
    #expect(throws: ONNXError.self) { try model.network(batchSize: 4, inputShapes: ["x": [3, .max, .max]]) }
  }

  @Test func `a batch size in the file is replaced where every shape allows it`() throws {
    var builder = ModelBuilder(input: [1, 3, 8, 8])
    builder.node("Relu", ["x"], ["a"])
    builder.node("Flatten", ["a"], ["y"])
    let model = try builder.model()
    #expect(model.fixedBatch == 1)
    #expect(try model.network(batchSize: 5).result == [5, 192])
  }

  @Test(arguments: [[1, 192], [1, -1], [2, -1], [1, 1, -1]])
  func `a reshape to literal extents fixes the batch`(_ literal: [Int64]) throws {
    var builder = ModelBuilder(input: [1, 3, 8, 8])
    builder.integers("shape", literal)
    builder.node("Relu", ["x"], ["a"])
    builder.node("Reshape", ["a", "shape"], ["y"], name: "flatten")
    let model = try builder.model()
    _ = try model.network(batchSize: 1)
    let error = try #require(throws: ONNXError.self) { _ = try model.network(batchSize: 2) }
    #expect(error.kind == .fixedBatch(1))
    #expect(error.place == "node 'flatten' (Reshape)")
    #expect(error.problem.contains("the model is fixed to batch 1"))
  }

  @Test func `unknown fields survive a round trip`() throws {
    var builder = ModelBuilder()
    builder.node("Relu", ["x"], ["y"])
    let plain = try builder.bytes
    // Field 25 (functions, undeclared here), length 3, behind the known fields.
    let extended = plain + [0xCA, 0x01, 0x03, 0x0A, 0x01, 0x66]
    let decoded = try Onnx_ModelProto(serializedBytes: extended)
    let written: [UInt8] = try decoded.serializedBytes()
    #expect(written == extended)
    #expect(decoded.unknownFields.data.count == 6)
  }

  @Test func `model files survive being sent as one array, and nothing else passes for them`() throws {
    let files = ModelFiles(model: [1, 2, 3], external: ["a.bin": [4], "dir/b": []], path: "some/where.v2.onnx")
    #expect(files.name == "where.v2")
    let bytes = files.serialized
    #expect(try ModelFiles(serialized: bytes) == files)
    for count in bytes.indices {
      #expect(throws: ONNXError.self) { try ModelFiles(serialized: Array(bytes[..<count])) }
    }
    #expect(throws: ONNXError.self) { try ModelFiles(serialized: bytes + [0]) }
  }
}
