import Networks

/// Folding of operators whose operands say which elements are taken or written.
extension OperatorNode {
  /// GatherElements: along one axis, an index of its own for every result.
  func foldGatherElements(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (tensor, indices) = (try constant(0), try constant(1))
    guard case .integer(let written) = indices.elements, indices.shape.rank == tensor.shape.rank else {
      throw .bad("indices of shape \(indices.shape), expected integers of \(tensor.shape.rank) axes")
    }
    let axis = try self.axis(try integer("axis", default: 0), rank: tensor.shape.rank)
    for other in 0..<tensor.shape.rank where other != axis && indices.shape[other] > tensor.shape[other] {
      throw .bad("indices of shape \(indices.shape) for \(tensor.shape)")
    }
    let shape = try builder.reserve(indices.shape.dimensions, arrays: 2 + tensor.shape.rank)
    let places = try places(written, on: axis, of: tensor.shape)
    let (own, steps) = (indices.shape.rowMajorStrides, tensor.shape.rowMajorStrides)
    let sources = places.indices.map { flat in
      (0..<shape.rank).reduce(0) { sum, other in
        sum + steps[other] * (other == axis ? places[flat] : flat / own[other] % shape[other])
      }
    }
    return [folded(tensor.picked(sources, shape))]
  }

  /// GatherND: the last axis of the indices names a place or a run.
  func foldGatherND(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (tensor, indices) = (try constant(0), try constant(1))
    let batchAxes = opset >= 12 ? try integer("batch_dims", default: 0) : 0
    guard batchAxes == 0 else { throw .unsupported("batch_dims \(batchAxes)") }
    let depth = try indexDepth(indices, tensor)
    let run = Array(tensor.shape.dimensions[depth...])
    _ = try builder.reserve(indices.shape.dimensions)
    let shape = try builder.reserve(indices.shape.dimensions.dropLast() + run, arrays: 2)
    let starts = try starts(indices, tensor, depth)
    let length = run.reduce(1, *)
    return [folded(tensor.picked(starts.flatMap { start in start..<start + length }, shape))]
  }

  /// ScatterND: a copy of the data with runs replaced.
  func foldScatterND(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (tensor, indices, updates) = (try constant(0), try constant(1), try constant(2))
    let reduction = try text("reduction", default: "none")
    guard reduction == "none" else { throw .unsupported("reduction '\(reduction)'") }
    let depth = try indexDepth(indices, tensor)
    let run = Array(tensor.shape.dimensions[depth...])
    guard updates.shape.dimensions == indices.shape.dimensions.dropLast() + run else {
      throw .bad("updates of shape \(updates.shape) for indices \(indices.shape) into \(tensor.shape)")
    }
    _ = try builder.reserve(indices.shape.dimensions)
    let shape = try builder.reserve(tensor.shape.dimensions, arrays: 2)
    let starts = try starts(indices, tensor, depth)
    let length = run.reduce(1, *)
    func written<Element>(_ data: [Element], _ values: [Element]) -> [Element] {
      var data = data
      for (position, start) in starts.enumerated() {
        data.replaceSubrange(start..<start + length, with: values[position * length..<(position + 1) * length])
      }
      return data
    }
    let elements: ConstantTensor.Elements
    if case .integer(let data) = tensor.elements, case .integer(let values) = updates.elements {
      elements = .integer(written(data, values))
    } else {
      elements = .double(written(tensor.doubles, updates.doubles))
    }
    return [folded(ConstantTensor(shape: shape, elements: elements))]
  }

  /// How many axes one index of GatherND or ScatterND names.
  private func indexDepth(_ indices: ConstantTensor, _ tensor: ConstantTensor) throws(ImportProblem) -> Int {
    guard case .integer = indices.elements, let depth = indices.shape.dimensions.last,
      (1...max(tensor.shape.rank, 1)).contains(depth), depth <= tensor.shape.rank
    else { throw .bad("indices of shape \(indices.shape) into \(tensor.shape)") }
    return depth
  }

  /// The first element of every run that indices name.
  private func starts(_ indices: ConstantTensor, _ tensor: ConstantTensor, _ depth: Int) throws(ImportProblem) -> [Int]
  {
    guard case .integer(let written) = indices.elements else { return [] }
    let strides = tensor.shape.rowMajorStrides
    var starts: [Int] = []
    for first in stride(from: 0, to: written.count, by: depth) {
      var start = 0
      for axis in 0..<depth {
        start += try places([written[first + axis]], on: axis, of: tensor.shape)[0] * strides[axis]
      }
      starts.append(start)
    }
    return starts
  }

  /// OneHot.
  func foldOneHot(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (indices, values) = (try constant(0), try constant(2))
    guard let depth = try scalar(1).flatMap({ Int(exactly: $0) }), depth >= 1, values.shape.count == 2 else {
      throw .bad("depth or values, expected one integer ≥ 1 and two elements")
    }
    let rank = indices.shape.rank
    let axis = try self.axis(try integer("axis", default: -1), rank: rank + 1)
    let front = indices.shape.dimensions[..<axis]
    let shape = try builder.reserve(front + [depth] + indices.shape.dimensions[axis...], arrays: 3)
    var isHot = [Int](repeating: 0, count: shape.count)
    let inner = indices.shape.dimensions[axis...].reduce(1, *)
    for (flat, index) in indices.doubles.enumerated() {
      let place = index < 0 ? index + Double(depth) : index
      guard let place = Int(exactly: place), (0..<depth).contains(place) else { continue }
      isHot[(flat / inner * depth + place) * inner + flat % inner] = 1
    }
    return [folded(values.picked(isHot, shape))]
  }

  /// Trilu: one triangle of the last two axes, the rest 0.
  func foldTriangle(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    guard tensor.shape.rank >= 2 else { throw .bad("operand of shape \(tensor.shape), expected 2 axes") }
    let keepsUpper = try flag("upper", default: true)
    let diagonal = try integerList(1)?.first ?? 0
    let shape = try builder.reserve(tensor.shape.dimensions, arrays: 2)
    let (rows, columns) = (max(shape[shape.rank - 2], 1), max(shape[shape.rank - 1], 1))
    func isKept(_ flat: Int) -> Bool {
      let offset = flat % columns - flat / columns % rows
      return keepsUpper ? offset >= diagonal : offset <= diagonal
    }
    let elements: ConstantTensor.Elements
    if case .integer(let values) = tensor.elements {
      elements = .integer(values.indices.map { isKept($0) ? values[$0] : 0 })
    } else {
      let values = tensor.doubles
      elements = .double(values.indices.map { isKept($0) ? values[$0] : 0 })
    }
    return [folded(ConstantTensor(shape: shape, elements: elements))]
  }
}

extension ConstantTensor {
  /// The elements at some places in row-major order, under a shape.
  /// - Precondition: every place is inside, and there are as many as the shape has elements.
  func picked(_ places: [Int], _ shape: Shape) -> ConstantTensor {
    switch elements {
    case .float(let values): ConstantTensor(shape: shape, elements: .float(places.map { values[$0] }))
    case .double(let values): ConstantTensor(shape: shape, elements: .double(places.map { values[$0] }))
    case .integer(let values): ConstantTensor(shape: shape, elements: .integer(places.map { values[$0] }))
    }
  }
}
