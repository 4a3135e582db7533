public import Networks

extension Network {
  /// The same network where layers do not see some of their input channels: the weights that read them are 0.
  ///
  /// That is what removing these channels means. Values keep their identifiers; a masked layer reads a fresh constant, so
  /// that other readers of a shared one are left alone.
  /// - Parameter removed: by name of a layer node the input channels that go, all convolution groups counted; the input
  ///   features of a linear layer.
  /// - Precondition: every name is that of a layer node, every channel one of its inputs.
  public func masking(inputs removed: [String: [Int]]) -> Network {
    var values = self.values
    var nodes = self.nodes
    var masked: Set<String> = []
    for (index, node) in nodes.enumerated() {
      guard let channels = removed[node.name], let (weights, constant) = layerWeights(of: node) else { continue }
      masked.insert(node.name)
      guard !channels.isEmpty else { continue }
      values.append(
        Value(
          name: node.name + ".masked_weight",
          constant: ConstantTensor(
            shape: constant.shape, elements: weights.masking(channels, of: constant.elements))))
      var operands = node.inputs
      operands[1] = ValueID(values.count - 1)
      nodes[index] = Node(
        name: node.name, opType: node.opType, operation: node.operation, inputs: operands, outputs: node.outputs)
    }
    precondition(
      masked.count == removed.count, "\(removed.keys.filter { !masked.contains($0) }) are no layers of \(name)")
    guard
      let network = try? Network(
        name: name, batchSize: batchSize, values: values, nodes: nodes, inputs: inputs, outputs: outputs)
    else { preconditionFailure("masking broke \(name)") }
    return network
  }
}

extension LayerWeights {
  /// The elements of a weight with those of some input channels 0.
  fileprivate func masking(_ channels: [Int], of elements: ConstantTensor.Elements) -> ConstantTensor.Elements {
    switch elements {
    case .float(let values): .float(masking(channels, of: values, zero: 0))
    case .double(let values): .double(masking(channels, of: values, zero: 0))
    case .integer(let values): .integer(masking(channels, of: values, zero: 0))
    }
  }

  private func masking<Element>(_ channels: [Int], of elements: [Element], zero: Element) -> [Element] {
    var result = elements
    for channel in channels {
      precondition((0..<inputs).contains(channel), "input channel \(channel) of \(inputs)")
      let (group, input) = channel.quotientAndRemainder(dividingBy: inputsPerGroup)
      for output in 0..<outputsPerGroup {
        for place in 0..<kernel { result[element(group: group, output: output, input: input, kernel: place)] = zero }
      }
    }
    return result
  }
}
