import Networks

extension OperatorNode {
  /// One operand, a function of each element.
  func convertUnary(_ function: UnaryFunction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    return [try builder.emit(self, .unary(function), [x], x.shape.dimensions)]
  }

  /// Two operands that broadcast.
  func convertBinary(_ function: BinaryFunction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let left = try float(0)
    let right = try float(1)
    return [try builder.emit(self, .binary(function), [left, right], try broadcast(left, right))]
  }

  /// Comparisons and logic. What is computed is 0 or 1; a constant may hold booleans.
  func convertComparison(_ function: BinaryFunction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand]
  {
    let left = try number(0, &builder)
    let right = try number(1, &builder)
    return [try builder.emit(self, .binary(function), [left, right], try broadcast(left, right))]
  }

  /// Where: three operands that broadcast.
  func convertWhere(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let condition = try number(0, &builder)
    let (yes, no) = (try float(1), try float(2))
    guard let shape = Shape(written: try broadcast(yes, no))?.broadcast(with: condition.shape) else {
      throw .bad("operands \(condition.shape), \(yes.shape) and \(no.shape) do not broadcast")
    }
    return [try builder.emit(self, .select, [condition, yes, no], shape.dimensions)]
  }

  /// Pow; a constant exponent of one element becomes part of the function.
  func convertPower(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let base = try float(0)
    let exponent = try required(1)
    if let constant = exponent.constant, constant.shape.count == 1, exponent.shape.rank <= base.shape.rank {
      return [try builder.emit(self, .unary(.power(exponent: constant.doubles[0])), [base], base.shape.dimensions)]
    }
    let operand = try number(1, &builder)
    return [try builder.emit(self, .binary(.power), [base, operand], try broadcast(base, operand))]
  }

  /// Sum, Max, Min of any number of operands: a chain, the last of which is the node.
  func convertChain(_ function: BinaryFunction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    [try chain(function, isResult: true, &builder)]
  }

  /// Mean of any number of operands: their sum, divided.
  func convertMean(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    guard operands.count > 1 else { return [try float(0)] }
    let sum = try chain(.add, isResult: false, &builder)
    let count = builder.scalar(Double(operands.count), named: "\(name)/count")
    return [try builder.emit(self, .binary(.divide), [sum, count], sum.shape.dimensions)]
  }

  private func chain(_ function: BinaryFunction, isResult: Bool, _ builder: inout NetworkBuilder) throws(ImportProblem)
    -> Operand
  {
    var result = try float(0)
    for position in operands.indices.dropFirst() {
      let next = try float(position)
      let isLast = isResult && position == operands.count - 1
      result = try builder.emit(
        self, .binary(function), [result, next], try broadcast(result, next), part: isLast ? nil : "part\(position)",
        isResult: isLast)
    }
    return result
  }

  /// The shape of two operands together.
  func broadcast(_ left: Operand, _ right: Operand) throws(ImportProblem) -> [Int] {
    guard let shape = left.shape.broadcast(with: right.shape) else {
      throw .bad("operands \(left.shape) and \(right.shape) do not broadcast")
    }
    return shape.dimensions
  }

  /// An operand that has to be there; a constant of integers or booleans as floats of the same value.
  func number(_ position: Int, _ builder: inout NetworkBuilder) throws(ImportProblem) -> Operand {
    let operand = try required(position)
    guard operand.isInteger, let constant = operand.constant else { return operand }
    let shape = try builder.reserve(constant.shape.dimensions)
    let floats = ConstantTensor(shape: shape, elements: .double(constant.doubles))
    return builder.constant(floats, named: "\(operand.name)/float")
  }
}
