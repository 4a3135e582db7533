import Networks

/// Operators with extents or counts written out: only entries of axes that shrink change, and only where what is written
/// does not come to the new extents by itself.
extension NodeSurgery {
  /// Reshape, Flatten, Squeeze, Unsqueeze.
  mutating func reshape() throws(ImportProblem) {
    let from = try newShape(0)
    let target = newExtents()
    if let now, (try? now.reshaped(from))?.dimensions == target {
      accept(1)
      return
    }
    switch node.opType {
    case "Reshape":
      let keepsZero = node.opset >= 14 ? try node.flag("allowzero") : false
      let alone = Self.openTarget(target, from: from.dimensions, keepsZero: keepsZero)
      guard let written = try (now ?? node).integerList(1) else { return }
      let entries = now == nil ? alone : Self.target(written, for: target, from: from.dimensions, keepsZero: keepsZero)
      write(entries, alone: alone, to: 1)
    case "Squeeze" where try node.list("axes", attributeBelow: 13, operand: 1) == nil:
      // Without axes, an axis that shrinks to 1 would go too.
      let extents = try shape(0).dimensions
      let axes = extents.indices.filter { extents[$0] == 1 }
      if node.opset < 13 { set("axes", axes) } else { supply(axes, as: 1) }
    default:
      throw .unsupported("\(from) becomes no \(Shape(target)), as what stays of its result asks for")
    }
  }

  /// The entries of Reshape's list that yield some extents: 0 and −1 stay where they come to what is asked for.
  static func target(_ written: [Int], for target: [Int], from extents: [Int], keepsZero: Bool) -> [Int] {
    guard written.count == target.count else { return target }
    return written.indices.map { axis in
      let copies = written[axis] == 0 && !keepsZero && axis < extents.count && extents[axis] == target[axis]
      return copies || written[axis] == -1 ? written[axis] : target[axis]
    }
  }

  /// The entries of Reshape's list with what comes over from the operand left open, the batch above all.
  static func openTarget(_ target: [Int], from extents: [Int], keepsZero: Bool) -> [Int] {
    var entries = target
    // In front what is the same, then one entry that comes to whatever is left.
    let same = keepsZero ? 0 : zip(target, extents).prefix { $0 == $1 }.count
    for axis in 0..<same { entries[axis] = 0 }
    if same < target.count { entries[same] = -1 }
    return entries
  }

  /// Expand.
  mutating func expand() throws(ImportProblem) {
    let from = try newShape(0)
    let target = newExtents()
    if let now, (try? now.expanded(from))?.dimensions == target {
      accept(1)
      return
    }
    guard let written = try (now ?? node).integerList(1) else { return }
    let offset = target.count - written.count
    let entries = written.indices.map { written[$0] == 1 ? 1 : target[$0 + offset] }
    let added = target.count - from.rank
    // What the operand has already need not be said.
    let alone = target.indices.map { $0 >= added && from[$0 - added] == target[$0] ? 1 : target[$0] }
    write(entries, alone: alone, to: 1)
  }

  /// Tile: what is repeated loses the same in every copy.
  mutating func tile() throws(ImportProblem) {
    guard let repeats = try node.integerList(1) else { return }
    let (from, target) = (try newShape(0), newExtents())
    for (axis, extent) in try shape(0).dimensions.enumerated() where extent > 1 {
      let copies = operandParts[0][axis].map { kept in
        (0..<repeats[axis]).flatMap { copy in kept.map { $0 + copy * extent } }
      }
      try agree(copies, resultParts[0][axis], "axis \(axis) of the copies and the result")
    }
    if let now, let list = try? now.integerList(1), list.count == target.count,
      target.indices.allSatisfy({ from[$0] * list[$0] == target[$0] })
    {
      accept(1)
      return
    }
    write(target.indices.map { target[$0] / max(from[$0], 1) }, to: 1)
  }

  /// Pad: of what is added to an axis that shrinks, a part may go.
  mutating func pad() throws(ImportProblem) {
    let rank = try shape(0).rank
    guard resultParts[0] != .whole || operandParts[0] != .whole,
      let pads = try node.list("pads", attributeBelow: 11, operand: 1)
    else { return }
    var padded = Array(0..<rank)
    if node.opset >= 18, let written = try node.integerList(3) {
      padded = []
      for axis in written { padded.append(try node.axis(axis, rank: rank)) }
    }
    var entries = pads
    for axis in 0..<rank {
      let position = padded.firstIndex(of: axis)
      let before = position.map { pads[$0] } ?? 0
      let extent = try shape(0)[axis]
      let kept = resultParts[0][axis]
      let inner = kept?.filter { $0 >= before && $0 < before + extent }.map { $0 - before }
      let own = inner?.count == extent ? nil : inner
      try agree(operandParts[0][axis], own, "axis \(axis) of the operand and the result without its pads")
      guard let position, let kept else { continue }
      let front = kept.count { $0 < before }
      let behind = kept.count { $0 >= before + extent }
      let isChanged = front != before || behind != pads[position + padded.count]
      let mode = try node.text("mode", default: "constant")
      guard !isChanged || mode == "constant" else {
        throw .unsupported("axis \(axis) loses some of what is added by repeating, supported is a constant")
      }
      entries[position] = front
      entries[position + padded.count] = behind
    }
    guard entries != pads else { return }
    if node.opset < 11 { set("pads", entries) } else { write(entries, to: 1) }
  }

  /// Resize: with sizes written out, the extents of axes that are not resized shrink; scales stay.
  mutating func resize() throws(ImportProblem) {
    try passOn()
    guard node.opset >= 11, let sizes = try node.integerList(3), !sizes.isEmpty else { return }
    let rank = try shape(0).rank
    var axes = Array(0..<rank)
    if node.opset >= 18, let written = try node.integers("axes") {
      axes = []
      for axis in written { axes.append(try node.axis(axis, rank: rank)) }
    }
    let target = newExtents()
    let policy = node.opset >= 18 ? try node.text("keep_aspect_ratio_policy", default: "stretch") : "stretch"
    let wanted = axes.indices.map { position in
      policy == "stretch" || resultParts[0][axes[position]] != nil ? target[axes[position]] : sizes[position]
    }
    guard policy == "stretch" || wanted == sizes else {
      throw .unsupported("keep_aspect_ratio_policy '\(policy)' where an axis with a size shrinks")
    }
    if let now, let list = try? now.integerList(3), list == wanted {
      accept(3)
    } else {
      write(wanted, to: 3)
    }
  }

  /// DepthToSpace and SpaceToDepth: all channels of a block of pixels have to keep the same ones.
  func moveBlocks() throws(ImportProblem) {
    let block = try node.integer("blocksize", default: 1)
    let isDeep = node.opType == "DepthToSpace"
    let (deep, shallow) = isDeep ? (operandParts[0][1], resultParts[0][1]) : (resultParts[0][1], operandParts[0][1])
    let depth = isDeep ? resultShapes[0][1] : try shape(0)[1]
    let mode = try node.text("mode", default: "DCR")
    let isLast = isDeep && mode == "CRD"
    let places = 0..<block * block
    let expected = shallow.map { kept in
      isLast
        ? kept.flatMap { channel in places.map { channel * places.count + $0 } }
        : places.flatMap { place in kept.map { place * depth + $0 } }
    }
    try agree(deep, expected, "channels inside and outside of blocks")
  }
}
