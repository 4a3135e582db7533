import Networks

/// What mixes elements along an axis takes all channels that lie there, or none.
extension LabelPropagation {
  /// An operand whose channels are tied along some axes: what goes is gone all along them, and nothing changes along them.
  ///
  /// So an operation that mixes elements along these axes alone does to what stays what it did before. `nil`, and the
  /// channels stay, where they change along no other axis: all of them would be one.
  mutating func tied(
    _ operand: LabelArray, along axes: some Collection<Int>, _ node: Node, _ cause: String, unlock: String? = nil
  ) -> LabelArray? {
    let mixed = operand.changingAxes.filter { axes.contains($0) }
    guard !mixed.isEmpty else { return operand }
    guard mixed.count < operand.changingAxes.count else {
      freeze(operand, node, cause, unlock: unlock)
      return nil
    }
    var stored = operand.stored
    for axis in mixed { stored[axis] = 1 }
    let count = stored.reduce(1, *)
    let slabs = LabelArray(extents: operand.extents, uncheckedStored: stored, labels: Array(0..<Int32(count)))
      .expanded(to: operand.stored)
    var labels = [Int32](repeating: LabelArray.none, count: count)
    var stays = [Bool](repeating: false, count: count)
    for (label, slab) in zip(operand.labels, slabs) {
      let slab = Int(slab)
      if label == LabelArray.none {
        stays[slab] = true
      } else if labels[slab] == LabelArray.none {
        labels[slab] = label
      } else {
        classes.union(labels[slab], label)
      }
    }
    let reason = FreezeReason(
      place: node.name, opType: node.opType, cause: "takes them together with elements that are no channels")
    classes.freeze(labels.indices.lazy.filter { stays[$0] }.map { labels[$0] }, reason)
    return canonical(LabelArray(extents: operand.extents, stored: stored, labels: labels))
  }

  /// The same array with one label per class, so that it changes only along axes that separate classes.
  mutating func canonical(_ array: LabelArray) -> LabelArray {
    var labels = array.labels
    for position in labels.indices where labels[position] != LabelArray.none {
      let root = classes.find(labels[position])
      // Written only where it changes, so that values of one label share their array.
      if root != labels[position] { labels[position] = root }
    }
    return LabelArray(extents: array.extents, stored: array.stored, labels: labels)
  }

  /// What a node yields that mixes elements along some axes and keeps the rank.
  mutating func mixed(
    _ operand: LabelArray, along axes: some Collection<Int>, _ node: Node, _ cause: String, _ extents: [Int],
    unlock: String? = nil
  ) -> LabelArray {
    guard let tied = tied(operand, along: axes, node, cause, unlock: unlock) else {
      return whole(extents, FreezeReason(place: node.name, opType: node.opType, cause: cause, unlock: unlock))
    }
    return LabelArray(extents: extents, stored: tied.stored, labels: tied.labels)
  }

  /// The axes of a rank but one.
  func axes(_ rank: Int, besides axis: Int) -> [Int] { (0..<rank).filter { $0 != axis } }
}
