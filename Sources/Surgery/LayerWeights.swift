import Networks

/// Where a layer keeps the weight between an input channel and an output channel, and what else it multiplies by.
///
/// Effective weight = stored weight × `factor(of: output)`; the layer yields Σ effective weights × inputs + beta × bias.
struct LayerWeights: Sendable {
  let groups: Int
  let inputs: Int
  let outputs: Int
  /// Weights per pair of channels.
  let kernel: Int
  let beta: Double
  /// True for [O, I ÷ groups, K…], false for [I, O ÷ groups, K…].
  let isOutputMajor: Bool
  private let alpha: Double
  private let outputScale: [Double]?

  /// - Throws: `SurgeryError` when the operation is no layer, or its channels do not divide by its groups.
  init(_ operation: Operation, inputs: Int, outputs: Int) throws(SurgeryError) {
    self.inputs = inputs
    self.outputs = outputs
    switch operation {
    case .convolution(let convolution), .convolutionTranspose(let convolution):
      groups = convolution.groups
      kernel = convolution.kernel.reduce(1, *)
      outputScale = convolution.outputScale
      (alpha, beta) = (1, 1)
      if case .convolution = operation { isOutputMajor = true } else { isOutputMajor = false }
    case .linear(let linear):
      (groups, kernel) = (1, 1)
      outputScale = linear.outputScale
      (alpha, beta) = (linear.alpha, linear.beta)
      isOutputMajor = linear.weightIsOutputByInput
    default: throw SurgeryError("operation", "is no convolution, transposed convolution or linear layer")
    }
    guard inputs > 0, outputs > 0, groups > 0, inputs % groups == 0, outputs % groups == 0,
      outputScale.map({ $0.count == outputs }) ?? true
    else {
      throw SurgeryError("layer", "\(inputs) inputs and \(outputs) outputs do not fit \(groups) groups and the scales")
    }
  }

  var inputsPerGroup: Int { inputs / groups }
  var outputsPerGroup: Int { outputs / groups }
  var count: Int { outputs * inputsPerGroup * kernel }

  /// The element of a weight.
  /// - Parameters:
  ///   - output: counted in its convolution group.
  ///   - input: counted in its convolution group.
  func element(group: Int, output: Int, input: Int, kernel place: Int) -> Int {
    let pair =
      isOutputMajor
      ? (group * outputsPerGroup + output) * inputsPerGroup + input
      : (group * inputsPerGroup + input) * outputsPerGroup + output
    return pair * kernel + place
  }

  /// What the weights of an output (all groups counted) are multiplied by.
  func factor(of output: Int) -> Double { alpha * (outputScale?[output] ?? 1) }
}

extension Network {
  /// The weights of a layer node, and the constant that holds them; `nil` for any other node.
  func layerWeights(of node: Node) -> (weights: LayerWeights, constant: ConstantTensor)? {
    guard let x = node.inputs[0], let weight = node.inputs.dropFirst().first.flatMap({ $0 }),
      let constant = self[weight].constant
    else { return nil }
    let (data, result) = (self[x].shape, self[node.outputs[0]].shape)
    let axis: Int
    switch node.operation {
    case .convolution, .convolutionTranspose: axis = 1
    case .linear: axis = data.rank - 1
    default: return nil
    }
    guard let weights = try? LayerWeights(node.operation, inputs: data[axis], outputs: result[axis]) else { return nil }
    return (weights, constant)
  }
}
