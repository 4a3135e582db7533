import Networks

/// Normalisations with parameters per channel.
extension LabelPropagation {
  /// Fixed statistics, scale and shift per index of axis 1: channels that lie along other axes alone pass.
  mutating func normalise(_ operand: LabelArray, _ index: Int) -> LabelArray {
    let node = network.nodes[index]
    guard operand.changingAxes.isEmpty || operand.changingAxes.contains(1) else { return operand }
    // Axis 1 is left to change along, so tying them makes no single channel of all.
    let others = axes(operand.extents.count, besides: 1)
    guard let tied = tied(operand, along: others, node, "normalises channels that lie along another axis") else {
      return operand
    }
    if let labels = tied.labels(alongOnly: 1), let scale = node.inputs[1] {
      note(.norm, index, scale, axis: 0, labels)
    }
    return tied
  }

  /// Statistics per group of channels: those that are normalised together go together, so that the others' stay the same.
  mutating func normalise(_ operand: LabelArray, inGroups groups: Int, _ index: Int) -> LabelArray {
    let node = network.nodes[index]
    let channels = operand.extents[1]
    if groups == 1, channels > 1, !operand.changingAxes.isEmpty {
      freeze(
        operand, node, "normalises over all channels, so that what stays would change with what goes",
        unlock: "a normalisation in several groups of channels would free whole groups")
      return operand
    }
    let others = axes(operand.extents.count, besides: 1)
    guard var tied = tied(operand, along: others, node, "normalises over an axis that carries channels") else {
      return operand
    }
    if groups < channels, let labels = tied.labels(alongOnly: 1), groups > 0 {
      let runs = LabelArray(extents: [groups, channels / groups], stored: [groups, channels / groups], labels: labels)
      _ = self.tied(runs, along: [1], node, "normalises over channels that recur in every group")
      tied = canonical(tied)
    }
    return normalise(tied, index)
  }

  /// Statistics over the axes from one on. Parameters lie along those axes, so channels in front of them pass.
  mutating func normalise(_ operand: LabelArray, from axis: Int, _ node: Node) -> LabelArray {
    tied(
      operand, along: axis..<operand.extents.count, node,
      "normalises over all channels, so that what stays would change with what goes", unlock: Unlock.ownNormalization)
      ?? operand
  }
}
