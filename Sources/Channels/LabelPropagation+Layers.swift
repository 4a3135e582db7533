import Networks

/// Layers: their outputs get fresh labels, and they note which index of their weight belongs to which label.
extension LabelPropagation {
  mutating func convolve(
    _ operand: LabelArray, _ convolution: Convolution, _ index: Int, _ extents: [Int]
  ) -> LabelArray {
    let node = network.nodes[index]
    guard let weight = node.inputs[1] else { return LabelArray(extents: extents) }
    let (inputs, outputs) = (operand.extents[1], extents[1])
    let incoming = channels(of: operand, along: 1, node)
    layerInputs[index] = incoming
    if convolution.isDepthwise(inputs: inputs) {
      let outgoing = (0..<outputs).map { incoming[$0 / (outputs / inputs)] }
      note(.pass, index, weight, axis: 0, outgoing)
      layerOutputs[index] = outgoing
      return LabelArray(extents: extents, axis: 1, labels: outgoing)
    }
    note(.consume, index, weight, axis: 1, incoming)
    let fresh = classes.makeLabels(outputs)
    note(.produce, index, weight, axis: 0, fresh)
    layerOutputs[index] = fresh
    return LabelArray(extents: extents, axis: 1, labels: fresh)
  }

  /// A transposed convolution: like a convolution, with the weight's axes exchanged.
  mutating func convolveTransposed(
    _ operand: LabelArray, _ convolution: Convolution, _ index: Int, _ extents: [Int]
  ) -> LabelArray {
    let node = network.nodes[index]
    guard let weight = node.inputs[1] else { return LabelArray(extents: extents) }
    let (inputs, outputs) = (operand.extents[1], extents[1])
    let incoming = channels(of: operand, along: 1, node)
    layerInputs[index] = incoming
    if convolution.isDepthwise(inputs: inputs) {
      let outgoing = (0..<outputs).map { incoming[$0 / (outputs / inputs)] }
      note(.pass, index, weight, axis: 0, incoming)
      layerOutputs[index] = outgoing
      return LabelArray(extents: extents, axis: 1, labels: outgoing)
    }
    note(.consume, index, weight, axis: 0, incoming)
    let fresh = classes.makeLabels(outputs)
    note(.produce, index, weight, axis: 1, fresh)
    layerOutputs[index] = fresh
    return LabelArray(extents: extents, axis: 1, labels: fresh)
  }

  /// The label of every input channel of a layer: all that lies at one index of an axis meets one slice of the weight.
  private mutating func channels(of operand: LabelArray, along axis: Int, _ node: Node) -> [Int32] {
    let others = axes(operand.extents.count, besides: axis)
    return tied(operand, along: others, node, "reads along one axis, and its input's channels lie along another")?
      .labels(alongOnly: axis) ?? [Int32](repeating: LabelArray.none, count: operand.extents[axis])
  }

  mutating func multiply(_ operand: LabelArray, _ linear: Linear, _ index: Int, _ extents: [Int]) -> LabelArray {
    let node = network.nodes[index]
    guard let weight = node.inputs[1] else { return LabelArray(extents: extents) }
    let axis = extents.count - 1
    let fresh = classes.makeLabels(extents[axis])
    layerOutputs[index] = fresh
    let incoming = channels(of: operand, along: axis, node)
    layerInputs[index] = incoming
    note(.consume, index, weight, axis: linear.weightIsOutputByInput ? 1 : 0, incoming)
    note(.produce, index, weight, axis: linear.weightIsOutputByInput ? 0 : 1, fresh)
    return LabelArray(extents: extents, axis: axis, labels: fresh)
  }
}
