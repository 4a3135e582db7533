import Networks

/// Element by element operators and those that leave channels where they are.
extension NodeSurgery {
  /// Operands that broadcast: constants lose what the result loses.
  mutating func broadcast() throws(ImportProblem) {
    for position in node.operands.indices where node.operands[position] != nil { try follow(position) }
  }

  /// An operand that broadcasts to the result loses what the result loses.
  mutating func follow(_ position: Int) throws(ImportProblem) {
    let dimensions = try shape(position).dimensions
    let offset = resultShapes[0].rank - dimensions.count
    var part = TensorPart()
    for axis in dimensions.indices where dimensions[axis] > 1 && axis + offset >= 0 {
      part.axes[axis] = resultParts[0][axis + offset]
    }
    if isConstant(position) {
      keep(part, of: position)
    } else {
      try agree(operandParts[position], part.axes, "operand \(position)", besides: nil)
    }
  }

  /// What stays of a computed operand has to be what is expected of it.
  /// - Parameter free: an axis that may keep anything.
  func agree(_ own: KeptPart, _ expected: [Int: [Int]], _ what: String, besides free: Int?) throws(ImportProblem) {
    var axes: [Int: [Int]] = [:]
    if case .along(let lost) = own { axes = lost }
    for axis in Set(axes.keys).union(expected.keys).sorted() where axis != free {
      try agree(axes[axis], expected[axis], "axis \(axis) of \(what)")
    }
  }

  /// Axes that come out as they go in keep the same indices.
  func passOn() throws(ImportProblem) {
    let shape = try shape(0)
    guard shape.rank == resultShapes[0].rank else { return }
    for axis in shape.dimensions.indices where shape[axis] == resultShapes[0][axis] {
      try agree(operandParts[0][axis], resultParts[0][axis], "axis \(axis) of the operand and the result")
    }
  }

  /// Transpose: axis i of the result is an axis of the operand.
  func transpose() throws(ImportProblem) {
    for (axis, source) in try node.permutation(of: try shape(0)).enumerated() {
      try agree(
        operandParts[0][source], resultParts[0][axis], "axis \(source) of the operand and \(axis) of the result")
    }
  }

  /// Parameters of one element per channel.
  mutating func normalizePerChannel(parameters: ClosedRange<Int>) {
    for position in parameters { keep(operandParts[0][1], ofAxis: 0, of: position) }
  }

  /// GroupNormalization: groups that lose all their channels go; the others have to keep equally many.
  mutating func normalizeGroups() throws(ImportProblem) {
    guard let kept = operandParts[0][1] else { return }
    let groups = try node.integer("num_groups", default: 1)
    let length = try shape(0)[1] / groups
    var counts = [Int](repeating: 0, count: groups)
    for index in kept { counts[index / length] += 1 }
    let left = counts.indices.filter { counts[$0] > 0 }
    guard left.allSatisfy({ counts[$0] == counts[left[0]] }) else {
      throw .unsupported("its \(groups) groups keep \(counts) channels, expected equally many")
    }
    if left.count < groups { set("num_groups", left.count) }
    // One scale and shift per group below opset 21.
    let parameters = node.opset < 21 ? (left.count < groups ? left : nil) : kept
    for position in 1...2 { keep(parameters, ofAxis: 0, of: position) }
  }

  /// LayerNormalization: channels in front of the normalised axes pass, others may not go.
  func normalizeLayer() throws(ImportProblem) {
    try passOn()
    let rank = try shape(0).rank
    let first = try node.axis(try node.integer("axis", default: -1), rank: rank)
    for axis in first..<rank where operandParts[0][axis] != nil {
      throw .unsupported("axis \(axis) loses indices, over which it normalises")
    }
  }
}
