import Networks

/// Operators that take or join parts of an axis.
extension NodeSurgery {
  /// Concat: constant parts lose what the result loses.
  mutating func concat() throws(ImportProblem) {
    let (axis, dimensions) = try node.concat()
    var start = 0
    for position in node.operands.indices {
      let shape = try shape(position)
      var part = TensorPart()
      for other in dimensions.indices where other != axis { part.axes[other] = resultParts[0][other] }
      let end = start + shape[axis]
      if let kept = resultParts[0][axis] {
        let own = kept.filter { $0 >= start && $0 < end }.map { $0 - start }
        if own.count < shape[axis] { part.axes[axis] = own }
      }
      start = end
      guard shape.count > 0 else { continue }
      if !isConstant(position) {
        try agree(operandParts[position], part.axes, "operand \(position)", besides: nil)
      } else if part.axes[axis]?.isEmpty == true {
        drop(position)
      } else {
        keep(part, of: position)
      }
    }
  }

  /// Split: sizes are written out where the parts no longer come to what stays of them.
  mutating func split() throws(ImportProblem) {
    let shape = try shape(0)
    let (axis, sizes) = try node.split(of: shape)
    var start = 0
    var wanted: [Int] = []
    for (result, size) in sizes.enumerated() {
      let kept = operandParts[0][axis].map { kept in
        kept.filter { $0 >= start && $0 < start + size }.map { $0 - start }
      }
      start += size
      wanted.append(kept?.count ?? size)
      guard !node.outputs[result].isEmpty else { continue }
      var expected: [Int: [Int]] = [:]
      for other in shape.dimensions.indices where other != axis { expected[other] = operandParts[0][other] }
      if let kept, kept.count < size { expected[axis] = kept }
      try agree(resultParts[result], expected, "result \(result)", besides: nil)
    }
    if let now, let found = try? now.split(of: try newShape(0)), found.sizes == wanted {
      accept(1)
      return
    }
    if node.opset < 13 {
      set("split", wanted)
    } else if node.optional(1) != nil {
      write(wanted, to: 1)
    } else {
      supply(wanted, as: 1)
      remove("num_outputs")
    }
  }

  /// Gather: indices get their new numbers.
  mutating func gather() throws(ImportProblem) {
    let shape = try shape(0)
    let indices = try node.constant(1)
    guard case .integer(let written) = indices.elements else { return }
    let axis = try node.axis(try node.integer("axis", default: 0), rank: shape.rank)
    let places = try node.places(written, on: axis, of: shape)
    let rank = indices.shape.rank
    for other in resultShapes[0].dimensions.indices where other < axis || other >= axis + rank {
      let source = other < axis ? other : other - rank + 1
      try agree(
        operandParts[0][source], resultParts[0][other], "axis \(source) of the operand and \(other) of the result")
    }
    var part = TensorPart()
    for own in 0..<rank { part.axes[own] = resultParts[0][axis + own] }
    let dimensions = part.extents(of: indices.shape.dimensions)
    let kept = part.places(in: indices.shape.dimensions).map { places[$0] }
    let wanted = try renumbered(kept, axis: axis, of: 0)
    if let now, let list = try? now.constant(1), list.shape.dimensions == dimensions,
      case .integer(let found) = list.elements,
      (try? now.places(found, on: axis, of: try newShape(0))) == wanted
    {
      accept(1)
      return
    }
    write(wanted, dimensions: dimensions, to: 1)
  }

  /// Slice: bounds get their new numbers; what is no run any more becomes a Gather.
  mutating func slice() throws(ImportProblem) {
    let shape = try shape(0)
    let slice = try node.slice(of: shape)
    var taken: [[Int]] = []
    for axis in shape.dimensions.indices {
      let places = resultParts[0][axis] ?? Array(0..<slice.counts[axis])
      taken.append(try renumbered(places.map { slice.starts[axis] + $0 * slice.steps[axis] }, axis: axis, of: 0))
    }
    let now = now.flatMap { try? $0.slice(of: newShape(0)) }
    if let now, taken.indices.allSatisfy({ now.takes(taken[$0], axis: $0) }) {
      accept(1, 2, 3, 4)
      return
    }
    let isOld = node.opset < 10
    guard var starts = isOld ? try node.integers("starts") : try node.integerList(1),
      var ends = isOld ? try node.integers("ends") : try node.integerList(2)
    else { return }
    let written = (isOld ? try node.integers("axes") : try node.integerList(3)) ?? Array(starts.indices)
    var steps = (isOld ? nil : try node.integerList(4)) ?? [Int](repeating: 1, count: starts.count)
    var others = 0
    for (position, axis) in written.enumerated() {
      let axis = try node.axis(axis, rank: shape.rank)
      let step = slice.steps[axis]
      if operandParts[0][axis] == nil, resultParts[0][axis] == nil {
        others += 1
      } else if let first = taken[axis].first, let last = taken[axis].last,
        taken[axis] == Array(stride(from: first, through: last, by: step))
      {
        others += 1
        let extent = try newShape(0)[axis]
        starts[position] = first
        // What reached the end of the axis, or its start from behind, is left to reach it.
        let reachesEnd = step > 0 && ends[position] >= shape[axis] && last + step >= extent
        let reachesStart = step < 0 && ends[position] < -shape[axis] && last + step < 0
        if !reachesEnd, !reachesStart { ends[position] = step > 0 ? last + 1 : last == 0 ? -extent - 1 : last - 1 }
      } else {
        (starts[position], ends[position], steps[position]) = (0, Int(Int32.max), 1)
        pick(taken[axis], axis: axis)
      }
    }
    guard others > 0 else { return replace() }
    guard !isOld else {
      set("starts", starts)
      return set("ends", ends)
    }
    write(starts, to: 1)
    write(ends, to: 2)
    if node.optional(4) != nil { write(steps, to: 4) }
  }
}

extension Strides {
  /// Whether just these places of an axis are taken.
  fileprivate func takes(_ places: [Int], axis: Int) -> Bool {
    counts[axis] == places.count && places.indices.allSatisfy { starts[axis] + $0 * steps[axis] == places[$0] }
  }
}
