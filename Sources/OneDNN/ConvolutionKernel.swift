import COneDNN
import Execution

/// oneDNN's engine and stream.
///
/// Immutable once made but for what one call at a time does with it while kernels are chosen and weights are packed.
final class KernelContext: @unchecked Sendable {
  /// The shim's context.
  let handle: OpaquePointer

  /// Starts an engine on this machine's processor.
  init() throws(ExecutionError) {
    var handle: OpaquePointer?
    let status = pc_dnn_context_create(&handle)
    guard status == pc_dnn_success, let handle else {
      throw ExecutionError(.failed, "oneDNN", String(cString: pc_dnn_status_text(status)))
    }
    self.handle = handle
  }

  deinit { pc_dnn_context_destroy(handle) }
}

/// A convolution's weights [output channels, input channels ÷ groups, height, width] before packing, row-major.
struct PlainWeights {
  /// Elements.
  var elements: [Float]
  /// One per output channel, or absent.
  var bias: [Float]?
}

/// One convolution of oneDNN with its packed weights. Immutable once made: any number of threads may run it, each through
/// calls of its own.
final class ConvolutionKernel: @unchecked Sendable {
  /// Which way it runs.
  enum Direction {
    /// Input to output, then the activation.
    case forward(pc_dnn_activation)
    /// Gradient to gradient, by a forward kernel with mirrored weights; with `accumulates`, added to what is there.
    case mirrored(accumulates: Bool)
    /// Gradient at the output to gradient at the input.
    case backward

    /// Whether it adds to what its output holds.
    var accumulates: Bool { if case .mirrored(true) = self { true } else { false } }
  }

  private let context: KernelContext
  private let handle: OpaquePointer
  private let packed: AlignedMemory
  private let bias: AlignedMemory?

  /// Chooses a kernel and packs the weights for it.
  /// - Throws: `ExecutionError` naming `place`.
  init(
    _ context: KernelContext, _ geometry: pc_dnn_geometry, _ direction: Direction, weights: PlainWeights, place: String
  ) throws(ExecutionError) {
    var geometry = geometry
    guard geometry.isWithinLimits else {
      throw ExecutionError(.unsupported, place, "an extent, step or pad is beyond oneDNN's 32 bits")
    }
    var handle: OpaquePointer?
    let created: pc_dnn_status
    switch direction {
    case .forward(let activation):
      created = pc_dnn_convolution_forward(
        context.handle, &geometry, weights.bias != nil, false, activation, &handle)
    case .mirrored(let accumulates):
      created = pc_dnn_convolution_forward(
        context.handle, &geometry, weights.bias != nil, accumulates, pc_dnn_activation(), &handle)
    case .backward:
      created = pc_dnn_convolution_backward_data(context.handle, &geometry, &handle)
    }
    try pc_dnn_status.check(created, place, "choosing a kernel")
    guard let handle else { throw ExecutionError(.failed, place, "oneDNN gave no kernel") }
    do throws(ExecutionError) {
      let packed = try AlignedMemory(count: pc_dnn_convolution_weight_bytes(handle), for: place)
      let bias: AlignedMemory? =
        if let values = weights.bias { try AlignedMemory(copying: values, for: place) } else { nil }
      let status = weights.elements.withUnsafeBufferPointer {
        pc_dnn_convolution_set_weights(
          handle, $0.baseAddress, packed.bytes.baseAddress,
          bias?.bytes.baseAddress?.assumingMemoryBound(to: Float.self))
      }
      try pc_dnn_status.check(status, place, "packing weights")
      self.packed = packed
      self.bias = bias
    } catch {
      pc_dnn_convolution_destroy(handle)
      throw error
    }
    self.context = context
    self.handle = handle
  }

  deinit { pc_dnn_convolution_destroy(handle) }

  /// Bytes of working memory that a run needs.
  var scratchBytes: Int { pc_dnn_convolution_scratch_bytes(handle) }

  /// Bytes of packed weights and bias.
  var parameterBytes: Int { packed.bytes.count + (bias?.bytes.count ?? 0) }

  /// The name of oneDNN's kernel.
  var name: String { String(cString: pc_dnn_convolution_kernel(handle)) }

  /// A call with fixed addresses.
  func makeCall(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer?, place: String
  ) throws(ExecutionError) -> KernelCall {
    var call: OpaquePointer?
    try pc_dnn_status.check(
      pc_dnn_convolution_call_create(handle, input, output, scratch, &call), place, "preparing a call")
    guard let call else { throw ExecutionError(.failed, place, "oneDNN gave no call") }
    return KernelCall(self, call)
  }
}

extension pc_dnn_geometry {
  /// oneDNN's kernels count in 32 bits what its interface takes in 64.
  var isWithinLimits: Bool {
    [
      samples, groups, input_channels, output_channels, input_height, input_width, output_height, output_width,
      kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left,
      pad_bottom, pad_right,
    ].allSatisfy { (0...Int(Int32.max)).contains($0) }
  }
}

/// Runs a convolution, forward or for gradients.
struct ConvolutionStep: Step {
  /// The convolution.
  let kernel: ConvolutionKernel
  /// The number of its call among those of an executor.
  let call: Int
  /// What it takes: channels last, or a linear layer's rows.
  let from: Tensor
  /// What it yields, alike.
  let to: Tensor
  /// Its working memory, if any.
  let scratch: BufferID?
  /// Whether it adds to what `to` holds.
  let accumulates: Bool
  /// The node, for errors.
  let place: String

  var kind: StepKind { .convolution }
  var reads: [BufferID] { [from.buffer] + (accumulates ? [to.buffer] : []) }
  var writes: [BufferID] { [to.buffer] + (scratch.map { [$0] } ?? []) }

  func prepare(_ memory: Memory) throws(ExecutionError) {
    memory.calls[call] = try kernel.makeCall(
      input: memory.floats(from.buffer), output: memory.floats(to.buffer), scratch: scratch.map { memory.raw($0) },
      place: place)
  }

  func run(_ memory: Memory) throws(ExecutionError) { try memory.calls[call]?.run(place: place) }
}
