/// What stays of one value when channels are removed; the order of what stays does not change.
public enum KeptPart: Hashable, Sendable {
  /// Everything.
  case whole
  /// Per axis the indices that stay, ascending; axes that lose nothing are absent. Never without an axis.
  case along([Int: [Int]])
  /// What stays is no product of index lists, as inside a channel shuffle whose blocks lose different channels.
  case scattered

  /// The indices that stay of an axis, or `nil` where all do; what is scattered has none that could be listed.
  public subscript(axis: Int) -> [Int]? {
    if case .along(let axes) = self { axes[axis] } else { nil }
  }

  /// The extents of what stays; `nil` for what is scattered.
  public func extents(of shape: Shape) -> [Int]? {
    switch self {
    case .whole: shape.dimensions
    case .along(let axes): shape.dimensions.indices.map { axes[$0]?.count ?? shape[$0] }
    case .scattered: nil
    }
  }
}
