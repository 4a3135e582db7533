import Networks

/// Products of two computed matrices, as in attention.
extension LabelPropagation {
  /// Rows carry the left operand's channels and columns the right one's; axes in front carry those of both.
  ///
  /// The axis that is summed over mixes: channels along it stay. Where channels lie along an axis in front as well, as the
  /// heads of an attention do, all that one head multiplies goes together: whole heads.
  mutating func multiplyMatrices(_ node: Node, _ extents: [Int]) -> LabelArray {
    guard let left = node.inputs[0], let right = node.inputs[1] else { return LabelArray(extents: extents) }
    let (rows, columns) = (extents.count - 2, extents.count - 1)
    let ones = factor(left, node, extents, inner: columns, own: rows)
    let others = factor(right, node, extents, inner: rows, own: columns)
    if ones.stored[rows] > 1, others.stored[columns] > 1 {
      let reason = FreezeReason(
        place: node.name, opType: node.opType, cause: "multiplies the channels of one operand with those of another")
      classes.freeze(ones.labels + others.labels, reason)
      return whole(extents, reason)
    }
    return united(ones, others, extents, node)
  }

  /// One factor's labels as they lie in the product.
  private mutating func factor(
    _ value: ValueID, _ node: Node, _ extents: [Int], inner: Int, own: Int
  ) -> LabelArray {
    let operand = ranked(value, extents.count)
    // The axis of the sum is gone; in its place the product has one of the other operand's.
    var product = operand.extents
    product[inner] = 1
    var mixed = [inner]
    if operand.changingAxes.contains(where: { $0 < extents.count - 2 }) { mixed.append(own) }
    let cause = "sums over channels that both of its operands are made of"
    let unlock = "with several heads, whole heads could go"
    guard let tied = tied(operand, along: mixed, node, cause, unlock: unlock) else {
      return whole(product, FreezeReason(place: node.name, opType: node.opType, cause: cause, unlock: unlock))
    }
    return LabelArray(extents: product, stored: tied.stored, labels: tied.labels)
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
