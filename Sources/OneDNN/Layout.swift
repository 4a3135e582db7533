import Networks

/// The order of a value's axes in memory, always without gaps.
enum Layout: Hashable {
  /// The last axis is contiguous, as the shape reads.
  case rowMajor
  /// The channel axis (axis 1) is contiguous, behind space: what convolutions and pools work on. Three axes or more.
  case channelsLast

  /// The axes from outermost to innermost.
  func order(rank: Int) -> [Int] {
    switch self {
    case .rowMajor: Array(0..<rank)
    case .channelsLast: [0] + Array(2..<rank) + [1]
    }
  }

  /// The steps between neighbours along each axis, in elements.
  func strides(of shape: Shape) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.rank)
    var step = 1
    for axis in order(rank: shape.rank).reversed() {
      strides[axis] = step
      step *= shape[axis]
    }
    return strides
  }

  /// Whether both put every element of such a shape in one place: axes of extent 1 do not count.
  func agrees(with other: Layout, for shape: Shape) -> Bool {
    if self == other { return true }
    let mine = order(rank: shape.rank).filter { shape[$0] != 1 }
    return mine == other.order(rank: shape.rank).filter { shape[$0] != 1 }
  }

  /// The array as [outer, extent of an axis, inner].
  func split(_ shape: Shape, at axis: Int) -> (outer: Int, extent: Int, inner: Int) {
    let order = order(rank: shape.rank)
    guard let place = order.firstIndex(of: axis) else { preconditionFailure("no axis \(axis) in \(shape)") }
    let outer = order[..<place].reduce(1) { $0 * shape[$1] }
    let inner = order[(place + 1)...].reduce(1) { $0 * shape[$1] }
    return (outer, shape[axis], inner)
  }
}

/// A value, or its gradient, in memory.
struct Tensor {
  /// Where it is.
  let buffer: BufferID
  /// Its extents.
  let shape: Shape
  /// The order of its axes.
  let layout: Layout

  /// All of it, to be cut and permuted.
  var view: View { View(buffer: buffer, offset: 0, extents: shape.dimensions, strides: layout.strides(of: shape)) }
}

/// A strided part of a buffer.
struct View {
  /// The buffer.
  let buffer: BufferID
  /// Its first element.
  var offset: Int
  /// Elements per axis.
  var extents: [Int]
  /// Steps per axis, in elements; 0 repeats, negative runs backwards.
  var strides: [Int]

  /// The part that starts at `starts` and takes `steps` along each axis.
  func part(starts: [Int], steps: [Int], extents: [Int]) -> View {
    var part = self
    for axis in extents.indices {
      part.offset += starts[axis] * strides[axis]
      part.strides[axis] *= steps[axis]
    }
    part.extents = extents
    return part
  }

  /// A run along one axis.
  func run(along axis: Int, from start: Int, count: Int) -> View {
    var part = self
    part.offset += start * strides[axis]
    part.extents[axis] = count
    return part
  }

  /// The same elements with axis i taken from axis `permutation[i]`.
  func permuted(_ permutation: [Int]) -> View {
    View(
      buffer: buffer, offset: offset, extents: permutation.map { extents[$0] },
      strides: permutation.map { strides[$0] })
  }

  /// Repeated to a larger shape by the rules of broadcasting: axes are counted from the last.
  func broadcast(to shape: Shape) -> View {
    let missing = shape.rank - extents.count
    let strides = shape.dimensions.indices.map { axis in
      axis < missing || extents[axis - missing] == 1 ? 0 : self.strides[axis - missing]
    }
    return View(buffer: buffer, offset: offset, extents: shape.dimensions, strides: strides)
  }
}
