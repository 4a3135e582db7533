extension Network {
  /// The same function with the samples along axis 0 wherever a linear layer reads or yields them.
  ///
  /// Attention as PyTorch exports it runs on [tokens, samples, features]; figures of single samples are taken along axis
  /// 0. Such a layer gets a Transpose in front and one behind. It keeps its name, and all values keep their identifiers,
  /// but what the layer itself yields is a new value. Convolutions hold samples on axis 0 in any case. Layers that mix
  /// samples, and those behind a node that does, stay as they are.
  public func bringingSamplesForward() -> Network {
    let samples = SampleAxes(of: self)
    var values = values
    var rewritten: [Node] = []
    func transposed(_ shape: Shape, _ permutation: [Int], name: String) -> ValueID {
      values.append(Value(name: name, shape: Shape(permutation.map { shape[$0] })))
      return ValueID(values.count - 1)
    }
    for node in nodes {
      guard case .linear = node.operation, let x = node.inputs[0], let axis = samples[x],
        axis > 0, axis < self[x].shape.rank - 1
      else {
        rewritten.append(node)
        continue
      }
      let (read, yielded) = (self[x].shape, self[node.outputs[0]].shape)
      let forward = [axis] + read.dimensions.indices.filter { $0 != axis }
      let back = Array(1...axis) + [0] + (axis + 1..<read.rank)
      let (front, behind) = ("\(node.name)/samples_forward", "\(node.name)/samples_back")
      let operand = transposed(read, forward, name: front)
      let result = transposed(yielded, forward, name: behind)
      rewritten += [
        Node(
          name: front, opType: "Transpose", operation: .transpose(permutation: forward), inputs: [x], outputs: [operand]
        ),
        Node(
          name: node.name, opType: node.opType, operation: node.operation, inputs: [operand] + node.inputs.dropFirst(),
          outputs: [result]),
        Node(
          name: behind, opType: "Transpose", operation: .transpose(permutation: back), inputs: [result],
          outputs: node.outputs),
      ]
    }
    guard rewritten.count > nodes.count else { return self }
    guard
      let network = try? Network(
        name: name, batchSize: batchSize, values: values, nodes: rewritten, inputs: inputs, outputs: outputs)
    else { preconditionFailure("moving samples forward broke \(name)") }
    return network
  }
}
