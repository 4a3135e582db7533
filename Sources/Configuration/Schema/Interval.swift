/// Numbers between two bounds, each of which may belong to them, not belong to them, or be missing.
struct Interval: Hashable, Sendable {
  /// One end.
  struct Bound: Hashable, Sendable {
    /// Where it is.
    let value: Double
    /// Whether the number there belongs to the interval.
    let isIncluded: Bool
  }

  let lower: Bound?
  let upper: Bound?

  /// - Precondition: at most one of `lower` and `above`, and of `upper` and `below`, is given.
  init(from lower: Double? = nil, above: Double? = nil, upTo upper: Double? = nil, below: Double? = nil) {
    precondition(lower == nil || above == nil, "two lower bounds")
    precondition(upper == nil || below == nil, "two upper bounds")
    self.lower = lower.map { Bound(value: $0, isIncluded: true) } ?? above.map { Bound(value: $0, isIncluded: false) }
    self.upper = upper.map { Bound(value: $0, isIncluded: true) } ?? below.map { Bound(value: $0, isIncluded: false) }
  }

  /// Whether a number lies in it.
  func contains(_ number: Double) -> Bool {
    if let lower, number < lower.value || number == lower.value && !lower.isIncluded { return false }
    if let upper, number > upper.value || number == upper.value && !upper.isIncluded { return false }
    return true
  }
}
