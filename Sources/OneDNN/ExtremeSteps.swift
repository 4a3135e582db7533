import CKernels
import Execution
import Networks

/// The largest or smallest elements over the reduced axes.
struct ExtremeStep: Step {
  private let from: View
  private let to: View
  private let kept: StridedLoop
  private let reduced: StridedLoop
  private let isLargest: Bool

  /// A reduction.
  /// - Parameters:
  ///   - to: a view with as many axes as `from`.
  ///   - axes: the axes that are reduced.
  init(from: View, to: View, axes: [Int], isLargest: Bool) {
    self.from = from
    self.to = to
    self.isLargest = isLargest
    let keptAxes = from.extents.indices.filter { !axes.contains($0) }
    kept = StridedLoop(
      extents: keptAxes.map { from.extents[$0] },
      strides: [keptAxes.map { from.strides[$0] }, keptAxes.map { to.strides[$0] }])
    reduced = StridedLoop(extents: axes.map { from.extents[$0] }, strides: [axes.map { from.strides[$0] }])
  }

  /// Whether the kernel has room for its axes.
  var fits: Bool { kept.fits && reduced.fits }

  var kind: StepKind { .reduction }
  var reads: [BufferID] { [from.buffer] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    pc_reduce_extreme(
      memory.floats(to.buffer) + to.offset, kept.strides[1], memory.floats(from.buffer) + from.offset,
      kept.strides[0], kept.extents, Int32(kept.rank), reduced.strides[0], reduced.extents, Int32(reduced.rank),
      isLargest)
  }
}

/// Adds each gradient to the first of the elements that equal the result, in row-major order of the reduced axes.
struct ExtremeGradientStep: Step {
  private let gradient: View
  private let result: View
  private let from: View
  private let to: View
  private let kept: StridedLoop
  /// In the order in which the first one is sought, which is not that of memory.
  private let reducedExtents: [Int]
  private let reducedStrides: (from: [Int], to: [Int])

  /// The way back of a reduction; `gradient` and `result` stand still along the reduced axes.
  init(gradient: View, result: View, from: View, to: View, axes: [Int]) {
    self.gradient = gradient
    self.result = result
    self.from = from
    self.to = to
    let keptAxes = from.extents.indices.filter { !axes.contains($0) }
    kept = StridedLoop(
      extents: keptAxes.map { from.extents[$0] },
      strides: [from, to, result, gradient].map { view in keptAxes.map { view.strides[$0] } })
    let reducedAxes = axes.filter { from.extents[$0] != 1 }
    reducedExtents = reducedAxes.map { from.extents[$0] }
    reducedStrides = (reducedAxes.map { from.strides[$0] }, reducedAxes.map { to.strides[$0] })
  }

  /// Whether the kernel has room for its axes.
  var fits: Bool { kept.fits && reducedExtents.count <= PC_MAX_RANK }

  var kind: StepKind { .reduction }
  var reads: [BufferID] { [gradient.buffer, result.buffer, from.buffer, to.buffer] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    pc_reduce_extreme_backward(
      memory.floats(to.buffer) + to.offset, kept.strides[1], reducedStrides.to,
      memory.floats(from.buffer) + from.offset, kept.strides[0], reducedStrides.from,
      memory.floats(result.buffer) + result.offset, kept.strides[2],
      memory.floats(gradient.buffer) + gradient.offset, kept.strides[3], kept.extents, Int32(kept.rank),
      reducedExtents, Int32(reducedExtents.count))
  }
}
