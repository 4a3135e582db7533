public import Networks

extension Network {
  /// The same network with ramps for staircases: every quantisation becomes the Clip between its ends.
  ///
  /// Two networks that add the same numbers in another order differ by whole steps wherever a sum lies within its
  /// rounding of the middle between two; between ramps they differ by rounding alone.
  public func leavingOutQuantizationSteps() -> Network {
    let ramps = nodes.map { node -> Node in
      guard case .unary(.quantize(let grid)) = node.operation else { return node }
      let lower = Double(Float(grid.steps.lowerBound) * grid.scale)
      let upper = Double(Float(grid.steps.upperBound) * grid.scale)
      return Node(
        name: node.name, opType: node.opType, operation: .unary(.clip(lower: lower, upper: upper)),
        inputs: node.inputs, outputs: node.outputs)
    }
    guard
      let network = try? Network(
        name: name, batchSize: batchSize, values: values, nodes: ramps, inputs: inputs, outputs: outputs)
    else { preconditionFailure("ramps broke \(name)") }
    return network
  }
}
