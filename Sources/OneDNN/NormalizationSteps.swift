import CKernels
import Execution

/// Softmax along an axis, or its logarithm.
struct SoftmaxStep: Step {
  /// The operand.
  let from: Tensor
  /// The result, in the operand's layout.
  let to: Tensor
  /// The axis.
  let axis: Int
  /// Whether the logarithm is taken.
  let logarithm: Bool

  var kind: StepKind { .normalization }
  var reads: [BufferID] { [from.buffer] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    let (outer, extent, inner) = from.layout.split(from.shape, at: axis)
    pc_softmax_forward(memory.floats(to.buffer), memory.floats(from.buffer), outer, extent, inner, logarithm)
  }
}

/// The way back through softmax, all in one layout.
struct SoftmaxGradientStep: Step {
  /// The gradient at the result.
  let gradient: Tensor
  /// The result.
  let result: Tensor
  /// The gradient at the operand.
  let to: Tensor
  /// The axis.
  let axis: Int
  /// Whether the logarithm was taken.
  let logarithm: Bool
  /// Whether it is added.
  let accumulates: Bool

  var kind: StepKind { .normalization }
  var reads: [BufferID] { [gradient.buffer, result.buffer] + (accumulates ? [to.buffer] : []) }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    let (outer, extent, inner) = result.layout.split(result.shape, at: axis)
    pc_softmax_backward(
      memory.floats(to.buffer), memory.floats(gradient.buffer), memory.floats(result.buffer), outer, extent, inner,
      logarithm, accumulates)
  }
}

/// Local response normalisation across axis 1.
struct ResponseStep: Step {
  /// The window and its constants.
  let window: pc_lrn_window
  /// The operand.
  let from: Tensor
  /// The result, in the operand's layout.
  let to: Tensor
  /// Five float32 per channel.
  let work: BufferID

  var kind: StepKind { .normalization }
  var reads: [BufferID] { [from.buffer] }
  var writes: [BufferID] { [to.buffer, work] }

  func run(_ memory: Memory) {
    let (outer, channels, inner) = from.layout.split(from.shape, at: 1)
    withUnsafePointer(to: window) {
      pc_lrn_forward(
        $0, memory.floats(to.buffer), memory.floats(from.buffer), memory.floats(work), outer, channels, inner)
    }
  }
}

/// The way back through local response normalisation, all in one layout.
struct ResponseGradientStep: Step {
  /// The window and its constants.
  let window: pc_lrn_window
  /// The gradient at the result.
  let gradient: Tensor
  /// The operand.
  let operand: Tensor
  /// The gradient at the operand.
  let to: Tensor
  /// Five float32 per channel.
  let work: BufferID
  /// Whether it is added.
  let accumulates: Bool

  var kind: StepKind { .normalization }
  var reads: [BufferID] { [gradient.buffer, operand.buffer] + (accumulates ? [to.buffer] : []) }
  var writes: [BufferID] { [to.buffer, work] }

  func run(_ memory: Memory) {
    let (outer, channels, inner) = operand.layout.split(operand.shape, at: 1)
    withUnsafePointer(to: window) {
      pc_lrn_backward(
        $0, memory.floats(to.buffer), memory.floats(gradient.buffer), memory.floats(operand.buffer),
        memory.floats(work), outer, channels, inner, accumulates)
    }
  }
}
