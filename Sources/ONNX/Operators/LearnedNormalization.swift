import Networks

extension OperatorNode {
  /// LayerNormalization over the axes from `axis` on.
  func convertLayerNormalization(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    guard !isRead.dropFirst().contains(true) else { throw .unsupported("the mean or the deviation is used too") }
    let axis = try self.axis(try integer("axis", default: -1), rank: x.shape.rank)
    let normalised = Array(x.shape.dimensions[axis...])
    var operands: [Operand?] = [x]
    for (position, role) in ["scale", "shift"].enumerated() {
      guard position == 0 || optional(2) != nil else { continue }
      operands.append(try stretched(try parameter(position + 1, role), to: normalised, role, &builder))
    }
    let epsilon = try float("epsilon", default: 1e-5)
    return [
      try builder.emit(self, .layerNormalization(axis: axis, epsilon: epsilon), operands, x.shape.dimensions)
    ]
  }

  /// InstanceNormalization: every channel of a sample by itself.
  func convertInstanceNormalization(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    guard x.shape.rank >= 3 else { throw .bad("operand of shape \(x.shape), expected axes of space") }
    return try normalizedGroups(x, groups: x.shape[1], &builder)
  }

  /// GroupNormalization: one scale and shift per group below opset 21, per channel from there on.
  func convertGroupNormalization(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let groups = try integer("num_groups", default: 0)
    guard x.shape.rank >= 2, groups >= 1, x.shape[1] % groups == 0 else {
      throw .bad("\(groups) groups for an operand of shape \(x.shape)")
    }
    return try normalizedGroups(x, groups: groups, &builder)
  }

  private func normalizedGroups(_ x: Operand, groups: Int, _ builder: inout NetworkBuilder) throws(ImportProblem)
    -> [Operand]
  {
    let channels = x.shape[1]
    var operands: [Operand?] = [x]
    for (position, role) in ["scale", "shift"].enumerated() {
      let written = try parameter(position + 1, role)
      let isPerGroup = opType == "GroupNormalization" && opset < 21
      guard written.shape.dimensions == [isPerGroup ? groups : channels] else {
        throw .bad("\(role) of shape \(written.shape), expected [\(isPerGroup ? groups : channels)]")
      }
      guard isPerGroup, let constant = written.constant, groups != channels else {
        operands.append(written)
        continue
      }
      let shape = try builder.reserve([groups, channels / groups], arrays: 2)
      let spread = constant.view(shape, strides: [1, 0]).reshaped(Shape([channels]))
      operands.append(builder.constant(spread, named: "\(written.name)/channels"))
    }
    let operation = Operation.groupNormalization(groups: groups, epsilon: try float("epsilon", default: 1e-5))
    return [try builder.emit(self, operation, operands, x.shape.dimensions)]
  }

  /// A constant parameter of some extents, stretched to them where it has 1.
  private func stretched(_ parameter: Operand, to dimensions: [Int], _ role: String, _ builder: inout NetworkBuilder)
    throws(ImportProblem) -> Operand
  {
    if parameter.shape.dimensions == dimensions { return parameter }
    guard let constant = parameter.constant, parameter.shape.broadcast(with: Shape(dimensions)) == Shape(dimensions)
    else { throw .bad("\(role) of shape \(parameter.shape), expected \(dimensions)") }
    let stretched = constant.expanded(to: try builder.reserve(dimensions))
    return builder.constant(stretched, named: "\(parameter.name)/stretched")
  }
}
