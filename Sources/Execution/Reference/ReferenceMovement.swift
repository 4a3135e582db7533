import Networks

/// The operations that only move elements: each element of a result is one of an operand, or a constant.
struct ReferenceMovement: ReferenceKernel {
  /// By result: by element, which operand it comes from and which element of that; element −1 is the constant.
  private let sources: [[(operand: Int, element: Int)]]
  private let constant: Double

  init(_ operation: Operation, operands: [Shape], results: [Shape]) {
    var constant = 0.0
    switch operation {
    case .reshape: sources = [(0..<operands[0].count).map { (0, $0) }]
    case .transpose(let permutation):
      let strides = operands[0].rowMajorStrides
      sources = [IndexMap.strided(results[0], start: 0, strides: permutation.map { strides[$0] }).map { (0, $0) }]
    case .slice(let starts, let steps):
      let strides = operands[0].rowMajorStrides
      let start = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
      sources = [
        IndexMap.strided(results[0], start: start, strides: zip(steps, strides).map { $0 * $1 }).map { (0, $0) }
      ]
    case .split(let axis):
      let strides = operands[0].rowMajorStrides
      var first = 0
      sources = results.map { result in
        defer { first += result[axis] }
        return IndexMap.strided(result, start: first * strides[axis], strides: strides).map { (0, $0) }
      }
    case .concat(let axis):
      var joined = [(operand: Int, element: Int)](repeating: (0, 0), count: results[0].count)
      let strides = results[0].rowMajorStrides
      var first = 0
      for (number, operand) in operands.enumerated() {
        let places = IndexMap.strided(operand, start: first * strides[axis], strides: strides)
        for (element, place) in places.enumerated() { joined[place] = (number, element) }
        first += operand[axis]
      }
      sources = [joined]
    case .expand: sources = [IndexMap.broadcast(operands[0], to: results[0]).map { (0, $0) }]
    case .gather(let axis, let indices, _):
      let inner = operands[0].dimensions[(axis + 1)...].reduce(1, *)
      let outer = operands[0].dimensions[..<axis].reduce(1, *)
      sources = [
        (0..<outer).flatMap { block in
          indices.flatMap { index in (0..<inner).map { (0, (block * operands[0][axis] + index) * inner + $0) } }
        }
      ]
    case .pad(let pad):
      if case .constant(let value) = pad.mode { constant = value }
      let strides = operands[0].rowMajorStrides
      sources = [
        IndexMap.positions(results[0].dimensions).map { position in
          var element = 0
          for axis in position.indices {
            guard let own = pad.source(position[axis] - pad.before[axis], extent: operands[0][axis]) else {
              return (0, -1)
            }
            element += own * strides[axis]
          }
          return (0, element)
        }
      ]
    default: preconditionFailure("\(operation) does not only move elements")
    }
    self.constant = constant
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    sources.map { source in source.map { $0.element < 0 ? constant : operands[$0.operand][$0.element] } }
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: operands[position].count)
    for (result, source) in sources.enumerated() {
      for (place, origin) in source.enumerated() where origin.operand == position && origin.element >= 0 {
        gradient[origin.element] += gradients[result][place]
      }
    }
    return gradient
  }
}

extension Pad {
  /// The element along an axis that stands at an index of the padded axis, counted from the first own element; `nil` for
  /// the constant.
  fileprivate func source(_ index: Int, extent: Int) -> Int? {
    if (0..<extent).contains(index) { return index }
    switch mode {
    case .constant: return nil
    case .edge: return min(max(index, 0), extent - 1)
    case .reflect: return index < 0 ? -index : 2 * (extent - 1) - index
    }
  }
}

/// Lists of row-major positions.
enum IndexMap {
  /// For every element of `shape` in order: start + Σ index × stride.
  static func strided(_ shape: Shape, start: Int, strides: [Int]) -> [Int] {
    var places = [start]
    for axis in 0..<shape.rank {
      places = places.flatMap { place in (0..<shape[axis]).map { place + $0 * strides[axis] } }
    }
    return places
  }

  /// For every element of `target` the element of `shape` that broadcasting puts there.
  static func broadcast(_ shape: Shape, to target: Shape) -> [Int] {
    let missing = target.rank - shape.rank
    let own = shape.rowMajorStrides
    let strides = (0..<target.rank).map { $0 < missing || shape[$0 - missing] == 1 ? 0 : own[$0 - missing] }
    return strided(target, start: 0, strides: strides)
  }

  /// Every index of some extents, in row-major order.
  static func positions(_ extents: [Int]) -> [[Int]] {
    var positions: [[Int]] = [[]]
    for extent in extents { positions = positions.flatMap { position in (0..<extent).map { position + [$0] } } }
    return positions
  }
}
