import Networks

extension OperatorNode {
  /// A reduction over any axes.
  func convertReduction(_ function: Reduction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let reduction = try reduction(of: x.shape)
    guard !reduction.axes.isEmpty else {
      // Of one element, sum, mean and extremes are the element; the others would still be functions of it.
      guard [.sum, .mean, .max, .min].contains(function) else { throw .unsupported("a reduction over no axes") }
      return [x]
    }
    return [try builder.emit(self, .reduce(function, axes: reduction.axes), [x], reduction.dimensions)]
  }

  /// ReduceLogSum: the logarithm of a sum.
  func convertReduceLogSum(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let reduction = try reduction(of: x.shape)
    guard !reduction.axes.isEmpty else { throw .unsupported("a reduction over no axes") }
    let sum = try builder.emit(
      self, .reduce(.sum, axes: reduction.axes), opType: "ReduceSum", [x], reduction.dimensions, part: "sum",
      isResult: false)
    return [try builder.emit(self, .unary(.log), [sum], reduction.dimensions)]
  }

  /// The axes that a reduction takes together, ascending, and the shape of its result.
  func reduction(of shape: Shape) throws(ImportProblem) -> (axes: [Int], dimensions: [Int]) {
    let written = try list("axes", attributeBelow: opType == "ReduceSum" ? 13 : 18, operand: 1) ?? []
    let isNothing = written.isEmpty ? try flag("noop_with_empty_axes") : false
    let axes =
      isNothing ? [] : written.isEmpty ? Array(0..<shape.rank) : try self.axes(written, rank: shape.rank)
    let keeps = try flag("keepdims", default: true)
    let dimensions = shape.dimensions.indices.compactMap { axis in
      axes.contains(axis) ? (keeps ? 1 : nil) : shape[axis]
    }
    return (axes, dimensions)
  }

  /// CumSum along a constant axis.
  func convertCumulativeSum(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let axis = try cumulativeAxis(of: x.shape)
    let operation = Operation.cumulativeSum(
      axis: axis, isExclusive: try flag("exclusive"), isReversed: try flag("reverse"))
    return [try builder.emit(self, operation, [x], x.shape.dimensions)]
  }

  /// The axis along which CumSum sums.
  func cumulativeAxis(of shape: Shape) throws(ImportProblem) -> Int {
    guard let written = try integerList(1), written.count == 1 else { throw .bad("the axis, expected one integer") }
    return try axis(written[0], rank: shape.rank)
  }
}
