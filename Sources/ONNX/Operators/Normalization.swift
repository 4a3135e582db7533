import Networks

extension OperatorNode {
  /// BatchNormalization as it computes in inference.
  func convertBatchNormalization(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    guard x.shape.rank >= 2 else { throw .bad("operand of shape \(x.shape), expected a batch and a channel axis") }
    let trains = try flag("training_mode")
    guard !trains, !isRead.dropFirst().contains(true) else {
      throw .unsupported("the node is in training mode, export the model for inference")
    }
    let isSpatial = try flag("spatial", default: true)
    guard isSpatial || opset >= 9 else {
      throw .unsupported("spatial = 0, supported is one statistic per channel")
    }
    var operands: [Operand?] = [x]
    for (position, role) in ["scale", "shift", "mean", "variance"].enumerated() {
      let parameter = try parameter(position + 1, role)
      guard parameter.shape.dimensions == [x.shape[1]] else {
        throw .bad("\(role) of shape \(parameter.shape), expected [\(x.shape[1])]")
      }
      operands.append(parameter)
    }
    let epsilon = try float("epsilon", default: 1e-5)
    return [try builder.emit(self, .batchNormalization(epsilon: epsilon), operands, x.shape.dimensions)]
  }

  /// LRN across channels.
  func convertLocalResponseNormalization(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let size = try integer("size", default: 0)
    guard x.shape.rank >= 3, (1...Window.limit).contains(size) else {
      throw .bad("a window of \(size) channels over shape \(x.shape), expected at least 1 over at least 3 axes")
    }
    let window = LocalResponseNormalization(
      size: size, alpha: try float("alpha", default: 0.0001), beta: try float("beta", default: 0.75),
      bias: try float("bias", default: 1))
    return [try builder.emit(self, .localResponseNormalization(window), [x], x.shape.dimensions)]
  }

  /// Softmax and LogSoftmax. Below opset 13 all axes from `axis` on count as one.
  func convertSoftmax(logarithm: Bool, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let dimensions = x.shape.dimensions
    let axis = try self.axis(try integer("axis", default: opset < 13 ? 1 : -1), rank: x.shape.rank)
    guard opset < 13 else {
      return [try builder.emit(self, .softmax(axis: axis, logarithm: logarithm), [x], dimensions)]
    }
    let wide = dimensions.indices.filter { $0 >= axis && dimensions[$0] != 1 }
    if wide.count <= 1 {
      return [
        try builder.emit(self, .softmax(axis: wide.first ?? axis, logarithm: logarithm), [x], dimensions)
      ]
    }
    let flat = [dimensions[..<axis].reduce(1, *), dimensions[axis...].reduce(1, *)]
    let rows = try builder.emit(self, .reshape, opType: "Reshape", [x], flat, part: "flatten", isResult: false)
    let result = try builder.emit(self, .softmax(axis: 1, logarithm: logarithm), [rows], flat, isResult: false)
    return [try builder.emit(self, .reshape, opType: "Reshape", [result], dimensions, part: "unflatten")]
  }
}
