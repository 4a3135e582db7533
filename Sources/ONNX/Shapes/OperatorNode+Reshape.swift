import Networks

extension OperatorNode {
  /// The shape that Reshape, Flatten, Squeeze or Unsqueeze gives their operand.
  func reshaped(_ shape: Shape) throws(ImportProblem) -> Shape {
    let dimensions =
      switch opType {
      case "Flatten": try flattened(shape)
      case "Squeeze": try squeezed(shape)
      case "Unsqueeze": try unsqueezed(shape)
      default: try reshapeTarget(shape)
      }
    guard let result = Shape(written: dimensions), result.count == shape.count else {
      throw .bad("\(shape) does not reshape to \(dimensions)")
    }
    return result
  }

  private func flattened(_ shape: Shape) throws(ImportProblem) -> [Int] {
    let written = try integer("axis", default: 1)
    guard written >= -shape.rank, written <= shape.rank else {
      throw .bad("axis \(written), expected \(-shape.rank) to \(shape.rank)")
    }
    let axis = written < 0 ? written + shape.rank : written
    return [shape.dimensions[..<axis].reduce(1, *), shape.dimensions[axis...].reduce(1, *)]
  }

  private func squeezed(_ shape: Shape) throws(ImportProblem) -> [Int] {
    guard let written = try list("axes", attributeBelow: 13, operand: 1) else {
      return shape.dimensions.filter { $0 != 1 }
    }
    let axes = try self.axes(written, rank: shape.rank)
    for axis in axes where shape[axis] != 1 {
      throw .bad("axis \(axis) of \(shape) has extent \(shape[axis]), expected 1")
    }
    return shape.dimensions.indices.filter { !axes.contains($0) }.map { shape[$0] }
  }

  private func unsqueezed(_ shape: Shape) throws(ImportProblem) -> [Int] {
    guard let written = try list("axes", attributeBelow: 13, operand: 1) else { throw .bad("axes are missing") }
    guard written.count <= ImportLimits.axes else {
      throw .bad("\(written.count) axes, supported are \(ImportLimits.axes)")
    }
    var dimensions = shape.dimensions
    for axis in try axes(written, rank: shape.rank + written.count) { dimensions.insert(1, at: axis) }
    return dimensions
  }

  private func reshapeTarget(_ shape: Shape) throws(ImportProblem) -> [Int] {
    guard let written = try integerList(1) else { throw .bad("the shape is missing") }
    let zeroIsExtent = opset >= 14 ? try flag("allowzero") : false
    var target = written
    for (axis, extent) in written.enumerated() where extent == 0 && !zeroIsExtent {
      guard axis < shape.rank else { throw .bad("shape \(written) takes axis \(axis) over from \(shape)") }
      target[axis] = shape[axis]
    }
    guard let open = target.firstIndex(of: -1) else { return target }
    target[open] = 1
    guard let others = Shape(checking: target)?.count, others > 0, shape.count % others == 0 else {
      throw .bad("\(shape) does not reshape to \(written)")
    }
    target[open] = shape.count / others
    return target
  }
}
