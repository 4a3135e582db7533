import CKernels
import Execution
import Networks

/// Pools, softmax and response normalisation.
extension Compiler {
  mutating func forwardPool(_ pool: Pool, _ index: Int, _ x: ValueID, _ y: ValueID) throws(ExecutionError) {
    let node = network.nodes[index]
    let area = pool.kernel.reduce((1, false)) { product, extent in
      let (next, overflow) = product.0.multipliedReportingOverflow(by: extent)
      return (next, product.1 || overflow)
    }
    guard !area.1, area.0 <= Int(Int32.max) else {
      throw ExecutionError(.unsupported, node.name, "a window of \(pool.kernel) elements")
    }
    let from = try operand(x, in: .channelsLast)
    let to = try makeResult(y, .channelsLast)
    let geometry = pc_pool_geometry(pool, input: from.shape, output: to.shape)
    switch pool.kind {
    case .max:
      let positions = wantsGradient(x) ? try makeBuffer(Int32.self, count: to.shape.count, for: node.name) : nil
      winners[index] = positions
      append(MaxPoolStep(geometry: geometry, from: from, to: to, winners: positions))
    case .average:
      append(AveragePoolStep(geometry: geometry, from: from, to: to))
    }
  }

  mutating func backwardPool(_ pool: Pool, _ index: Int, _ gradient: Tensor, _ x: ValueID) throws(ExecutionError) {
    let from = try reordered(gradient, .channelsLast, for: network.nodes[index].name)
    let geometry = pc_pool_geometry(pool, input: network[x].shape, output: gradient.shape)
    let destination = try beginAdding(x, in: .channelsLast)
    if let positions = winners[index] {
      append(
        MaxPoolGradientStep(geometry: geometry, gradient: from, to: destination.tensor, winners: positions))
    } else {
      append(AveragePoolGradientStep(geometry: geometry, gradient: from, to: destination.tensor))
    }
    try finish(destination)
  }

  mutating func forwardSoftmax(_ axis: Int, _ logarithm: Bool, _ x: ValueID, _ y: ValueID) throws(ExecutionError) {
    let from = try operand(x)
    append(SoftmaxStep(from: from, to: try makeResult(y, from.layout), axis: axis, logarithm: logarithm))
  }

  mutating func backwardSoftmax(_ axis: Int, _ logarithm: Bool, _ gradient: Tensor, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let result = try operand(y)
    let destination = try begin(x)
    append(
      SoftmaxGradientStep(
        gradient: gradient, result: result, to: destination.tensor, axis: axis, logarithm: logarithm,
        accumulates: destination.accumulates))
    try finish(destination)
  }

  mutating func forwardResponse(_ window: LocalResponseNormalization, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let from = try operand(x)
    let work = try makeResponseWork(x)
    append(ResponseStep(window: window.kernel, from: from, to: try makeResult(y, from.layout), work: work))
  }

  mutating func backwardResponse(_ window: LocalResponseNormalization, _ gradient: Tensor, _ x: ValueID)
    throws(ExecutionError)
  {
    let from = try operand(x)
    let work = try makeResponseWork(x)
    let destination = try begin(x)
    append(
      ResponseGradientStep(
        window: window.kernel, gradient: gradient, operand: from, to: destination.tensor, work: work,
        accumulates: destination.accumulates))
    try finish(destination)
  }

  private mutating func makeResponseWork(_ x: ValueID) throws(ExecutionError) -> BufferID {
    try makeBuffer((Float, Float, Float, Float, Float).self, count: network[x].shape[1], for: network[x].name)
  }
}

extension LocalResponseNormalization {
  /// The window as the kernels take it.
  fileprivate var kernel: pc_lrn_window {
    pc_lrn_window(
      before: (size - 1) / 2, behind: size / 2, alpha_per_element: alpha / Double(size), beta: beta, bias: bias)
  }
}
