import Networks

/// Folding of matrix products: small networks of constants, like those that make position biases.
extension OperatorNode {
  func foldMatMul(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (left, right) = (try constant(0), try constant(1))
    guard left.shape.rank >= 1, right.shape.rank >= 1 else {
      throw .bad("factors \(left.shape) and \(right.shape), expected at least 1 axis each")
    }
    let a = left.shape.rank == 1 ? left.reshaped(Shape([1, left.shape[0]])) : left
    let b = right.shape.rank == 1 ? right.reshaped(Shape([right.shape[0], 1])) : right
    let product = try Self.product(a, b, &builder)
    var dimensions = product.shape.dimensions
    if right.shape.rank == 1 { dimensions.removeLast() }
    if left.shape.rank == 1 { dimensions.remove(at: dimensions.count - (right.shape.rank == 1 ? 1 : 2)) }
    return [folded(product.reshaped(Shape(dimensions)))]
  }

  func foldGemm(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let a = try gemmFactor(0, isTransposed: try flag("transA"), &builder)
    let b = try gemmFactor(1, isTransposed: try flag("transB"), &builder)
    let (alpha, beta) = (try float("alpha", default: 1), try float("beta", default: 1))
    let product = try Self.product(a, b, &builder)
    var sums = product.doubles
    for place in sums.indices { sums[place] *= alpha }
    if optional(2) != nil {
      let addend = try constant(2)
      guard addend.shape.broadcast(with: product.shape) == product.shape else {
        throw .bad("operand C of shape \(addend.shape), expected one that broadcasts to \(product.shape)")
      }
      let spread = addend.expanded(to: try builder.reserve(product.shape.dimensions, arrays: 2)).doubles
      for place in sums.indices { sums[place] += beta * spread[place] }
    }
    return [folded(ConstantTensor(shape: product.shape, elements: .double(sums)))]
  }

  private func gemmFactor(_ position: Int, isTransposed: Bool, _ builder: inout NetworkBuilder)
    throws(ImportProblem) -> ConstantTensor
  {
    let factor = try constant(position)
    guard factor.shape.rank == 2 else { throw .bad("factor of shape \(factor.shape), expected 2 axes") }
    guard isTransposed else { return factor }
    return factor.view(try builder.reserve([factor.shape[1], factor.shape[0]]), strides: [1, factor.shape[1]])
  }

  /// The product of the last two axes, those in front broadcast.
  private static func product(
    _ left: ConstantTensor, _ right: ConstantTensor, _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> ConstantTensor {
    let (rows, inner) = (left.shape[left.shape.rank - 2], left.shape[left.shape.rank - 1])
    let columns = right.shape[right.shape.rank - 1]
    guard right.shape[right.shape.rank - 2] == inner,
      let leading = Shape(left.shape.dimensions.dropLast(2)).broadcast(with: Shape(right.shape.dimensions.dropLast(2)))
    else { throw .bad("factors \(left.shape) and \(right.shape) have no product") }
    let shape = try builder.reserve(leading.dimensions + [rows, columns])
    // Without elements there may still be any number of rows.
    guard shape.count > 0 else { return ConstantTensor(shape: shape, elements: .double([])) }
    let (work, overflow) = shape.count.multipliedReportingOverflow(by: max(inner, 1))
    guard !overflow, builder.reserve(products: work) else {
      throw .unsupported("a product of constants \(left.shape) and \(right.shape), which is too large to compute here")
    }
    let a = left.expanded(to: try builder.reserve(leading.dimensions + [rows, inner], arrays: 2)).doubles
    let b = right.expanded(to: try builder.reserve(leading.dimensions + [inner, columns], arrays: 2)).doubles
    var result = [Double](repeating: 0, count: shape.count)
    for matrix in 0..<leading.count {
      for row in 0..<rows {
        let target = (matrix * rows + row) * columns
        for position in 0..<inner {
          let factor = a[(matrix * rows + row) * inner + position]
          let source = (matrix * inner + position) * columns
          for column in 0..<columns { result[target + column] += factor * b[source + column] }
        }
      }
    }
    return ConstantTensor(shape: shape, elements: .double(result))
  }
}
