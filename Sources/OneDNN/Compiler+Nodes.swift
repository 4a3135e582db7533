import Execution
import Networks

extension Compiler {
  /// Adds a node's forward kernels.
  mutating func compileForward(_ index: Int) throws(ExecutionError) {
    let node = network.nodes[index]
    self.node = index
    place = node.name
    for id in node.inputs.compactMap({ $0 }) + node.outputs where network[id].shape.count == 0 {
      throw ExecutionError(.unsupported, node.name, "\(network[id].name) of shape \(network[id].shape) is empty")
    }
    let y = node.outputs[0]
    guard let x = node.inputs[0] else { throw ExecutionError(.unsupported, node.name, "has no operand") }
    if fusion.isAbsorbed[index] { return }
    if let shuffle = fusion.shuffles[index] { return try forwardShuffle(shuffle.groups, shuffle.operand, y) }
    switch node.operation {
    case .convolution(let convolution): try forwardConvolution(convolution, index, x)
    case .linear(let linear): try forwardLinear(linear, index, x)
    case .batchNormalization(let epsilon): try forwardNormalization(epsilon, index, x)
    case .unary(let function): try forwardUnary(ElementFunction(function), x, y)
    case .binary(let function): try forwardBinary(function, index, y)
    case .concat(let axis): try forwardConcat(axis, node, y)
    case .split(let axis): try forwardSplit(axis, node, x)
    case .slice(let starts, let steps): try forwardSlice(starts, steps, node, x, y)
    case .pool(let pool): try forwardPool(pool, index, x, y)
    case .reduce(let reduction, let axes): try forwardReduction(reduction, axes, node, x, y)
    case .reshape: try forwardReshape(x, y)
    case .transpose(let permutation): try forwardTranspose(permutation, node, x, y)
    case .pad(let pad): try forwardPad(pad, node, x, y)
    case .softmax(let axis, let logarithm): try forwardSoftmax(axis, logarithm, x, y)
    case .localResponseNormalization(let window): try forwardResponse(window, x, y)
    case .convolutionTranspose(let convolution): try forwardConvolutionTranspose(convolution, index, x, y)
    case .matrixProduct: try forwardMatrixProduct(node, x, y)
    case .layerNormalization(let axis, let epsilon): try forwardLayerNormalization(axis, epsilon, node, x, y)
    case .groupNormalization(let groups, let epsilon): try forwardGroupNormalization(groups, epsilon, node, x, y)
    case .select: try forwardSelect(node, y)
    case .resample(let axes): try forwardResample(axes, node, x, y)
    case .cumulativeSum(let axis, let isExclusive, let isReversed):
      try forwardCumulativeSum(axis, isExclusive, isReversed, x, y)
    case .gather(let axis, let indices, let indexRank): try forwardGather(axis, indices, indexRank, x, y)
    case .expand: try forwardExpand(node, x, y)
    }
  }

  /// Adds a node's backward kernels: from the gradients at its results to those at its operands.
  mutating func compileBackward(_ index: Int) throws(ExecutionError) {
    let node = network.nodes[index]
    self.node = nil
    place = node.name
    let result = fusion.result(of: index)
    if fusion.isAbsorbed[index] || parts[result.index] != nil { return }
    guard let x = fusion.shuffles[index]?.operand ?? node.inputs[0] else { return }
    defer { for id in node.outputs + [result] { releaseGradient(id) } }
    switch node.operation {
    // What activations and additions took in has its products computed on the way.
    case .convolution(let convolution): return try backwardConvolution(convolution, index, x)
    case .linear(let linear): return try backwardLinear(linear, index, x)
    case .batchNormalization(let epsilon): return try backwardNormalization(epsilon, index, x)
    case .unary(let function) where function.isDifferentiable:
      return try backwardUnary(ElementFunction(function), index, x)
    case .binary(.add) where fusion.residuals[index] != nil: return try backwardResidual(index)
    default: break
    }
    for id in node.outputs { try appendProducts(of: id) }
    guard weighs(index) || node.inputs.contains(where: { wantsGradient($0) }) else { return }
    if case .split(let axis) = node.operation { return try backwardSplit(axis, node, x) }
    let y = node.outputs[0]
    guard let gradient = try completeGradient(y) else { return }
    if let shuffle = fusion.shuffles[index] { return try backwardShuffle(shuffle.groups, gradient, x) }
    switch node.operation {
    case .binary(let function): try backwardBinary(function, index, gradient)
    case .concat(let axis): try backwardConcat(axis, node, gradient)
    case .slice(let starts, let steps): try backwardSlice(starts, steps, node, gradient, x)
    case .pool(let pool): try backwardPool(pool, index, gradient, x)
    case .reduce(let reduction, let axes): try backwardReduction(reduction, axes, node, gradient, x, y)
    case .reshape: try backwardReshape(node, gradient, x)
    case .transpose(let permutation): try backwardTranspose(permutation, node, gradient, x)
    case .pad(let pad): try backwardPad(pad, node, gradient, x)
    case .softmax(let axis, let logarithm): try backwardSoftmax(axis, logarithm, gradient, x, y)
    case .localResponseNormalization(let window): try backwardResponse(window, gradient, x)
    case .convolutionTranspose(let convolution): try backwardConvolutionTranspose(convolution, index, gradient, x)
    case .matrixProduct: try backwardMatrixProduct(node, gradient, x)
    case .layerNormalization(let axis, let epsilon): try backwardLayerNormalization(axis, epsilon, node, gradient, x)
    case .groupNormalization(let groups, let epsilon):
      try backwardGroupNormalization(groups, epsilon, node, gradient, x)
    case .select: try backwardSelect(node, gradient)
    case .resample(let axes): try backwardResample(axes, node, gradient, x)
    case .cumulativeSum(let axis, let isExclusive, let isReversed):
      try backwardCumulativeSum(axis, isExclusive, isReversed, gradient, x)
    case .gather(let axis, let indices, let indexRank):
      try backwardGather(axis, indices, indexRank, node, gradient, x)
    case .expand: try passReduced(gradient, to: x, factor: 1, node)
    // A function without a slope lets nothing through.
    case .unary: break
    case .convolution, .linear, .batchNormalization, .split: preconditionFailure("handled above")
    }
  }
}
