import CKernels
import Execution
import Networks

/// to = f(first, second, third) with broadcasting, or to += f(…).
struct TernaryStep: Step {
  private let function: pc_ternary_function
  private let operands: [View]
  private let to: View
  private let extents: [Int]
  private let strides: [Int]
  private let accumulates: Bool
  /// Whether the kernel has room for its axes.
  let fits: Bool

  /// An operation on three views that were broadcast to the shape of `to`.
  init(_ function: pc_ternary_function, _ first: View, _ second: View, _ third: View, to: View, accumulates: Bool) {
    self.function = function
    operands = [first, second, third]
    self.to = to
    self.accumulates = accumulates
    let loop = StridedLoop(extents: to.extents, strides: [to.strides, first.strides, second.strides, third.strides])
    fits = loop.fits
    extents = loop.extents
    strides = Array(loop.strides.joined())
  }

  var kind: StepKind { .elementwise }
  var reads: [BufferID] { operands.map(\.buffer) + (accumulates ? [to.buffer] : []) }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    func address(_ view: View) -> UnsafeMutablePointer<Float> { memory.floats(view.buffer) + view.offset }
    pc_ternary(
      function, address(to), address(operands[0]), address(operands[1]), address(operands[2]), strides, extents,
      Int32(extents.count), accumulates)
  }
}
