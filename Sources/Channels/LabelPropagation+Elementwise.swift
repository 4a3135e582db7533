import Networks

/// Operations element by element: labels that meet become one class.
extension LabelPropagation {
  /// Two or three broadcast operands, of which some may be constant.
  mutating func combine(_ node: Node, _ index: Int, _ extents: [Int]) -> LabelArray {
    let operands = node.inputs.compactMap { $0 }
    let computed = operands.filter { network[$0].constant == nil }
    let blank = LabelArray(extents: extents)
    guard let first = computed.first else { return blank }
    var result = ranked(first, extents.count)
    if computed.count == 1 { result = unstretched(result, beside: blank, extents, node) }
    for other in computed.dropFirst() { result = united(result, ranked(other, extents.count), extents, node) }
    for constant in operands where network[constant].constant != nil { touch(constant, result, index, extents) }
    return result
  }

  private mutating func united(_ left: LabelArray, _ right: LabelArray, _ extents: [Int], _ node: Node) -> LabelArray {
    let ones = unstretched(left, beside: right, extents, node)
    let others = unstretched(right, beside: left, extents, node)
    let stored = zip(ones.stored, others.stored).map { max($0, $1) }
    var labels = ones.expanded(to: stored)
    for (position, other) in others.expanded(to: stored).enumerated() {
      classes.union(labels[position], other)
      if labels[position] == LabelArray.none { labels[position] = other }
    }
    return LabelArray(extents: extents, stored: stored, labels: labels)
  }

  /// An operand with axes of extent 1 in front up to a rank, as broadcasting adds them.
  func ranked(_ value: ValueID, _ rank: Int) -> LabelArray {
    let operand = array(value)
    let missing = [Int](repeating: 1, count: rank - operand.extents.count)
    return LabelArray(extents: missing + operand.extents, stored: missing + operand.stored, labels: operand.labels)
  }

  /// An operand under the result's extents.
  ///
  /// One element that is stretched over several channels belongs to none of them, and cannot go while they stay: its own
  /// channel is frozen and the result follows the other operand.
  mutating func unstretched(
    _ operand: LabelArray, beside other: LabelArray, _ extents: [Int], _ node: Node
  ) -> LabelArray {
    let stretched = extents.indices.first { axis in
      guard operand.extents[axis] == 1, extents[axis] > 1 else { return false }
      return other.stored[axis] > 1 || axis == 1 && operand.labels.count == 1
    }
    if let stretched, operand.labels.contains(where: { $0 != LabelArray.none }) {
      freeze(operand, node, "stretches one channel over \(extents[stretched])")
      // Where the other operand has channels there, the result is those; else it is this one, which stays.
      if other.stored[stretched] > 1 { return LabelArray(extents: extents) }
    }
    return LabelArray(extents: extents, stored: operand.stored, labels: operand.labels)
  }

  /// Notes which elements of a constant operand go with which channels.
  private mutating func touch(_ constant: ValueID, _ operand: LabelArray, _ index: Int, _ extents: [Int]) {
    let shape = network[constant].shape.dimensions
    let offset = extents.count - shape.count
    let touched = operand.changingAxes.filter { $0 >= offset && shape[$0 - offset] > 1 }
    for axis in touched {
      if let labels = operand.labels(alongOnly: axis) {
        note(.operand, index, constant, axis: axis - offset, labels)
      } else {
        freeze(operand, network.nodes[index], "combines channels that lie along several axes with a constant")
      }
    }
  }
}
