/// A width in the cost of a layer: a constant plus multiples of kept counts.
///
/// The output of a plain layer is `LinearForm(keptIn: 3)`; a concatenation adds terms; two equal branches that must
/// lose equally many units are one group with two blocks, each branch half a width per unit kept.
public struct LinearForm: Equatable, Sendable {
  /// One group's share in the form.
  public struct Part: Equatable, Sendable {
    /// Index into the problem's groups.
    public let group: Int
    /// Width per unit kept, finite and ≥ 0: spatial positions of a flatten, 1 for a plain channel.
    public let perUnit: Double

    /// One group's share: `perUnit` for each unit kept in the group with that index.
    public init(group: Int, perUnit: Double = 1) {
      self.group = group
      self.perUnit = perUnit
    }
  }

  /// Width that no decision changes; may be negative as long as the form never is (a FLOP count of 2·k·inputs − 1).
  public let constant: Double
  /// The groups in the form; a group may occur several times, its shares add up.
  public let terms: [Part]

  /// The form constant + Σ perUnit · kept[group]; `Requirement` and `AllocationProblem` check the numbers.
  public init(constant: Double = 0, terms: [Part] = []) {
    self.constant = constant
    self.terms = terms
  }

  /// The width of one whole group: as many as it keeps.
  public init(keptIn group: Int) {
    self.init(terms: [Part(group: group)])
  }

  /// The form's value at the given kept counts, one per group of the problem.
  public func value(_ kept: [Int]) -> Double {
    var sum = constant
    for part in terms {
      sum += part.perUnit * Double(kept[part.group])
    }
    return sum
  }
}
