import Foundation
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

struct EditingParameterTests {
  /// The constants of a node in the imported model; none for a bias that it does not have.
  private func constants(_ files: ModelFiles, _ node: String) throws -> [[Float]] {
    let network = try ONNXModel(files: files).network(batchSize: 1)
    let found = try #require(network.nodes.first { $0.name == node })
    return found.inputs.dropFirst().compactMap { id in id.flatMap { network[$0].constant?.floats } }
  }

  private func files(_ build: (inout ModelBuilder) -> Void) throws -> ModelFiles {
    var builder = ModelBuilder(input: [1, 3, 4, 4])
    build(&builder)
    builder.proto.graph.output[0].type.tensorType.clearShape()
    return try ModelFiles(builder)
  }

  private let numbers: [Float] = (0..<6).map { Float($0) / 4 - 1 }

  @Test(arguments: ["Conv", "ConvTranspose"], [1, 10, 11] as [Int32])
  func `weight and bias become other numbers of the same type, in place`(_ opType: String, type: Int32) throws {
    let weight: [Int64] = opType == "Conv" ? [2, 3, 1, 1] : [3, 2, 1, 1]
    let files = try files { builder in
      for (name, dims) in [("w", weight), ("b", [2])] {
        var tensor = Onnx_TensorProto()
        tensor.name = name
        tensor.dims = dims
        tensor.dataType = type
        tensor.rawData = Data(count: Int(dims.reduce(1, *)) * (EditingTensorTests.sizes[type] ?? 0))
        builder.proto.graph.initializer.append(tensor)
      }
      builder.node(opType, ["x", "w", "b"], ["y"], name: "layer")
    }
    let after = try files.replacing([LayerParameters(node: "layer", weight: numbers, bias: [7, 8])])
    #expect(try constants(after, "layer") == [numbers, [7, 8]])
    let graph = try after.proto.graph
    #expect(graph.initializer.map(\.name) == ["w", "b"])
    #expect(graph.initializer.allSatisfy { $0.dataType == type && $0.hasRawData })
    #expect(try graph.node == files.proto.graph.node)
    let onlyBias = try files.replacing([LayerParameters(node: "layer", bias: [1, 2])])
    #expect(try onlyBias.proto.graph.initializer[0] == files.proto.graph.initializer[0])
  }

  @Test func `a tensor that something else reads stays, the layer gets its own`() throws {
    let files = try files {
      $0.floats("w", dims: [3, 3, 1, 1])
      $0.node("Conv", ["x", "w"], ["h"], name: "first")
      $0.node("Conv", ["h", "w"], ["i"], name: "second")
      $0.node("Conv", ["i", "w"], ["y"], name: "third")
    }
    let (one, two, old) = ([Float](repeating: 1, count: 9), [Float](repeating: 2, count: 9), (0..<9).map { Float($0) })
    let after = try files.replacing([LayerParameters(node: "second", weight: one)])
    #expect(try constants(after, "first") == [old])
    #expect(try constants(after, "second") == [one])
    #expect(try constants(after, "third") == [old])
    #expect(try after.proto.graph.initializer.map(\.name) == ["w", "w_own"])
    // All three: nobody reads the first tensor any more than once.
    let all = try files.replacing(
      ["first", "second", "third"].map { LayerParameters(node: $0, weight: $0 == "third" ? two : one) })
    #expect(try constants(all, "first") == [one])
    #expect(try constants(all, "second") == [one])
    #expect(try constants(all, "third") == [two])
    #expect(try all.proto.graph.initializer.map(\.name) == ["w", "w_own", "w_own2"])
    // Twice the same node: the last numbers count, with one copy.
    let twice = try files.replacing([
      LayerParameters(node: "first", weight: one), LayerParameters(node: "first", weight: two, bias: [1, 2, 3]),
    ])
    #expect(try constants(twice, "first") == [two, [1, 2, 3]])
    #expect(try constants(twice, "second") == [old])
    #expect(try twice.proto.graph.initializer.count == 3)
  }

  @Test func `a tensor that a subgraph or an output reads stays`() throws {
    for isOutput in [true, false] {
      let files = try files {
        $0.floats("w", dims: [3, 3, 1, 1])
        $0.node("Conv", ["x", "w"], ["y"], name: "layer")
        if isOutput {
          $0.proto.graph.output.append(ModelBuilder.value("w", [3, 3, 1, 1]))
        } else {
          var inner = Onnx_AttributeProto.graph("then_branch")
          inner.g.node = [
            .with {
              $0.opType = "Identity"
              $0.input = ["w"]
              $0.output = ["w_own"]
            }
          ]
          $0.node("If", ["x"], ["unused"], [inner])
        }
      }
      let graph = try files.replacing([LayerParameters(node: "layer", weight: (0..<9).map { _ in 5 })]).proto.graph
      #expect(graph.tensor("w").floatData == (0..<9).map { Float($0) })
      #expect(graph.initializer.map(\.name) == ["w", isOutput ? "w_own" : "w_own2"])
      #expect(graph.node[0].input == ["x", isOutput ? "w_own" : "w_own2"])
    }
  }

