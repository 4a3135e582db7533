import Networks

extension Network {
  /// The same function with linear layers that keep the axes of their rows apart: Reshape to [rows, I], layer, Reshape to
  /// […, O] becomes Reshape to […, I], layer.
  ///
  /// PyTorch writes the last layer of an attention like this, tokens before samples; in one axis for both, samples could
  /// not be told apart.
  func keepingRowsApart() -> Network {
    let readers = readers()
    let producers = producers()
    let asked = Set(outputs)
    func onlyReader(_ value: ValueID) -> Int? {
      readers[value.index].count == 1 && !asked.contains(value) ? readers[value.index][0] : nil
    }
    var rewritten: [Node?] = nodes
    var values = values
    for (index, layer) in nodes.enumerated() {
      guard case .linear = layer.operation, let x = layer.inputs[0], self[x].shape.rank == 2, onlyReader(x) != nil,
        let first = producers[x.index], nodes[first].operation == .reshape,
        let last = onlyReader(layer.outputs[0]), nodes[last].operation == .reshape
      else { continue }
      let target = self[nodes[last].outputs[0]].shape
      let rows = target.dimensions.dropLast()
      guard rows.count >= 2, target.dimensions.last == self[layer.outputs[0]].shape[1],
        rows.reduce(1, *) == self[x].shape[0]
      else { continue }
      values[x.index] = Value(name: self[x].name, shape: Shape(rows + [self[x].shape[1]]))
      rewritten[index] = Node(
        name: layer.name, opType: layer.opType, operation: layer.operation, inputs: layer.inputs,
        outputs: nodes[last].outputs)
      rewritten[last] = nil
    }
    let kept = rewritten.compactMap { $0 }
    return kept.count == nodes.count ? self : replacingNodes(kept, values: values)
  }
}
