public import Networks

/// The loss of one sample, from the network's first output.
public enum Loss: String, Hashable, Sendable {
  /// −log softmax(output)[class], classes on axis 1, natural logarithm; the mean over positions when the output has
  /// further axes (segmentation). Where the network itself ends in Softmax or LogSoftmax over that axis, its operand is
  /// taken as the logits, so that softmax is not applied twice.
  case crossEntropy = "cross_entropy"
  /// The mean over a sample's output elements of (output − target)².
  case meanSquaredError = "mse"
  /// Cross-entropy against the class that the network itself predicts (the first of equals): needs no labels.
  case agreement
}

extension Loss {
  /// The value that the loss is differentiated at: the first output, or the logits behind a final softmax.
  public func head(of network: Network) -> ValueID {
    let output = network.outputs[0]
    guard self != .meanSquaredError, let producer = network.producers()[output.index] else { return output }
    let node = network.nodes[producer]
    if case .softmax(let axis, _) = node.operation, axis == 1, let logits = node.inputs[0] { return logits }
    return output
  }
}
