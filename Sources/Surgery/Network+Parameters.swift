public import Networks

extension Network {
  /// The same network with other numbers in some layers' parameters.
  ///
  /// Values keep their identifiers; a layer reads fresh constants, so that other readers of shared ones are left alone. A
  /// layer without a bias gets the one it is given.
  /// - Precondition: nodes are of this network and have the parameters that are given, as many numbers as they have.
  public func replacing(_ parameters: [LayerParameters]) -> Network {
    var values = self.values
    var nodes = self.nodes
    let numbers = Dictionary(nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    for layer in parameters {
      guard let index = numbers[layer.node] else { preconditionFailure("\(layer.node) is no node of \(name)") }
      let node = nodes[index]
      var operands = node.inputs
      func put(_ elements: [Float]?, at position: Int) {
        guard let elements else { return }
        while operands.count <= position { operands.append(nil) }
        let shape = operands[position].map { values[$0.index].shape } ?? Shape([elements.count])
        values.append(
          Value(
            name: "\(node.name).operand\(position)", constant: ConstantTensor(shape: shape, elements: .float(elements)))
        )
        operands[position] = ValueID(values.count - 1)
      }
      if case .batchNormalization = node.operation {
        for (position, elements) in [layer.scale, layer.shift, layer.mean, layer.variance].enumerated() {
          put(elements, at: position + 1)
        }
      } else {
        put(layer.weight, at: 1)
        put(layer.bias, at: 2)
      }
      nodes[index] = Node(
        name: node.name, opType: node.opType, operation: node.operation, inputs: operands, outputs: node.outputs)
    }
    guard
      let network = try? Network(
        name: name, batchSize: batchSize, values: values, nodes: nodes, inputs: inputs, outputs: outputs)
    else { preconditionFailure("other parameters broke \(name)") }
    return network
  }
}
