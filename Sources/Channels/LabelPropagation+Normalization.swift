import Networks

/// Normalisations with parameters per channel.
extension LabelPropagation {
  mutating func normalise(_ operand: LabelArray, _ index: Int) -> LabelArray {
    let node = network.nodes[index]
    if let labels = operand.labels(alongOnly: 1), let scale = node.inputs[1] {
      note(.norm, index, scale, axis: 0, labels)
    } else {
      freeze(operand, node, "normalises an axis that does not carry the channels")
    }
    return operand
  }

  /// Statistics per group of channels. A group of one channel is by itself; larger ones have to keep equal sizes.
  mutating func normalise(_ operand: LabelArray, inGroups groups: Int, _ index: Int) -> LabelArray {
    let channels = operand.extents[1]
    if groups == 1, channels > 1 {
      let node = network.nodes[index]
      guard operand.changingAxes.isEmpty else {
        freeze(operand, node, "normalises over all channels, so that what stays would change with what goes")
        return operand
      }
    }
    return normalise(operand, index)
  }

  /// Statistics over the axes from one on. Parameters lie along those axes, so channels in front of them pass.
  mutating func normalise(_ operand: LabelArray, from axis: Int, _ node: Node) -> LabelArray {
    if operand.changingAxes.contains(where: { $0 >= axis }) {
      freeze(operand, node, "normalises over all channels, so that what stays would change with what goes")
    }
    return operand
  }
}
