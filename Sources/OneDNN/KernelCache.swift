import COneDNN
import Execution

/// The kernels of one network's layers, each made and its weights packed when it is first asked for.
final class KernelCache {
  /// What a kernel is for.
  struct Key: Hashable {
    private enum Use { case forward, mirrored, mirroredSum, backward }

    private let node: Int
    private let use: Use

    /// A node's kernel in one direction.
    init(node: Int, direction: ConvolutionKernel.Direction) {
      self.node = node
      switch direction {
      case .forward: use = .forward
      case .mirrored(let accumulates): use = accumulates ? .mirroredSum : .mirrored
      case .backward: use = .backward
      }
    }
  }

  /// The engine that kernels are made for.
  let context: KernelContext
  private var kernels: [Key: ConvolutionKernel] = [:]
  private var plainWeights: [Int: AlignedMemory] = [:]
  private var weightGradients: [Int: WeightGradientKernel] = [:]

  /// No kernels yet.
  init(_ context: KernelContext) { self.context = context }

  /// A linear layer's weight as the model holds it, copied once.
  /// - Throws: `ExecutionError` naming `place` when there is not so much memory.
  func plainWeight(node: Int, _ elements: [Float], place: String) throws(ExecutionError) -> AlignedMemory {
    if let known = plainWeights[node] { return known }
    let weight = try AlignedMemory(copying: elements, for: place)
    plainWeights[node] = weight
    return weight
  }

  /// The kernel of the gradient of a layer's weights, made if need be.
  /// - Throws: `ExecutionError` naming `place`.
  func weightGradient(node: Int, _ geometry: pc_dnn_geometry, place: String) throws(ExecutionError)
    -> WeightGradientKernel
  {
    if let known = weightGradients[node] { return known }
    let kernel = try WeightGradientKernel(context, geometry, place: place)
    weightGradients[node] = kernel
    return kernel
  }

  /// A kernel, made if need be.
  /// - Throws: `ExecutionError` naming `place`.
  func kernel(
    _ key: Key, _ geometry: pc_dnn_geometry, _ direction: ConvolutionKernel.Direction, place: String,
    weights: () -> PlainWeights?
  ) throws(ExecutionError) -> ConvolutionKernel {
    if let known = kernels[key] { return known }
    guard let weights = weights() else { throw ExecutionError(.unsupported, place, "its weight is no constant") }
    let kernel = try ConvolutionKernel(context, geometry, direction, weights: weights, place: place)
    kernels[key] = kernel
    return kernel
  }
}
