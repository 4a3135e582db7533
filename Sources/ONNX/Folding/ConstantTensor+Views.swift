import Networks

extension Shape {
  /// A shape that a file asks for, or `nil` when an extent is negative, the axes are too many, or the product of the
  /// extents overflows with zeros left out: so the product of any of them fits too.
  init?(written dimensions: [Int]) {
    guard dimensions.count <= ImportLimits.axes, Shape(checking: dimensions.filter { $0 != 0 }) != nil else {
      return nil
    }
    self.init(checking: dimensions)
  }
}

extension ConstantTensor {
  /// The same elements under another shape; they are shared, not copied.
  /// - Precondition: both shapes have as many elements.
  func reshaped(_ shape: Shape) -> ConstantTensor { ConstantTensor(shape: shape, elements: elements) }

  /// Repeated along the axes where the extent is 1 and the target's is not, and along new axes in front.
  /// - Precondition: the tensor broadcasts to the target.
  func expanded(to target: Shape) -> ConstantTensor {
    if target == shape { return self }
    let added = target.rank - shape.rank
    let own = shape.rowMajorStrides
    let strides = (0..<target.rank).map { axis in
      axis < added || shape[axis - added] != target[axis] ? 0 : own[axis - added]
    }
    return view(target, strides: strides)
  }

  /// The elements at `offset` + Σ index × stride, for every index of a shape in row-major order.
  /// - Precondition: every such place is inside.
  func view(_ target: Shape, offset: Int = 0, strides: [Int]) -> ConstantTensor {
    switch elements {
    case .float(let values):
      ConstantTensor(shape: target, elements: .float(Self.walk(values, target, offset, strides)))
    case .double(let values):
      ConstantTensor(shape: target, elements: .double(Self.walk(values, target, offset, strides)))
    case .integer(let values):
      ConstantTensor(shape: target, elements: .integer(Self.walk(values, target, offset, strides)))
    }
  }

  /// Runs of the outermost index: entry i of the result is entry `indices[i]` of axis 0.
  /// - Precondition: every index is inside the axis.
  func rows(_ indices: [Int], _ target: Shape) -> ConstantTensor {
    let run = shape[0] == 0 ? 0 : shape.count / shape[0]
    func pick<Element>(_ values: [Element]) -> [Element] {
      var picked: [Element] = []
      picked.reserveCapacity(indices.count * run)
      for index in indices { picked += values[index * run..<(index + 1) * run] }
      return picked
    }
    switch elements {
    case .float(let values): return ConstantTensor(shape: target, elements: .float(pick(values)))
    case .double(let values): return ConstantTensor(shape: target, elements: .double(pick(values)))
    case .integer(let values): return ConstantTensor(shape: target, elements: .integer(pick(values)))
    }
  }

  private static func walk<Element>(_ source: [Element], _ shape: Shape, _ offset: Int, _ strides: [Int]) -> [Element] {
    guard shape.count > 0 else { return [] }
    // Axes of one index take time at every step and move nothing.
    let axes = shape.dimensions.indices.filter { shape[$0] > 1 }
    let (extents, steps) = (axes.map { shape[$0] }, axes.map { strides[$0] })
    var index = [Int](repeating: 0, count: axes.count)
    var place = offset
    var result: [Element] = []
    result.reserveCapacity(shape.count)
    let (inner, step) = (extents.last ?? 1, steps.last ?? 0)
    while true {
      for position in 0..<inner { result.append(source[place + position * step]) }
      var axis = axes.count - 2
      while axis >= 0 {
        index[axis] += 1
        place += steps[axis]
        if index[axis] < extents[axis] { break }
        place -= steps[axis] * extents[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return result }
    }
  }
}
