import CKernels
import Execution
import Networks

/// to = factor × from, or to += factor × from: copies, cuts, permutations, reorders.
struct ScaleStep: Step {
  private let from: View
  private let to: View
  private let loop: StridedLoop
  private let factor: Float
  private let accumulates: Bool

  /// A copy between two views of one shape.
  init(from: View, to: View, factor: Float = 1, accumulates: Bool) {
    precondition(from.extents == to.extents, "copy of \(from.extents) to \(to.extents)")
    self.from = from
    self.to = to
    self.factor = factor
    self.accumulates = accumulates
    loop = StridedLoop(extents: to.extents, strides: [to.strides, from.strides]).favouringLongRows()
  }

  /// Whether the kernel has room for its axes.
  var fits: Bool { loop.fits }

  var kind: StepKind { .movement }
  var reads: [BufferID] { accumulates ? [from.buffer, to.buffer] : [from.buffer] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    pc_scale(
      memory.floats(to.buffer) + to.offset, loop.strides[0], memory.floats(from.buffer) + from.offset,
      loop.strides[1], loop.extents, Int32(loop.rank), factor, accumulates)
  }
}

/// to = left ∘ right with broadcasting, or to += left ∘ right.
struct BinaryStep: Step {
  private let function: pc_binary_function
  private let left: View
  private let right: View
  private let to: View
  private let loop: StridedLoop
  private let accumulates: Bool

  /// An operation on two views that were broadcast to the shape of `to`.
  init(_ function: pc_binary_function, _ left: View, _ right: View, to: View, accumulates: Bool = false) {
    self.function = function
    self.left = left
    self.right = right
    self.to = to
    self.accumulates = accumulates
    loop = StridedLoop(extents: to.extents, strides: [to.strides, left.strides, right.strides])
  }

  /// Whether the kernel has room for its axes.
  var fits: Bool { loop.fits }

  var kind: StepKind { .elementwise }
  var reads: [BufferID] { [left.buffer, right.buffer] + (accumulates ? [to.buffer] : []) }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    pc_binary(
      function, memory.floats(to.buffer) + to.offset, loop.strides[0], memory.floats(left.buffer) + left.offset,
      loop.strides[1], memory.floats(right.buffer) + right.offset, loop.strides[2], loop.extents, Int32(loop.rank),
      accumulates)
  }
}

/// to = factor × sums of `from` over the axes along which `to` does not move.
struct ReduceStep: Step {
  private let from: Tensor
  private let to: View
  private let kept: StridedLoop
  private let reduced: StridedLoop
  private let factor: Double
  private let accumulates: Bool

  /// A reduction.
  /// - Parameters:
  ///   - from: what is summed.
  ///   - to: a view with as many axes as `from`.
  ///   - axes: the axes that are summed over.
  init(from: Tensor, to: View, axes: Set<Int>, factor: Double = 1, accumulates: Bool) {
    self.from = from
    self.to = to
    self.factor = factor
    self.accumulates = accumulates
    let source = from.view
    let keptAxes = from.shape.dimensions.indices.filter { !axes.contains($0) }
    let reducedAxes = from.shape.dimensions.indices.filter { axes.contains($0) }
    kept = StridedLoop(
      extents: keptAxes.map { source.extents[$0] },
      strides: [keptAxes.map { source.strides[$0] }, keptAxes.map { to.strides[$0] }])
    reduced = StridedLoop(
      extents: reducedAxes.map { source.extents[$0] }, strides: [reducedAxes.map { source.strides[$0] }])
  }

  /// Whether the kernel has room for its axes.
  var fits: Bool { kept.fits && reduced.fits }

  var kind: StepKind { .reduction }
  var reads: [BufferID] { accumulates ? [from.buffer, to.buffer] : [from.buffer] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    pc_reduce(
      memory.floats(to.buffer) + to.offset, kept.strides[1], memory.floats(from.buffer), kept.strides[0],
      kept.extents, Int32(kept.rank), reduced.strides[0], reduced.extents, Int32(reduced.rank), factor, accumulates)
  }
}

/// Sets a whole buffer.
struct FillStep: Step {
  /// What is set.
  let tensor: Tensor
  /// To what.
  let value: Float

  var kind: StepKind { .movement }
  var reads: [BufferID] { [] }
  var writes: [BufferID] { [tensor.buffer] }

  func run(_ memory: Memory) { pc_fill(memory.floats(tensor.buffer), value, tensor.shape.count) }
}

/// Sets rows to zero.
struct FillRowsStep: Step {
  /// Samples, rows and channels.
  let geometry: RowGeometry
  /// What is set.
  let to: Rows

  var kind: StepKind { .movement }
  var reads: [BufferID] { [] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    let first = memory.floats(to.buffer) + to.offset
    for row in 0..<geometry.samples * geometry.rows { pc_fill(first + row * to.stride, 0, geometry.channels) }
  }
}

/// Padding by tables: where each element of the padded array comes from, axis by axis.
struct PadStep: Step {
  /// Which way it runs.
  enum Direction {
    /// The small array to the padded one; `fill` where nothing is behind.
    case forward(fill: Float)
    /// The padded array's gradient added to the small one's.
    case backward
  }

  /// Offsets into the small array per index of each axis of the padded one, axes in the padded array's memory order.
  let tables: [Int]
  /// The padded array's extents in its memory order.
  let extents: [Int]
  /// The padded array.
  let padded: Tensor
  /// The small array.
  let small: Tensor
  /// Which way it runs.
  let direction: Direction

  var kind: StepKind { .movement }
  var reads: [BufferID] {
    if case .forward = direction { return [small.buffer] }
    return [padded.buffer, small.buffer]
  }

  var writes: [BufferID] {
    if case .forward = direction { return [padded.buffer] }
    return [small.buffer]
  }

  func run(_ memory: Memory) {
    switch direction {
    case .forward(let fill):
      pc_gather(
        memory.floats(padded.buffer), memory.floats(small.buffer), tables, extents, Int32(extents.count), fill)
    case .backward:
      pc_gather_adjoint(
        memory.floats(small.buffer), memory.floats(padded.buffer), tables, extents, Int32(extents.count))
    }
  }
}
