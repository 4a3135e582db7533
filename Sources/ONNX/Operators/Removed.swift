import Networks

extension OperatorNode {
  /// Dropout hands its operand on in inference.
  func passThroughDropout() throws(ImportProblem) -> [Operand] {
    guard !isRead.dropFirst().contains(true) else { throw .unsupported("the second result, the mask, is used") }
    if opset >= 12, let training = try scalar(2), training != 0 {
      throw .unsupported("the node is in training mode, export the model for inference")
    }
    return [try required(0)]
  }

  /// Cast of a computed value: from one float type to another it changes nothing here; a boolean is 0 or 1.
  func convertCast(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let target = try castTarget()
    if target.isFloat { return [try required(0)] }
    guard target == .bool else {
      throw .unsupported("a computed value becomes \(target), supported are float types and bool")
    }
    let x = try required(0)
    let dimensions = x.shape.dimensions
    let isZero = try builder.emit(
      self, .unary(.logicalNot), opType: "Not", [x], dimensions, part: "is_zero", isResult: false)
    return [try builder.emit(self, .unary(.logicalNot), [isZero], dimensions)]
  }

  /// The element type that Cast asks for.
  func castTarget() throws(ImportProblem) -> ElementType {
    let number = try integer("to", default: 0)
    guard let type = Int32(exactly: number).flatMap(ElementType.init(rawValue:)) else {
      throw .unsupported("a cast to type \(number)")
    }
    return type
  }
}
