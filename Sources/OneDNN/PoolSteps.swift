import CKernels
import Execution
import Networks

extension pc_pool_geometry {
  /// A pool's geometry; one axis of space becomes two, the first of extent 1.
  init(_ pool: Pool, input: Shape, output: Shape) {
    let plane = pool.kernel.count == 2
    let last = pool.kernel.count - 1
    var countsPads = false
    if case .average(true) = pool.kind { countsPads = true }
    self.init(
      samples: input[0], channels: input[1], input_height: plane ? input[2] : 1, input_width: input[2 + last],
      output_height: plane ? output[2] : 1, output_width: output[2 + last],
      kernel_height: plane ? pool.kernel[0] : 1, kernel_width: pool.kernel[last],
      stride_height: plane ? pool.strides[0] : 1, stride_width: pool.strides[last],
      dilation_height: plane ? pool.spacing(0) : 1, dilation_width: pool.spacing(last),
      pad_top: plane ? pool.padsBegin[0] : 0, pad_left: pool.padsBegin[last],
      pad_bottom: plane ? pool.padsEnd[0] : 0, pad_right: pool.padsEnd[last], counts_pads: countsPads)
  }
}

extension Pool {
  /// The dilation along an axis; where the window is one element wide it means nothing, however large it is.
  fileprivate func spacing(_ axis: Int) -> Int { kernel[axis] == 1 ? 1 : dilations[axis] }
}

/// Max pooling; `winners` remembers where each result came from, for the way back.
struct MaxPoolStep: Step {
  /// The windows.
  let geometry: pc_pool_geometry
  /// The operand, channels last.
  let from: Tensor
  /// The result, channels last.
  let to: Tensor
  /// One position per result, or nothing where no gradient flows.
  let winners: BufferID?

  var kind: StepKind { .reduction }
  var reads: [BufferID] { [from.buffer] }
  var writes: [BufferID] { [to.buffer] + (winners.map { [$0] } ?? []) }

  func run(_ memory: Memory) {
    withUnsafePointer(to: geometry) {
      pc_max_pool_forward(
        $0, memory.floats(to.buffer), winners.map { memory.positions($0) }, memory.floats(from.buffer))
    }
  }
}

/// Adds max pooling's gradients to where the results came from.
struct MaxPoolGradientStep: Step {
  /// The windows.
  let geometry: pc_pool_geometry
  /// The gradient at the result, channels last.
  let gradient: Tensor
  /// The gradient at the operand, channels last.
  let to: Tensor
  /// One position per result.
  let winners: BufferID

  var kind: StepKind { .reduction }
  var reads: [BufferID] { [gradient.buffer, winners, to.buffer] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    withUnsafePointer(to: geometry) {
      pc_max_pool_backward(
        $0, memory.floats(to.buffer), memory.floats(gradient.buffer), memory.positions(winners))
    }
  }
}

/// Average pooling.
struct AveragePoolStep: Step {
  /// The windows.
  let geometry: pc_pool_geometry
  /// The operand, channels last.
  let from: Tensor
  /// The result, channels last.
  let to: Tensor

  var kind: StepKind { .reduction }
  var reads: [BufferID] { [from.buffer] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    withUnsafePointer(to: geometry) {
      pc_average_pool_forward($0, memory.floats(to.buffer), memory.floats(from.buffer))
    }
  }
}

/// Adds average pooling's gradients to the operand's.
struct AveragePoolGradientStep: Step {
  /// The windows.
  let geometry: pc_pool_geometry
  /// The gradient at the result, channels last.
  let gradient: Tensor
  /// The gradient at the operand, channels last.
  let to: Tensor

  var kind: StepKind { .reduction }
  var reads: [BufferID] { [gradient.buffer, to.buffer] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    withUnsafePointer(to: geometry) {
      pc_average_pool_backward($0, memory.floats(to.buffer), memory.floats(gradient.buffer))
    }
  }
}
