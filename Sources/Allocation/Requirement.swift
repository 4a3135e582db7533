/// A cost that the plan must bring down to a limit.
///
/// The compression target is one; a total sparsity asked of some layers is another, with linear terms.
public struct Requirement: Equatable, Sendable {
  /// Name for messages and results.
  public let name: String
  /// The products whose sum is the cost; the same unit as `limit`.
  public let terms: [CostTerm]
  /// The most that the plan may cost, finite and ≥ 0.
  public let limit: Double

  /// A requirement cost ≤ limit.
  public init(name: String, terms: [CostTerm], limit: Double) throws(AllocationError) {
    guard limit.isFinite else { throw .notFinite(place: "requirement '\(name)': limit", value: limit) }
    guard limit >= 0 else { throw .invalidRequirement(name: name, reason: "limit \(limit), expected 0 or more") }
    try Self.check(terms, of: name)
    self.name = name
    self.terms = terms
    self.limit = limit
  }

  /// The requirement that the original cost ÷ the plan's cost is at least `compressionRatio`, which is 1 or more.
  public init(
    name: String, terms: [CostTerm], compressionRatio: Double, groups: [ChoiceGroup]
  ) throws(AllocationError) {
    guard compressionRatio.isFinite, compressionRatio >= 1 else {
      throw .invalidRequirement(
        name: name, reason: "compression ratio \(compressionRatio), expected 1 or more (original ÷ pruned)")
    }
    let original = try Self.originalCost(of: terms, groups: groups, name: name)
    try self.init(name: name, terms: terms, limit: original / compressionRatio)
  }

  /// The requirement that at least the share `sparsity`, from 0 to below 1, of the original cost goes.
  public init(name: String, terms: [CostTerm], sparsity: Double, groups: [ChoiceGroup]) throws(AllocationError) {
    guard sparsity >= 0, sparsity < 1 else {
      throw .invalidRequirement(name: name, reason: "sparsity \(sparsity), expected 0 or more and less than 1")
    }
    let original = try Self.originalCost(of: terms, groups: groups, name: name)
    // Not original · (1 − sparsity): 1500 at 0.8 would allow a hair less than 300, and so 299.
    try self.init(name: name, terms: terms, limit: original - original * sparsity)
  }

  /// The cost at the given kept counts, one per group of the problem.
  public func cost(_ kept: [Int]) -> Double {
    var sum = 0.0
    for term in terms {
      sum += term.value(kept)
    }
    return sum
  }

  /// Checks that every group named exists, and that no width is negative at the least kept counts.
  ///
  /// Then every cost is finite if the original is, and never grows where a count falls: what the allocators rely on.
  func check(against groups: [ChoiceGroup]) throws(AllocationError) {
    _ = try Self.originalCost(of: terms, groups: groups, name: name)
    let least = groups.map { $0.ladder.last ?? $0.unitCount }
    for (number, term) in terms.enumerated() {
      for value in [term.left.value(least), term.right.value(least)] where value < 0 {
        throw .invalidRequirement(
          name: name, reason: "term \(number) has a width of \(value) with the fewest units kept")
      }
    }
  }

  private static func originalCost(
    of terms: [CostTerm], groups: [ChoiceGroup], name: String
  ) throws(AllocationError) -> Double {
    try check(terms, of: name)
    for (number, term) in terms.enumerated() {
      for part in term.left.terms + term.right.terms where !groups.indices.contains(part.group) {
        throw .invalidRequirement(
          name: name, reason: "term \(number) names group \(part.group) of \(groups.count) groups")
      }
    }
    let whole = groups.map(\.unitCount)
    let original = terms.reduce(0) { $0 + $1.value(whole) }
    guard original.isFinite else { throw .notFinite(place: "requirement '\(name)': original cost", value: original) }
    return original
  }

  private static func check(_ terms: [CostTerm], of name: String) throws(AllocationError) {
    for (number, term) in terms.enumerated() {
      let parts = term.left.terms + term.right.terms
      for value in [term.coefficient, term.left.constant, term.right.constant] + parts.map(\.perUnit)
      where !value.isFinite {
        throw .notFinite(place: "requirement '\(name)': a number of term \(number)", value: value)
      }
      for value in [term.coefficient] + parts.map(\.perUnit) where value < 0 {
        throw .invalidRequirement(name: name, reason: "term \(number) has the factor \(value), expected 0 or more")
      }
    }
  }
}
