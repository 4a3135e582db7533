import Foundation
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

/// An ONNX file put together in a test.
struct ModelBuilder {
  var proto = Onnx_ModelProto()

  /// A model with one float input `x` and one output `y`.
  init(opset: Int64 = 17, input: [Int64?] = [nil, 3, 8, 8], type: ElementType = .float32) {
    proto.irVersion = 8
    proto.producerName = "test"
    var standard = Onnx_OperatorSetIdProto()
    standard.version = opset
    proto.opsetImport = [standard]
    proto.graph.input = [Self.value("x", input, type)]
    proto.graph.output = [Self.value("y", [], type)]
  }

  static func value(_ name: String, _ extents: [Int64?], _ type: ElementType = .float32) -> Onnx_ValueInfoProto {
    var value = Onnx_ValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = type.rawValue
    value.type.tensorType.shape.dim = extents.map { extent in
      var dimension = Onnx_TensorShapeProto.Dimension()
      if let extent { dimension.dimValue = extent } else { dimension.dimParam = "open" }
      return dimension
    }
    return value
  }

  @discardableResult
  mutating func node(
    _ opType: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
    _ attributes: [Onnx_AttributeProto] = []
  ) -> Int {
    var node = Onnx_NodeProto()
    node.opType = opType
    node.input = inputs
    node.output = outputs
    node.name = name
    node.domain = domain
    node.attribute = attributes
    proto.graph.node.append(node)
    return proto.graph.node.count - 1
  }

  mutating func integers(_ name: String, _ values: [Int64], dims: [Int64]? = nil) {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = dims ?? [Int64(values.count)]
    tensor.dataType = ElementType.int64.rawValue
    tensor.int64Data = values
    proto.graph.initializer.append(tensor)
  }

  /// Floats 0, 1, 2 … unless values are given.
  mutating func floats(_ name: String, dims: [Int64], _ values: [Float]? = nil) {
    proto.graph.initializer.append(Self.floatTensor(name, dims: dims, values))
  }

  static func floatTensor(_ name: String, dims: [Int64], _ values: [Float]? = nil) -> Onnx_TensorProto {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = dims
    tensor.dataType = ElementType.float32.rawValue
    tensor.floatData = values ?? (0..<dims.reduce(1, *)).map { Float($0) }
    return tensor
  }

  var bytes: [UInt8] {
    get throws { try proto.serializedBytes() }
  }

  func model(external: [String: [UInt8]] = [:]) throws -> ONNXModel {
    try ONNXModel(files: ModelFiles(model: try bytes, external: external, path: "folder/toy.onnx"))
  }

  func network(batch: Int = 2) throws -> Network {
    try model().network(batchSize: batch)
  }

  /// The error of decoding or importing the model.
  func error(batch: Int = 2, external: [String: [UInt8]] = [:]) throws -> ONNXError {
    try #require(throws: ONNXError.self) { _ = try model(external: external).network(batchSize: batch) }
  }
}

extension Onnx_AttributeProto {
  static func int(_ name: String, _ value: Int64) -> Self {
    .with {
      $0.name = name
      $0.i = value
      $0.type = .int
    }
  }
  static func ints(_ name: String, _ values: [Int64]) -> Self {
    .with {
      $0.name = name
      $0.ints = values
      $0.type = .ints
    }
  }
  static func float(_ name: String, _ value: Float) -> Self {
    .with {
      $0.name = name
      $0.f = value
      $0.type = .float
    }
  }
  static func floats(_ name: String, _ values: [Float]) -> Self {
    .with {
      $0.name = name
      $0.floats = values
      $0.type = .floats
    }
  }
  static func string(_ name: String, _ value: String) -> Self {
    .with {
      $0.name = name
      $0.s = Data(value.utf8)
      $0.type = .string
    }
  }
  static func tensor(_ name: String, _ value: Onnx_TensorProto) -> Self {
    .with {
      $0.name = name
      $0.t = value
      $0.type = .tensor
    }
  }
  static func graph(_ name: String) -> Self {
    .with {
      $0.name = name
      $0.g = Onnx_GraphProto()
      $0.type = .graph
    }
  }
}

extension Network {
  /// The first node made from an op type.
  func node(_ opType: String) throws -> Node {
    try #require(nodes.first { $0.opType == opType })
  }

  /// Shape of the (first) result of the network.
  var result: [Int] { outputs.first.map { self[$0].shape.dimensions } ?? [] }

  /// A node's constant operand.
  func constant(_ node: Node, _ position: Int) throws -> ConstantTensor {
    let id = try #require(node.inputs[position])
    return try #require(self[id].constant)
  }
}