  @Test(arguments: ["Conv", "ConvTranspose"])
  func `a layer without a bias gets one`(_ opType: String) throws {
    // Two convolution groups: 4 outputs of 4 inputs.
    let files = try files {
      $0.proto.graph.input = [ModelBuilder.value("x", [1, 4, 4, 4])]
      $0.floats("w", dims: [4, 2, 1, 1])
      $0.node(opType, ["x", "w", ""], ["h"], name: "layer", [.int("group", 2)])
      $0.node(opType, ["h", "w"], ["y"], name: "other", [.int("group", 2)])
    }
    let bias: [Float] = [1, 2, 3, 4]
    let after = try files.replacing([
      LayerParameters(node: "layer", bias: bias), LayerParameters(node: "other", bias: [5, 6, 7, 8]),
    ])
    let weight = (0..<8).map { Float($0) }
    #expect(try constants(after, "layer") == [weight, bias])
    #expect(try constants(after, "other") == [weight, [5, 6, 7, 8]])
    #expect(try after.proto.graph.initializer.map(\.name) == ["w", "layer/bias_own", "other/bias_own"])
    let error = try #require(throws: ONNXError.self) {
      try files.replacing([LayerParameters(node: "layer", bias: [1])])
    }
    #expect(error.place == "node 'layer' (\(opType))")
  }

  @Test(arguments: [Int64(0), 1], [[3], [1, 3], [1], [], nil] as [[Int64]?])
  func `a Gemm's factor and third operand become other numbers`(_ transB: Int64, extents: [Int64]?) throws {
    let files = try files {
      $0.proto.graph.input = [ModelBuilder.value("x", [1, 2])]
      $0.floats("w", dims: transB == 1 ? [3, 2] : [2, 3])
      if let extents { $0.floats("c", dims: extents) }
      $0.node(
        "Gemm", ["x", "w"] + (extents == nil ? [] : ["c"]), ["y"], [.int("transB", transB), .float("beta", 2)])
    }
    // A nameless node is called by its operator and place.
    let node = "Gemm_0"
    #expect(try files.canReplaceParameters(of: node))
    let after = try files.replacing([LayerParameters(node: node, weight: numbers, bias: [4, 5, 6])])
    #expect(try constants(after, node) == [numbers, [4, 5, 6]])
    let network = try ONNXModel(files: after).network(batchSize: 1)
    guard case .linear(let linear) = try network.node("Gemm").operation else { throw CocoaError(.coderInvalidValue) }
    #expect(linear.beta == (extents == nil ? 1 : 2))
    #expect(try after.proto.graph.initializer.count == 2)
  }

  @Test func `a third operand that varies over the rows is no bias`() throws {
    let files = try files {
      $0.proto.graph.input = [ModelBuilder.value("x", [2, 2])]
      $0.floats("w", dims: [2, 3])
      $0.floats("c", dims: [2, 3])
      $0.node("Gemm", ["x", "w", "c"], ["y"], name: "layer")
    }
    #expect(throws: ONNXError.self) { try files.replacing([LayerParameters(node: "layer", bias: [1, 2, 3])]) }
    #expect(try !files.canReplaceParameters(of: "layer"))
  }

  @Test(arguments: [true, false])
  func `a MatMul's constant factor becomes other numbers, on either side`(_ isRight: Bool) throws {
    let files = try files {
      $0.proto.graph.input = [ModelBuilder.value("x", isRight ? [4, 2] : [3, 4])]
      $0.floats("w", dims: [2, 3])
      $0.node("MatMul", isRight ? ["x", "w"] : ["w", "x"], ["y"], name: "layer")
    }
    let after = try files.replacing([LayerParameters(node: "layer", weight: numbers)])
    #expect(try after.proto.graph.tensor("w").floatData == numbers)
    let error = try #require(throws: ONNXError.self) {
      try files.replacing([LayerParameters(node: "layer", weight: numbers, bias: [1, 2, 3])])
    }
    #expect(error.kind == .unsupported)
    #expect(error.problem.contains("MatMul has no bias"))
  }

  @Test func `a BatchNormalization's four parameters become other numbers`() throws {
    let files = try files {
      for name in ["s", "t", "m", "v"] { $0.floats(name, dims: [3]) }
      $0.node("BatchNormalization", ["x", "s", "t", "m", "v"], ["h"], name: "norm")
      $0.node("BatchNormalization", ["h", "s", "t", "m", "v"], ["y"], name: "other")
    }
    let after = try files.replacing([
      LayerParameters(node: "norm", scale: [1, 1, 2], shift: [3, 3, 3], mean: [4, 4, 4], variance: [5, 5, 5])
    ])
    #expect(try constants(after, "norm") == [[1, 1, 2], [3, 3, 3], [4, 4, 4], [5, 5, 5]])
    #expect(try constants(after, "other") == Array(repeating: [0, 1, 2], count: 4))
    let mean = try files.replacing([LayerParameters(node: "other", mean: [9, 9, 9])])
    #expect(try constants(mean, "other") == [[0, 1, 2], [0, 1, 2], [9, 9, 9], [0, 1, 2]])
    #expect(throws: ONNXError.self) { try files.replacing([LayerParameters(node: "norm", weight: [1, 1, 1])]) }
  }

  @Test(arguments: [true, false])
  func `a weight behind Identity nodes becomes the layer's own`(_ isShared: Bool) throws {
    let files = try files {
      $0.node("Constant", [], ["c"], [.tensor("value", ModelBuilder.floatTensor("", dims: [2, 3, 1, 1]))])
      $0.node("Identity", ["c"], ["i"])
      $0.node("Identity", ["i"], ["w"])
      $0.node("Conv", ["x", "w"], [isShared ? "h" : "y"], name: "layer")
      if isShared {
        $0.node("Conv", ["x", "i"], ["g"], name: "other")
        $0.node("Add", ["h", "g"], ["y"])
      }
    }
    let after = try files.replacing([LayerParameters(node: "layer", weight: numbers)])
    #expect(try constants(after, "layer") == [numbers])
    if isShared { #expect(try constants(after, "other") == [[0, 1, 2, 3, 4, 5]]) }
    // What nobody reads any more is gone.
    #expect(
      try after.proto.graph.node.map(\.opType)
        == (isShared ? ["Constant", "Identity", "Conv", "Conv", "Add"] : ["Conv"]))
  }

  @Test func `a Constant node's tensor becomes other numbers in place`() throws {
    let files = try files {
      $0.node("Constant", [], ["w"], [.tensor("value", ModelBuilder.floatTensor("", dims: [2, 3, 1, 1]))])
      $0.node("Constant", [], ["b"], [.floats("value_floats", [1, 2])])
      $0.node("Conv", ["x", "w", "b"], ["y"], name: "layer")
    }
    let after = try files.replacing([LayerParameters(node: "layer", weight: numbers, bias: [8, 9])])
    #expect(try constants(after, "layer") == [numbers, [8, 9]])
    #expect(try after.proto.graph.node[1].attribute.map(\.floats) == [[8, 9]])
    #expect(try after.proto.graph.initializer.isEmpty)
  }

  @Test func `what cannot be replaced is known beforehand`() throws {
    let files = try files {
      $0.proto.graph.initializer.append(
        .with {
          $0.name = "q"
          $0.dims = [2, 3, 1, 1]
          $0.dataType = 3
          $0.int32Data = [1, 2, 3, 4, 5, 6]
        })
      $0.floats("s", dims: [], [0.5])
      $0.floats("w", dims: [2, 2, 1, 1])
      $0.node("DequantizeLinear", ["q", "s"], ["d"])
      $0.node("Conv", ["x", "d"], ["h"], name: "quantized")
      $0.node("Conv", ["h", "w"], ["i"], name: "plain")
      $0.node("Relu", ["i"], ["y"], name: "relu")
    }
    let obstacles = try files.obstacles(toReplacing: ["quantized", "plain", "relu", "none"])
    #expect(obstacles.mapValues(\.kind) == ["quantized": .unsupported, "relu": .unsupported, "none": .badContent])
    #expect(obstacles["quantized"]?.problem.contains("DequantizeLinear") == true)
    #expect(obstacles["quantized"]?.place == "node 'quantized' (Conv)")
    #expect(try files.canReplaceParameters(of: "plain"))
    let error = try #require(throws: ONNXError.self) {
      try files.replacing([LayerParameters(node: "quantized", weight: numbers)])
    }
    #expect(error == obstacles["quantized"])
  }

  @Test(.enabled(if: reference != nil), arguments: SharedNetworkTests.files)
  func `every layer of the shared models takes other numbers`(_ file: String) throws {
    let root = try #require(reference)
    let files = try ModelFiles.read(root.appendingPathComponent(file + ".onnx").path)
    let network = try ONNXModel(files: files).network(batchSize: 1)
    let layers = network.nodes.filter { ["Conv", "Gemm", "BatchNormalization"].contains($0.opType) }
    #expect(try files.obstacles(toReplacing: layers.map(\.name)).isEmpty)
    func halved(_ layer: Node, _ place: Int) -> [Float]? {
      let id = layer.inputs.indices.contains(place) ? layer.inputs[place] : nil
      return id.flatMap { network[$0].constant?.floats.map { $0 / 2 } }
    }
    let after = try files.replacing(
      layers.map { layer in
        layer.opType == "BatchNormalization"
          ? LayerParameters(
            node: layer.name, scale: halved(layer, 1), shift: halved(layer, 2), mean: halved(layer, 3),
            variance: halved(layer, 4))
          : LayerParameters(node: layer.name, weight: halved(layer, 1), bias: halved(layer, 2))
      })
    for layer in layers {
      let expected = (1..<layer.inputs.count).compactMap { halved(layer, $0) }
      #expect(try constants(after, layer.name) == expected, "\(layer.name)")
    }
  }
}
