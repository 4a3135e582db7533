import Networks

/// Products of two computed matrices, as in attention.
extension LabelPropagation {
  /// Rows carry the left operand's channels and columns the right one's; axes in front carry those of both.
  ///
  /// The axis that is summed over mixes: channels along it stay. So do channels that lie along an axis in front and along
  /// rows or columns at once, as the heads of an attention do: a head with fewer channels than the others is no matrix.
  mutating func multiplyMatrices(_ node: Node, _ extents: [Int]) -> LabelArray {
    guard let left = node.inputs[0], let right = node.inputs[1] else { return LabelArray(extents: extents) }
    let rank = extents.count
    let (rows, columns) = (rank - 2, rank - 1)
    let ones = factor(left, node, extents, inner: columns, own: rows)
    let others = factor(right, node, extents, inner: rows, own: columns)
    let oneChanges = !ones.changingAxes.isEmpty
    let otherChanges = !others.changingAxes.isEmpty
    // What does not change anywhere is no channel that could go alone, and the other one's channels stay its own.
    if oneChanges, !otherChanges {
      freeze(others, node, "multiplies one channel with many")
      return ones
    }
    if otherChanges, !oneChanges {
      freeze(ones, node, "multiplies one channel with many")
      return others
    }
    let batchOnly = ones.changingAxes.allSatisfy { $0 < rows } && others.changingAxes.allSatisfy { $0 < rows }
    guard oneChanges, batchOnly else {
      let reason = FreezeReason(
        place: node.name, opType: node.opType, cause: "multiplies the channels of one operand with those of another")
      classes.freeze(ones.labels + others.labels, reason)
      return whole(extents, reason)
    }
    let stored = zip(ones.stored, others.stored).map { max($0, $1) }
    var labels = ones.expanded(to: stored)
    for (position, other) in others.expanded(to: stored).enumerated() {
      classes.union(labels[position], other)
      if labels[position] == LabelArray.none { labels[position] = other }
    }
    return LabelArray(extents: extents, stored: stored, labels: labels)
  }

  /// One factor's labels under the product's extents, nothing changing along the axis that is summed over.
  private mutating func factor(_ value: ValueID, _ node: Node, _ extents: [Int], inner: Int, own: Int) -> LabelArray {
    let operand = ranked(value, extents.count)
    let batch = operand.changingAxes.filter { $0 < extents.count - 2 }
    let cause: String?
    if operand.changingAxes.contains(inner) {
      cause = "sums over channels that both of its operands are made of"
    } else if !batch.isEmpty, operand.changingAxes.contains(own) {
      cause = "multiplies the matrices of several heads, which have to stay alike"
    } else if !batch.isEmpty, isTouched(node, besides: value, batch, rank: extents.count) {
      cause = "multiplies channels with constant matrices"
    } else {
      cause = nil
    }
    if let cause { return mixed(operand, node, cause, extents) }
    // Nothing changes along the axis of the sum: in its place is one of the other operand's.
    return LabelArray(extents: extents, stored: operand.stored, labels: operand.labels)
  }

  /// Whether the other operand is a constant that has several matrices along some axes.
  private func isTouched(_ node: Node, besides value: ValueID, _ axes: [Int], rank: Int) -> Bool {
    node.inputs.compactMap { $0 }.contains { other in
      guard other != value, network[other].constant != nil else { return false }
      let shape = network[other].shape.dimensions
      return axes.contains { $0 >= rank - shape.count && shape[$0 - (rank - shape.count)] > 1 }
    }
  }
}

extension Reduction {
  /// What it is called in a reason.
  var name: String {
    switch self {
    case .mean: "mean"
    case .sum: "sum"
    case .max: "maximum"
    case .min: "minimum"
    case .l1: "sum of magnitudes"
    case .l2: "norm"
    case .sumOfSquares: "sum of squares"
    case .logSumExp: "logarithm of the sum of exponentials"
    }
  }
}
