import Networks

/// Operations element by element: labels that meet become one class.
extension LabelPropagation {
  /// Two or three broadcast operands, of which some may be constant.
  mutating func combine(_ node: Node, _ index: Int, _ extents: [Int]) -> LabelArray {
    let operands = node.inputs.compactMap { $0 }
    let computed = operands.filter { network[$0].constant == nil }
    var blank = LabelArray(extents: extents)
    guard let first = computed.first else { return blank }
    var result = ranked(first, extents.count)
    if computed.count == 1 { result = unstretched(result, beside: &blank, extents, node) }
    for other in computed.dropFirst() { result = united(result, ranked(other, extents.count), extents, node) }
    for constant in operands where network[constant].constant != nil {
      touch(constant, result, index, extents)
    }
    return result
  }

  /// Two computed operands: where they meet, their channels are one.
  mutating func united(_ left: LabelArray, _ right: LabelArray, _ extents: [Int], _ node: Node) -> LabelArray {
    var (left, right) = (left, right)
    let ones = unstretched(left, beside: &right, extents, node)
    let others = unstretched(right, beside: &left, extents, node)
    // An element of no channel is no matter where it is broadcast; one that is met by a channel has to go with it.
    let onesSpan = right.changingAxes.contains { left.extents[$0] > 1 }
    let othersSpan = left.changingAxes.contains { right.extents[$0] > 1 }
    let reason = FreezeReason(
      place: node.name, opType: node.opType, cause: "combines them with elements that are no channels")
    let stored = zip(ones.stored, others.stored).map { max($0, $1) }
    var labels = ones.expanded(to: stored)
    for (position, other) in others.expanded(to: stored).enumerated() {
      let own = labels[position]
      if own == LabelArray.none {
        labels[position] = other
        if onesSpan { classes.freeze([other], reason) }
      } else if other == LabelArray.none {
        if othersSpan { classes.freeze([own], reason) }
      } else {
        classes.union(own, other)
      }
    }
    return canonical(LabelArray(extents: extents, stored: stored, labels: labels))
  }

  /// An operand with axes of extent 1 in front up to a rank, as broadcasting adds them.
  mutating func ranked(_ value: ValueID, _ rank: Int) -> LabelArray {
    let operand = array(value)
    let missing = [Int](repeating: 1, count: rank - operand.extents.count)
    return LabelArray(extents: missing + operand.extents, stored: missing + operand.stored, labels: operand.labels)
  }

  /// An operand under the result's extents.
  ///
  /// Channels that are stretched along axes on which the other operand has channels tie those: what goes there goes all
  /// along. One element that is stretched over several channels belongs to none of them, and cannot go while they stay:
  /// its own channel is frozen and the result follows the other operand.
  mutating func unstretched(
    _ operand: LabelArray, beside other: inout LabelArray, _ extents: [Int], _ node: Node
  ) -> LabelArray {
    let plain = LabelArray(extents: extents, stored: operand.stored, labels: operand.labels)
    guard operand.labels.contains(where: { $0 != LabelArray.none }) else { return plain }
    let wide = extents.indices.filter { operand.extents[$0] == 1 && extents[$0] > 1 }
    let stretched = wide.filter { other.stored[$0] > 1 }
    if !stretched.isEmpty, operand.labels.count > 1, !Set(other.changingAxes).isSubset(of: stretched),
      let tied = tied(other, along: stretched, node, "")
    {
      other = tied
      return plain
    }
    guard let axis = stretched.first ?? wide.first(where: { $0 == 1 && operand.labels.count == 1 }) else {
      return plain
    }
    freeze(operand, node, "stretches one channel over \(extents[axis])")
    // Where the other operand has channels there, the result is those; else it is this one, which stays.
    return stretched.isEmpty ? plain : LabelArray(extents: extents)
  }

  /// Notes which elements of a constant go with which channels.
  ///
  /// Channels that lie along other axes as well may be tied along one by what follows, as those of a head are: they wait.
  private mutating func touch(_ constant: ValueID, _ operand: LabelArray, _ index: Int, _ extents: [Int]) {
    let touched = touchedAxes(constant, operand)
    guard let axis = touched.first else { return }
    if let labels = operand.labels(alongOnly: axis) {
      note(.operand, index, constant, axis: axis - extents.count + network[constant].shape.rank, labels)
    } else {
      touches.append(ConstantTouch(constant: constant, node: index, operand: operand))
    }
  }

  /// The axes along which both a constant and the channels that it meets change.
  private func touchedAxes(_ constant: ValueID, _ operand: LabelArray) -> [Int] {
    let shape = network[constant].shape
    let offset = operand.extents.count - shape.rank
    return operand.changingAxes.filter { $0 >= offset && shape[$0 - offset] > 1 }
  }

  /// Ties what still lies along several axes where a constant meets it, so that the constant can lose what it loses.
  mutating func settleTouches() {
    for touch in touches {
      let operand = canonical(touch.operand)
      let touched = touchedAxes(touch.constant, operand)
      guard let axis = touched.first else { continue }
      let node = network.nodes[touch.node]
      guard touched.count == 1,
        let labels = tied(operand, along: axes(operand.extents.count, besides: axis), node, "")?
          .labels(alongOnly: axis)
      else {
        freeze(
          operand, node, "combines channels that lie along several axes with a constant",
          unlock: "the same constant where they lie along one axis would free them")
        continue
      }
      let own = axis - operand.extents.count + network[touch.constant].shape.rank
      note(.operand, touch.node, touch.constant, axis: own, labels)
    }
  }
}

/// Channels along several axes that meet a constant.
struct ConstantTouch {
  let constant: ValueID
  let node: Int
  let operand: LabelArray
}
