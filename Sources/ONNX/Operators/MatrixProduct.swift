import Networks

extension OperatorNode {
  /// The product of the last two axes of two operands, the axes in front broadcast; one axis alone is a row on the left
  /// and a column on the right, as in NumPy's matmul.
  func product(_ left: Operand, _ right: Operand, isResult: Bool, _ builder: inout NetworkBuilder)
    throws(ImportProblem) -> Operand
  {
    let isRow = left.shape.rank == 1
    let isColumn = right.shape.rank == 1
    let a = isRow ? try reshaped(left, [1, left.shape[0]], part: "row", &builder) : left
    let b = isColumn ? try reshaped(right, [right.shape[0], 1], part: "column", &builder) : right
    let (rows, inner, columns) = (a.shape[a.shape.rank - 2], a.shape[a.shape.rank - 1], b.shape[b.shape.rank - 1])
    guard b.shape[b.shape.rank - 2] == inner,
      let leading = Shape(a.shape.dimensions.dropLast(2)).broadcast(with: Shape(b.shape.dimensions.dropLast(2)))
    else { throw .bad("factors \(left.shape) and \(right.shape) have no product") }
    let isLast = !isRow && !isColumn
    let result = try builder.emit(
      self, .matrixProduct, [a, b], leading.dimensions + [rows, columns], isResult: isResult && isLast)
    guard !isLast else { return result }
    let dimensions = leading.dimensions + (isRow ? [] : [rows]) + (isColumn ? [] : [columns])
    return try reshaped(result, dimensions, part: "squeeze", isResult: isResult, &builder)
  }

  /// An operand under other extents of the same count; a constant is reshaped here and now.
  func reshaped(
    _ x: Operand, _ dimensions: [Int], part: String, isResult: Bool = false, _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> Operand {
    guard x.shape.dimensions != dimensions else { return x }
    if let constant = x.constant {
      return builder.constant(constant.reshaped(Shape(dimensions)), named: "\(x.name)/\(part)")
    }
    return try builder.emit(
      self, .reshape, opType: "Reshape", [x], dimensions, part: part, isResult: isResult)
  }

  /// An operand with its axes in another order; a constant is turned here and now.
  func turned(
    _ x: Operand, _ permutation: [Int], part: String, isResult: Bool = false, _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> Operand {
    guard permutation != Array(x.shape.dimensions.indices) else { return x }
    let dimensions = permutation.map { x.shape[$0] }
    if let constant = x.constant {
      let strides = x.shape.rowMajorStrides
      let turned = constant.view(try builder.reserve(dimensions), strides: permutation.map { strides[$0] })
      return builder.constant(turned, named: "\(x.name)/\(part)")
    }
    return try builder.emit(
      self, .transpose(permutation: permutation), opType: "Transpose", [x], dimensions, part: part, isResult: isResult)
  }
}
