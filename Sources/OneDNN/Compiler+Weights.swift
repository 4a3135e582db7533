import COneDNN
import Execution
import Networks

/// Gradients of weights, where they are asked for.
extension Compiler {
  /// Whether a node's weight is weighed.
  func weighs(_ index: Int) -> Bool { weighed.contains(index) }

  /// Adds the gradient of a layer's weights, if it is asked for.
  ///
  /// - Parameters:
  ///   - geometry: that of the convolution whose weights they are.
  ///   - input: its operand.
  ///   - output: the gradient at its result.
  ///   - axes: how its weight lies.
  ///   - weights: the weight with all its factors.
  mutating func weigh(
    _ index: Int, _ geometry: pc_dnn_geometry, input: Tensor, output: Tensor, _ axes: WeightAxes?,
    weights: () -> PlainWeights?
  ) throws(ExecutionError) {
    guard weighs(index), weighedLayers[index] == nil, let axes else { return }
    precondition(!isForeign, "weights are weighed where the whole network is")
    guard let weight = weights()?.elements else {
      throw ExecutionError(.unsupported, place, "its weight is no constant")
    }
    let kernel = try kernels.weightGradient(node: index, geometry, place: place)
    let gradient = try makeBuffer(Float.self, count: kernel.packedCount, for: place)
    let sum = try makeBuffer(Float.self, count: kernel.packedCount, for: place)
    let bytes = kernel.scratchBytes
    let scratch = bytes > 0 ? try makeBuffer(UInt8.self, count: bytes, for: place) : nil
    callCount += 1
    append(
      WeightGradientStep(
        kernel: kernel, call: callCount - 1, input: input, output: output, gradient: gradient, sum: sum,
        scratch: scratch, place: place))
    parameterBytes += weight.count * MemoryLayout<Float>.stride
    weighedLayers[index] = WeighedLayer(kernel: kernel, sum: sum, axes: axes, weight: weight, place: place)
  }
}
