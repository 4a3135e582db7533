import COneDNN
import Execution

/// The gradient of one layer's weights by oneDNN. Immutable once made, as a convolution is.
final class WeightGradientKernel: @unchecked Sendable {
  private let context: KernelContext
  private let handle: OpaquePointer

  /// Chooses a kernel.
  /// - Parameter geometry: the layer's, forward.
  /// - Throws: `ExecutionError` naming `place`.
  init(_ context: KernelContext, _ geometry: pc_dnn_geometry, place: String) throws(ExecutionError) {
    var geometry = geometry
    guard geometry.isWithinLimits else {
      throw ExecutionError(.unsupported, place, "an extent, step or pad is beyond oneDNN's 32 bits")
    }
    var handle: OpaquePointer?
    let status = pc_dnn_weight_gradient_create(context.handle, &geometry, &handle)
    try pc_dnn_status.check(status, place, "choosing a kernel for the gradient of the weights")
    guard let handle else { throw ExecutionError(.failed, place, "oneDNN gave no kernel") }
    self.context = context
    self.handle = handle
  }

  deinit { pc_dnn_weight_gradient_destroy(handle) }

  /// Numbers of the gradient in the kernel's own order, those that fill it up included.
  var packedCount: Int { pc_dnn_weight_gradient_bytes(handle) / MemoryLayout<Float>.stride }

  /// Bytes of working memory that a run needs.
  var scratchBytes: Int { pc_dnn_weight_gradient_scratch_bytes(handle) }

  /// The name of oneDNN's kernel.
  var name: String { String(cString: pc_dnn_weight_gradient_kernel(handle)) }

  /// A call with fixed addresses.
  func makeCall(
    input: UnsafePointer<Float>, output: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer?, place: String
  ) throws(ExecutionError) -> KernelCall {
    var call: OpaquePointer?
    try pc_dnn_status.check(
      pc_dnn_weight_gradient_call_create(handle, input, output, gradient, scratch, &call), place, "preparing a call")
    guard let call else { throw ExecutionError(.failed, place, "oneDNN gave no call") }
    return KernelCall(self, call)
  }

  /// A gradient, or a sum of such, as the weights of a convolution lie.
  func unpack(_ packed: UnsafePointer<Float>, to plain: UnsafeMutablePointer<Float>, place: String)
    throws(ExecutionError)
  {
    try pc_dnn_status.check(pc_dnn_weight_gradient_unpack(handle, packed, plain), place, "unpacking a gradient")
  }
}

/// Computes the gradient of a layer's weights over the samples of a run and adds it to that of the runs before.
struct WeightGradientStep: Step {
  /// The kernel.
  let kernel: WeightGradientKernel
  /// The number of its call among those of an executor.
  let call: Int
  /// The operand of the convolution: channels last, or a linear layer's rows.
  let input: Tensor
  /// The gradient at its result, alike.
  let output: Tensor
  /// Where the gradient of the run goes, in the kernel's order.
  let gradient: BufferID
  /// What it is added to.
  let sum: BufferID
  /// Its working memory, if any.
  let scratch: BufferID?
  /// The node, for errors.
  let place: String

  var kind: StepKind { .convolution }
  var reads: [BufferID] { [input.buffer, output.buffer, sum] }
  var writes: [BufferID] { [gradient, sum] + (scratch.map { [$0] } ?? []) }

  func prepare(_ memory: Memory) throws(ExecutionError) {
    memory.calls[call] = try kernel.makeCall(
      input: memory.floats(input.buffer), output: memory.floats(output.buffer), gradient: memory.floats(gradient),
      scratch: scratch.map { memory.raw($0) }, place: place)
  }

  func run(_ memory: Memory) throws(ExecutionError) {
    try memory.calls[call]?.run(place: place)
    let (from, to) = (memory.floats(gradient), memory.floats(sum))
    for index in 0..<kernel.packedCount { to[index] += from[index] }
  }
}

/// A layer whose weights are weighed.
struct WeighedLayer: Sendable {
  /// The kernel of its weights' gradient.
  let kernel: WeightGradientKernel
  /// The gradient of the parts of a batch so far, in the kernel's order.
  let sum: BufferID
  /// How the weight lies.
  let axes: WeightAxes
  /// The weight, lying so, with all its factors.
  let weight: [Float]
  /// The node, for errors.
  let place: String

  /// Forgets the batch before.
  func clear(_ memory: Memory) { memory.floats(sum).update(repeating: 0, count: kernel.packedCount) }

  /// What all parts together say of the channels.
  /// - Parameter plain: room for a number per weight.
  func products(_ memory: Memory, plain: UnsafeMutablePointer<Float>) throws(ExecutionError) -> WeightProducts {
    try kernel.unpack(memory.floats(sum), to: plain, place: place)
    weight.withUnsafeBufferPointer { weight in
      for index in 0..<weight.count { plain[index] *= weight[index] }
    }
    let products = WeightProducts(axes, products: UnsafeBufferPointer(start: plain, count: weight.count))
    guard products.isFinite else { throw .notFiniteProduct(of: place) }
    return products
  }
}
