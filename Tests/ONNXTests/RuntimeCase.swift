import Testing

@testable import ONNX

/// A small model that onnxruntime and this importer compute.
struct RuntimeCase: Sendable, CustomTestStringConvertible {
  /// Unique; also the name of its files.
  let name: String
  /// The version of the standard operators.
  let opset: Int64
  /// Extents of the input `x`, the batch first.
  let shape: [Int64]
  /// Whether the input's elements are above 0; else they have both signs.
  let isPositive: Bool
  /// Adds the nodes from `x` to `y`.
  let build: @Sendable (inout ModelBuilder) -> Void

  init(
    _ name: String, opset: Int64 = 17, _ shape: [Int64] = [2, 4, 5, 6], isPositive: Bool = false,
    build: @escaping @Sendable (inout ModelBuilder) -> Void
  ) {
    self.name = "\(name) of opset \(opset)"
    self.opset = opset
    self.shape = shape
    self.isPositive = isPositive
    self.build = build
  }

  /// A model of one node that reads `x` alone.
  static func node(
    _ opType: String, _ form: String = "", opset: Int64 = 17, shape: [Int64] = [2, 4, 5, 6], isPositive: Bool = false,
    _ attributes: [Onnx_AttributeProto] = []
  ) -> RuntimeCase {
    RuntimeCase(form.isEmpty ? opType : "\(opType) \(form)", opset: opset, shape, isPositive: isPositive) {
      $0.node(opType, ["x"], ["y"], attributes)
    }
  }

  var testDescription: String { name }

  /// The model.
  var model: ModelBuilder {
    var builder = ModelBuilder(opset: opset, input: shape)
    build(&builder)
    // The result's shape is for the importer, and onnxruntime, to find.
    builder.proto.graph.output[0].type.tensorType.clearShape()
    return builder
  }

  /// The input's elements: uneven steps, never near a kink or an integer.
  var input: [Float] {
    let count = Int(shape.reduce(1, *))
    return (0..<count).map { place in
      let value = Float((place * 37 + 11) % 101) * 0.0397 - 1.9853
      return isPositive ? abs(value) + 0.05 : value
    }
  }
}
