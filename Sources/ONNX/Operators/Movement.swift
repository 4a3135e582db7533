import Networks

extension OperatorNode {
  /// Reshape, Flatten, Squeeze, Unsqueeze.
  func convertReshape(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    return [try builder.emit(self, .reshape, [x], try reshaped(x.shape).dimensions)]
  }

  /// Transpose.
  func convertTranspose(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let permutation = try permutation(of: x.shape)
    return [
      try builder.emit(
        self, .transpose(permutation: permutation), [x], permutation.map { x.shape[$0] })
    ]
  }

  /// Concat; operands without elements are left out.
  func convertConcat(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (axis, dimensions) = try concat()
    var parts: [Operand] = []
    for position in operands.indices {
      let part = try float(position)
      if part.shape.count > 0 { parts.append(part) }
    }
    if let only = parts.first, parts.count == 1 { return [only] }
    return [try builder.emit(self, .concat(axis: axis), parts, dimensions)]
  }

  /// Split.
  func convertSplit(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let (axis, sizes) = try split(of: x.shape)
    if sizes.count == 1 { return [x] }
    let parts = sizes.map { size in
      Shape(x.shape.dimensions.indices.map { $0 == axis ? size : x.shape[$0] })
    }
    return try builder.emit(self, .split(axis: axis), x, parts: parts)
  }

  /// Slice.
  func convertSlice(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let slice = try slice(of: x.shape)
    return [
      try builder.emit(
        self, .slice(starts: slice.starts, steps: slice.steps), [x], slice.counts)
    ]
  }

  /// Pad: attributes below opset 11, constant operands from there on.
  func convertPad(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let rank = x.shape.rank
    guard let pads = try list("pads", attributeBelow: 11, operand: 1) else { throw .bad("the pads are missing") }
    let written = opset >= 18 ? try integerList(3) : nil
    var padded = Array(0..<rank)
    if let written {
      _ = try axes(written, rank: rank)
      padded = []
      for axis in written { padded.append(try self.axis(axis, rank: rank)) }
    }
    guard pads.count == 2 * padded.count else {
      throw .bad("\(pads.count) pads, expected \(2 * padded.count) for \(padded.count) axes")
    }
    guard !pads.contains(where: { $0 < 0 }) else { throw .unsupported("negative pads \(pads)") }
    var pad = Pad(
      before: [Int](repeating: 0, count: rank), behind: [Int](repeating: 0, count: rank),
      mode: try padMode(of: x))
    var dimensions = x.shape.dimensions
    for (position, axis) in padded.enumerated() {
      pad.before[axis] = pads[position]
      pad.behind[axis] = pads[position + padded.count]
      for amount in [pad.before[axis], pad.behind[axis]] {
        let (sum, overflow) = dimensions[axis].addingReportingOverflow(amount)
        guard !overflow else { throw .bad("pads \(pads) reach past the largest integer") }
        dimensions[axis] = sum
      }
    }
    return [try builder.emit(self, .pad(pad), [x], dimensions)]
  }

  private func padMode(of x: Operand) throws(ImportProblem) -> Pad.Mode {
    switch try text("mode", default: "constant") {
    case "constant":
      let written = opset < 11 ? try float("value", default: 0) : try scalar(2) ?? 0
      return .constant(x.quantizedForm?.number(of: written) ?? written)
    case "reflect": return .reflect
    case "edge": return .edge
    case let mode: throw .unsupported("mode '\(mode)', supported are constant, reflect, edge")
    }
  }
}
