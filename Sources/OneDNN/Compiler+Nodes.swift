import Execution
import Networks

extension Compiler {
  /// Which nodes the first output depends on: no other is run.
  static func neededNodes(of network: Network) -> [Bool] {
    var neededValues = [Bool](repeating: false, count: network.values.count)
    neededValues[network.outputs[0].index] = true
    var needed = [Bool](repeating: false, count: network.nodes.count)
    for (index, node) in network.nodes.enumerated().reversed()
    where node.outputs.contains(where: { neededValues[$0.index] }) {
      needed[index] = true
      for case let input? in node.inputs { neededValues[input.index] = true }
    }
    return needed
  }

  /// Adds a node's forward kernels.
  mutating func compileForward(_ index: Int) throws(ExecutionError) {
    let node = network.nodes[index]
    for id in node.inputs.compactMap({ $0 }) + node.outputs where network[id].shape.count == 0 {
      throw ExecutionError(.unsupported, node.name, "\(network[id].name) of shape \(network[id].shape) is empty")
    }
    let y = node.outputs[0]
    guard let x = node.inputs[0] else { throw ExecutionError(.unsupported, node.name, "has no operand") }
    switch node.operation {
    case .convolution(let convolution): try forwardConvolution(convolution, node, x, y)
    case .linear(let linear): try forwardLinear(linear, node, x, y)
    case .batchNormalization(let epsilon): try forwardNormalization(epsilon, node, x, y)
    case .unary(let function): try forwardUnary(ElementFunction(function), x, y)
    case .binary(let function): try forwardBinary(function, node, y)
    case .concat(let axis): try forwardConcat(axis, node, y)
    case .split(let axis): try forwardSplit(axis, node, x)
    case .slice(let starts, let steps): try forwardSlice(starts, steps, node, x, y)
    case .pool(let pool): try forwardPool(pool, index, x, y)
    case .reduceMean(let axes): try forwardMean(axes, node, x, y)
    case .reshape: try forwardReshape(x, y)
    case .transpose(let permutation): try forwardTranspose(permutation, node, x, y)
    case .pad(let pad): try forwardPad(pad, node, x, y)
    case .softmax(let axis, let logarithm): try forwardSoftmax(axis, logarithm, x, y)
    case .localResponseNormalization(let window): try forwardResponse(window, x, y)
    }
  }

  /// Adds a node's backward kernels: from the gradients at its results to those at its operands.
  mutating func compileBackward(_ index: Int) throws(ExecutionError) {
    let node = network.nodes[index]
    guard node.inputs.contains(where: { wantsGradient($0) }), let x = node.inputs[0] else { return }
    if case .split(let axis) = node.operation { return try backwardSplit(axis, node, x) }
    let y = node.outputs[0]
    guard let gradient = gradient(y) else { return }
    switch node.operation {
    case .convolution(let convolution): try backwardConvolution(convolution, node, gradient, x)
    case .linear(let linear): try backwardLinear(linear, node, gradient, x)
    case .batchNormalization(let epsilon): try backwardNormalization(epsilon, node, gradient, x)
    case .unary(let function): try backwardUnary(ElementFunction(function), gradient, x, y)
    case .binary(let function): try backwardBinary(function, node, gradient)
    case .concat(let axis): try backwardConcat(axis, node, gradient)
    case .slice(let starts, let steps): try backwardSlice(starts, steps, node, gradient, x)
    case .pool(let pool): try backwardPool(pool, index, gradient, x)
    case .reduceMean(let axes): try backwardMean(axes, node, gradient, x)
    case .reshape: try backwardReshape(node, gradient, x)
    case .transpose(let permutation): try backwardTranspose(permutation, node, gradient, x)
    case .pad(let pad): try backwardPad(pad, node, gradient, x)
    case .softmax(let axis, let logarithm): try backwardSoftmax(axis, logarithm, gradient, x, y)
    case .localResponseNormalization(let window): try backwardResponse(window, gradient, x)
    case .split: preconditionFailure("handled above")
    }
  }
}
