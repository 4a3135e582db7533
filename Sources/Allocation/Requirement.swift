/// A cost that the plan must bring down to a limit.
///
/// The compression target is one; a total sparsity asked of some layers is another, with linear terms.
public struct Requirement: Equatable, Sendable {
  /// Name for messages and results.
  public let name: String
  /// The products and table entries whose sum is the cost; the same unit as `limit`.
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
    name: String, terms: [CostTerm], compressionRatio: Double, groups: [ChoiceGroup],
    options: [OptionChoice] = []
  ) throws(AllocationError) {
    guard compressionRatio.isFinite, compressionRatio >= 1 else {
      throw .invalidRequirement(
        name: name, reason: "compression ratio \(compressionRatio), expected 1 or more (original ÷ pruned)")
    }
    let original = try Self.originalCost(of: terms, groups: groups, options: options, name: name)
    try self.init(name: name, terms: terms, limit: original / compressionRatio)
  }

  /// The requirement that at least the share `sparsity`, from 0 to below 1, of the original cost goes.
  public init(
    name: String, terms: [CostTerm], sparsity: Double, groups: [ChoiceGroup], options: [OptionChoice] = []
  ) throws(AllocationError) {
    guard sparsity >= 0, sparsity < 1 else {
      throw .invalidRequirement(name: name, reason: "sparsity \(sparsity), expected 0 or more and less than 1")
    }
    let original = try Self.originalCost(of: terms, groups: groups, options: options, name: name)
    // Not original · (1 − sparsity): 1500 at 0.8 would allow a hair less than 300, and so 299.
    try self.init(name: name, terms: terms, limit: original - original * sparsity)
  }

  /// The cost at the given kept counts, one per group of the problem, and chosen alternatives, one per option.
  /// - Precondition: every option that a term names has its alternative in `options`.
  public func cost(_ kept: [Int], options: [Int] = []) -> Double {
    var sum = 0.0
    for term in terms {
      sum += term.value(kept, options: options)
    }
    return sum
  }

  /// Checks that every group and option named exists, and that no width is negative at the least kept counts.
  ///
  /// Then every cost is finite if the original is, and never grows where a count falls: what the allocators rely on.
  func check(against groups: [ChoiceGroup], options: [OptionChoice]) throws(AllocationError) {
    _ = try Self.originalCost(of: terms, groups: groups, options: options, name: name)
    let whole = groups.map(\.unitCount)
    let dearest = terms.reduce(0) { sum, term in
      sum + term.coefficient * (term.option?.factors.max() ?? 0) * term.left.value(whole) * term.right.value(whole)
    }
    guard dearest.isFinite else {
      throw .notFinite(place: "requirement '\(name)': cost at the largest factors", value: dearest)
    }
    let least = groups.map { $0.ladder.last ?? $0.unitCount }
    for (number, term) in terms.enumerated() {
      for value in [term.left.value(least), term.right.value(least)] where value < 0 {
        throw .invalidRequirement(
          name: name, reason: "term \(number) has a width of \(value) with the fewest units kept")
      }
    }
  }

  private static func originalCost(
    of terms: [CostTerm], groups: [ChoiceGroup], options: [OptionChoice], name: String
  ) throws(AllocationError) -> Double {
    try check(terms, of: name)
    for (number, term) in terms.enumerated() {
      for part in term.parts where !groups.indices.contains(part.group) {
        throw .invalidRequirement(
          name: name, reason: "term \(number) names group \(part.group) of \(groups.count) groups")
      }
      guard let factor = term.option else { continue }
      guard options.indices.contains(factor.choice) else {
        throw .invalidRequirement(
          name: name, reason: "term \(number) names option \(factor.choice) of \(options.count) options")
      }
      let expected = options[factor.choice].losses.count
      guard factor.factors.count == expected else {
        throw .invalidRequirement(
          name: name,
          reason: "term \(number) has \(factor.factors.count) factors for \(expected) alternatives of its option")
      }
    }
    let whole = groups.map(\.unitCount)
    let original = terms.reduce(0) { $0 + $1.value(whole, options: options.map(\.original)) }
    guard original.isFinite else { throw .notFinite(place: "requirement '\(name)': original cost", value: original) }
    return original
  }

  private static func check(_ terms: [CostTerm], of name: String) throws(AllocationError) {
    for (number, term) in terms.enumerated() {
      let factors = term.parts.map(\.perUnit) + (term.option?.factors ?? [])
      for value in [term.coefficient, term.left.constant, term.right.constant] + factors
      where !value.isFinite {
        throw .notFinite(place: "requirement '\(name)': a number of term \(number)", value: value)
      }
      for value in [term.coefficient] + factors where value < 0 {
        throw .invalidRequirement(name: name, reason: "term \(number) has the factor \(value), expected 0 or more")
      }
    }
  }
}
