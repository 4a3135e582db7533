/// One choice among a few alternatives: for example the bit widths of a layer, as pairs of activation and weight bits.
public struct OptionChoice: Equatable, Sendable {
  /// Name for messages and results.
  public let name: String
  /// Estimated change of the loss under each alternative; at least one, finite, of any sign.
  public let losses: [Double]
  /// The alternative at which the original cost is counted.
  public let original: Int

  /// A choice among `losses.count` alternatives.
  ///
  /// Throws `invalidOption` without alternatives or for an `original` that is none of them, `notFinite` for a loss.
  public init(name: String, losses: [Double], original: Int) throws(AllocationError) {
    guard !losses.isEmpty else {
      throw .invalidOption(name: name, reason: "no alternatives, expected at least one")
    }
    for (number, loss) in losses.enumerated() where !loss.isFinite {
      throw .notFinite(place: "option '\(name)': loss of alternative \(number)", value: loss)
    }
    guard losses.indices.contains(original) else {
      throw .invalidOption(name: name, reason: "original is \(original), expected 0 to \(losses.count - 1)")
    }
    self.name = name
    self.losses = losses
    self.original = original
  }
}

/// What an option does to a cost term: the term is multiplied by the factor of the alternative chosen.
public struct OptionFactor: Equatable, Sendable {
  /// Index into the problem's options.
  public let choice: Int
  /// One factor per alternative, finite and ≥ 0: products of bit widths, or shares of the original's cost.
  public let factors: [Double]

  /// The factors of one option; `Requirement` and `AllocationProblem` check the numbers.
  public init(choice: Int, factors: [Double]) {
    self.choice = choice
    self.factors = factors
  }
}
