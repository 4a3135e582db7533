import Networks

/// Folding of the operators that only move elements.
extension OperatorNode {
  /// A result of the node as a constant, under the name of the result.
  func folded(_ tensor: ConstantTensor, at position: Int = 0) -> Operand {
    Operand(name: outputs.indices.contains(position) ? outputs[position] : "", constant: tensor)
  }

  /// Reshape, Flatten, Squeeze, Unsqueeze.
  func foldReshape() throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    return [folded(tensor.reshaped(try reshaped(tensor.shape)))]
  }

  func foldTranspose(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let permutation = try permutation(of: tensor.shape)
    let shape = try builder.reserve(permutation.map { tensor.shape[$0] })
    let strides = tensor.shape.rowMajorStrides
    return [folded(tensor.view(shape, strides: permutation.map { strides[$0] }))]
  }

  func foldSlice(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let slice = try slice(of: tensor.shape)
    let shape = try builder.reserve(slice.counts)
    let strides = tensor.shape.rowMajorStrides
    let offset = shape.count == 0 ? 0 : strides.indices.reduce(0) { $0 + slice.starts[$1] * strides[$1] }
    return [folded(tensor.view(shape, offset: offset, strides: strides.indices.map { strides[$0] * slice.steps[$0] }))]
  }

  func foldSplit(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let (axis, sizes) = try split(of: tensor.shape)
    let strides = tensor.shape.rowMajorStrides
    var results: [Operand] = []
    var start = 0
    for (position, size) in sizes.enumerated() {
      var dimensions = tensor.shape.dimensions
      dimensions[axis] = size
      let part = tensor.view(try builder.reserve(dimensions), offset: start * strides[axis], strides: strides)
      results.append(folded(part, at: position))
      start += size
    }
    return results
  }

  func foldConcat(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (axis, dimensions) = try concat()
    let shape = try builder.reserve(dimensions)
    var parts: [ConstantTensor] = []
    for position in operands.indices { parts.append(try constant(position)) }
    // What has no elements would only be looked at once per run.
    let isInteger = parts.allSatisfy { if case .integer = $0.elements { true } else { false } }
    let isFloat = parts.allSatisfy { if case .float = $0.elements { true } else { false } }
    // Joined along the outermost axis first: then parts simply follow each other.
    let runs = dimensions[..<axis].reduce(1, *)
    func join<Element>(_ sources: [[Element]]) -> [Element] {
      var joined: [Element] = []
      joined.reserveCapacity(shape.count)
      for run in 0..<runs {
        for source in sources { joined += source[source.count / runs * run..<source.count / runs * (run + 1)] }
      }
      return joined
    }
    guard shape.count > 0 else { return [folded(parts[0].view(shape, strides: shape.dimensions))] }
    parts.removeAll { $0.shape.count == 0 }
    let elements: ConstantTensor.Elements
    if isInteger {
      elements = .integer(join(parts.map { if case .integer(let values) = $0.elements { values } else { [] } }))
    } else if isFloat {
      elements = .float(join(parts.map(\.floats)))
    } else {
      elements = .double(join(parts.map(\.doubles)))
    }
    return [folded(ConstantTensor(shape: shape, elements: elements))]
  }

  func foldExpand(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let target = try expanded(tensor.shape)
    return [folded(tensor.expanded(to: try builder.reserve(target.dimensions)))]
  }

  func foldTile(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let rank = tensor.shape.rank
    guard let repeats = try integerList(1), repeats.count == rank, repeats.allSatisfy({ $0 >= 0 }) else {
      throw .bad("repeats, expected one ≥ 0 for each of \(rank) axes")
    }
    // Every axis becomes (repeat, extent), the first without a step; then each pair counts as one axis.
    var dimensions: [Int] = []
    var wide: [Int] = []
    var strides: [Int] = []
    for axis in 0..<rank {
      let (extent, overflow) = repeats[axis].multipliedReportingOverflow(by: tensor.shape[axis])
      guard !overflow else { throw .bad("repeats \(repeats) of shape \(tensor.shape)") }
      dimensions.append(extent)
      wide += [repeats[axis], tensor.shape[axis]]
      strides += [0, tensor.shape.rowMajorStrides[axis]]
    }
    let target = try builder.reserve(dimensions)
    guard let spread = Shape(written: wide) else { throw .bad("repeats \(repeats) of shape \(tensor.shape)") }
    return [folded(tensor.view(spread, strides: strides).reshaped(target))]
  }

  func foldGather(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let indices = try constant(1)
    guard case .integer(let written) = indices.elements else { throw .bad("indices, expected integers") }
    let axis = try self.axis(try integer("axis", default: 0), rank: tensor.shape.rank)
    let extent = tensor.shape[axis]
    _ = try builder.reserve(indices.shape.dimensions)
    let places = try places(written, on: axis, of: tensor.shape)
    // The axis goes to the front, rows are picked there, and the index axes go back to its place.
    let dimensions = tensor.shape.dimensions
    let front = Array(dimensions[..<axis])
    let behind = Array(dimensions[(axis + 1)...])
    let target = try builder.reserve(front + indices.shape.dimensions + behind)
    let others = try builder.reserve([extent] + front + behind)
    let strides = tensor.shape.rowMajorStrides
    let turned = tensor.view(others, strides: [strides[axis]] + strides[..<axis] + strides[(axis + 1)...])
    guard let picked = Shape(written: [places.count] + front + behind), target.count > 0 else {
      return [folded(tensor.view(target, strides: target.dimensions))]
    }
    let rows = turned.rows(places, picked)
    let steps = picked.rowMajorStrides
    let run = Shape([places.count])
    let back = Shape(front + [run.count] + behind)
    let returned = rows.view(back, strides: Array(steps[1..<axis + 1]) + [steps[0]] + steps[(axis + 1)...])
    return [folded(returned.reshaped(target))]
  }
}
