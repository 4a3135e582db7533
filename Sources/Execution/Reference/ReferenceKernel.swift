import Networks

/// One node's arithmetic, forward and backward.
protocol ReferenceKernel {
  /// The results for operands in row-major order; an absent operand is empty.
  func forward(_ operands: [[Double]]) -> [[Double]]
  /// ∂L/∂operand at one position, from ∂L/∂result.
  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double]
}

/// The arithmetic of a layer.
protocol ReferenceLayerKernel: ReferenceKernel {
  /// w·∂L/∂w of every element of the weight, as it lies, from ∂L/∂result.
  func weightProducts(_ operands: [[Double]], _ gradient: [Double]) -> [Double]
}

extension Network {
  /// The kernel that computes a node.
  func referenceKernel(_ node: Node) -> any ReferenceKernel {
    let operands = node.inputs.map { id in id.map { self[$0].shape } ?? Shape([]) }
    let results = node.outputs.map { self[$0].shape }
    switch node.operation {
    case .convolution(let convolution):
      return ReferenceConvolution(convolution, input: operands[0], output: results[0])
    case .convolutionTranspose(let convolution):
      return ReferenceConvolutionTranspose(convolution, input: operands[0], output: results[0])
    case .matrixProduct: return ReferenceMatrixProduct(left: operands[0], right: operands[1], result: results[0])
    case .layerNormalization(let axis, let epsilon):
      return ReferenceStandardization(layerAxis: axis, epsilon: epsilon, shape: operands[0])
    case .groupNormalization(let groups, let epsilon):
      return ReferenceStandardization(groups: groups, epsilon: epsilon, shape: operands[0])
    case .linear(let linear): return ReferenceLinear(linear, weight: operands[1])
    case .batchNormalization(let epsilon): return ReferenceNormalization(epsilon: epsilon, shape: operands[0])
    case .unary(let function): return ReferenceUnary(function: function)
    case .binary(let function):
      return ReferenceBinary(function, operands: operands, result: results[0])
    case .select: return ReferenceSelection(operands: operands, result: results[0])
    case .pool(let pool): return ReferencePool(pool, input: operands[0], output: results[0])
    case .reduce(let reduction, let axes): return ReferenceReduction(reduction, axes: axes, shape: operands[0])
    case .resample(let steps): return ReferenceResampling(steps, input: operands[0], output: results[0])
    case .cumulativeSum(let axis, let isExclusive, let isReversed):
      return ReferenceCumulativeSum(
        axis: axis, isExclusive: isExclusive, isReversed: isReversed, shape: operands[0])
    case .softmax(let axis, let logarithm):
      return ReferenceSoftmax(axis: axis, logarithm: logarithm, shape: operands[0])
    case .localResponseNormalization(let window):
      return ReferenceResponseNormalization(window: window, shape: operands[0])
    case .concat, .split, .slice, .gather, .expand, .reshape, .transpose, .pad:
      return ReferenceMovement(node.operation, operands: operands, results: results)
    }
  }
}
