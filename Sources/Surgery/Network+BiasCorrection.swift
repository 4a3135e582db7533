public import Networks

extension Network {
  /// What to add to a layer's bias so that its outputs keep their mean when input channels are removed.
  ///
  /// Δ[o] = Σ over removed i of (Σ over the kernel of W[o, i, ·]) × mean[i], for a transposed convolution divided by the
  /// product of its strides, because so many outputs share a kernel. Exact but where windows reach into pads. W are
  /// effective weights, and what multiplies the bias (beta) is divided out.
  /// - Parameters:
  ///   - node: a layer of this network, which still has the channels.
  ///   - channels: the input channels that go, all convolution groups counted; the input features of a linear layer.
  ///   - means: the mean of each of them, in that order; see `ChannelMeans`.
  /// - Returns: one number per output channel of this network.
  /// - Throws: `SurgeryError` when the node is no layer, or a linear layer that multiplies its bias by 0.
  /// - Precondition: every channel is an input of the layer, and has a mean.
  public func biasCorrection(
    of node: Node, removing channels: [Int], means: [Double]
  ) throws(SurgeryError) -> [Double] {
    precondition(channels.count == means.count, "\(means.count) means for \(channels.count) channels")
    guard let (weights, constant) = layerWeights(of: node) else {
      throw SurgeryError(node.name, "is no layer with constant weights")
    }
    guard weights.beta != 0 else { throw SurgeryError(node.name, "multiplies its bias by 0") }
    var sharing = 1.0
    if case .convolutionTranspose(let convolution) = node.operation {
      sharing = Double(convolution.strides.reduce(1, *))
    }
    let elements = constant.doubles
    var delta = [Double](repeating: 0, count: weights.outputs)
    for (channel, mean) in zip(channels, means) {
      precondition((0..<weights.inputs).contains(channel), "input channel \(channel) of \(weights.inputs)")
      let (group, input) = channel.quotientAndRemainder(dividingBy: weights.inputsPerGroup)
      for output in 0..<weights.outputsPerGroup {
        var sum = 0.0
        for place in 0..<weights.kernel {
          sum += elements[weights.element(group: group, output: output, input: input, kernel: place)]
        }
        let result = group * weights.outputsPerGroup + output
        delta[result] += sum * mean * weights.factor(of: result) / (weights.beta * sharing)
      }
    }
    return delta
  }
}
