import Networks

extension OperatorNode {
  /// One operand, a function of each element.
  func convertUnary(_ function: UnaryFunction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    return [try builder.emit(self, .unary(function), [x], x.shape.dimensions)]
  }

  /// Clip's function: attributes below opset 11, constant operands from there on.
  func clip() throws(ImportProblem) -> UnaryFunction {
    let lower: Double
    let upper: Double
    if opset < 11 {
      lower = try float("min", default: -.infinity)
      upper = try float("max", default: .infinity)
    } else {
      for bound in ["min", "max"] where attributes[bound] != nil {
        throw .bad("attribute '\(bound)' belongs to opsets below 11, the model says opset \(opset)")
      }
      lower = try scalar(1) ?? -.infinity
      upper = try scalar(2) ?? .infinity
    }
    return .clip(lower: lower, upper: upper)
  }

  /// HardSigmoid's function.
  func hardSigmoid() throws(ImportProblem) -> UnaryFunction {
    .hardSigmoid(alpha: try float("alpha", default: 0.2), beta: try float("beta", default: 0.5))
  }

  /// LeakyRelu's function.
  func leakyRelu() throws(ImportProblem) -> UnaryFunction {
    .leakyRelu(slope: try float("alpha", default: 0.01))
  }

  /// Two operands that broadcast.
  func convertBinary(_ function: BinaryFunction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let left = try float(0)
    let right = try float(1)
    return [try builder.emit(self, .binary(function), [left, right], try broadcast(left, right))]
  }

  /// Any number of operands: a chain of additions, the last of which is the node.
  func convertSum(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    var sum = try float(0)
    for position in operands.indices.dropFirst() {
      let next = try float(position)
      let isLast = position == operands.count - 1
      sum = try builder.emit(
        self, .binary(.add), [sum, next], try broadcast(sum, next), part: isLast ? nil : "part\(position)",
        isResult: isLast)
    }
    return [sum]
  }

  private func broadcast(_ left: Operand, _ right: Operand) throws(ImportProblem) -> [Int] {
    guard let shape = left.shape.broadcast(with: right.shape) else {
      throw .bad("operands \(left.shape) and \(right.shape) do not broadcast")
    }
    return shape.dimensions
  }
}
