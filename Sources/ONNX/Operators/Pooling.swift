import Networks

extension OperatorNode {
  /// MaxPool and AveragePool.
  func convertPool(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    guard let kernel = try integers("kernel_shape") else { throw .bad("attribute 'kernel_shape' is missing") }
    let window = try Window(self, kernel: kernel, over: x.shape, roundsUp: try flag("ceil_mode"))
    let kind: Pool.Kind
    if opType == "MaxPool" {
      guard !(isRead.dropFirst().contains(true)) else { throw .unsupported("the second result, Indices, is used") }
      kind = .max
    } else {
      kind = .average(countsPads: try flag("count_include_pad"))
    }
    let pool = Pool(
      kind: kind, kernel: kernel, strides: window.strides, padsBegin: window.padsBegin, padsEnd: window.padsEnd,
      dilations: window.dilations)
    return [try builder.emit(self, .pool(pool), [x], [x.shape[0], x.shape[1]] + window.positions)]
  }

  /// The mean over all axes of space, which stay with extent 1.
  func convertGlobalAveragePool(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    guard x.shape.rank >= 3 else {
      throw .bad("operand of shape \(x.shape), expected axes of space behind the channels")
    }
    let space = Array(2..<x.shape.rank)
    return [
      try builder.emit(
        self, .reduceMean(axes: space), [x], [x.shape[0], x.shape[1]] + space.map { _ in 1 })
    ]
  }

  /// ReduceMean over any axes.
  func convertReduceMean(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let reduction = try reduction(of: x.shape)
    guard !reduction.axes.isEmpty else { return [x] }
    return [try builder.emit(self, .reduceMean(axes: reduction.axes), [x], reduction.dimensions)]
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
}
