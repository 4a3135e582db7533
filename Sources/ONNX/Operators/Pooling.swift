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
    let (x, space) = try plane()
    return [try builder.emit(self, .reduce(.mean, axes: space), [x], x.shape.dimensions[..<2] + space.map { _ in 1 })]
  }

  /// The largest over all axes of space, which stay with extent 1.
  func convertGlobalMaxPool(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (x, space) = try plane()
    let dimensions = x.shape.dimensions[..<2] + space.map { _ in 1 }
    guard space.count <= 2 else { return [try builder.emit(self, .reduce(.max, axes: space), [x], Array(dimensions))] }
    let ones = space.map { _ in 1 }
    let zeros = space.map { _ in 0 }
    let pool = Pool(
      kind: .max, kernel: space.map { x.shape[$0] }, strides: ones, padsBegin: zeros, padsEnd: zeros, dilations: ones)
    return [try builder.emit(self, .pool(pool), [x], Array(dimensions))]
  }

  /// The operand of a global pool and its axes of space.
  private func plane() throws(ImportProblem) -> (x: Operand, space: [Int]) {
    let x = try float(0)
    guard x.shape.rank >= 3 else {
      throw .bad("operand of shape \(x.shape), expected axes of space behind the channels")
    }
    return (x, Array(2..<x.shape.rank))
  }
}
