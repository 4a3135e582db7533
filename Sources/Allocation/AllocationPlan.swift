/// The solution of an allocation problem: what every group keeps, what that costs, and what it is predicted to lose.
public struct AllocationPlan: Equatable, Sendable {
  /// What one group keeps.
  public struct Choice: Equatable, Sendable {
    /// The group's name.
    public let name: String
    /// Units before.
    public let unitCount: Int
    /// Units after.
    public let kept: Int
    /// The units removed, ascending.
    public let removed: [Int]
    /// Predicted loss change of the group's removals.
    public let lossChange: Double
    /// Whether the count was set by hand.
    public let isFixed: Bool

    /// Units removed ÷ units.
    public var pruneRatio: Double { Double(removed.count) / Double(unitCount) }
  }

  /// How one requirement came out.
  public struct Outcome: Equatable, Sendable {
    /// The requirement's name.
    public let name: String
    /// The most that the plan was allowed to cost.
    public let limit: Double
    /// Cost of the original.
    public let costBefore: Double
    /// Cost under the plan, at most `limit`.
    public let costAfter: Double

    /// Compression ratio reached: cost before ÷ cost after, 1 if there was no cost.
    public var ratio: Double { costBefore == 0 ? 1 : costBefore / costAfter }
  }

  /// One choice per group, in the order of the problem.
  public let choices: [Choice]
  /// One outcome per requirement, in the order of the problem.
  public let outcomes: [Outcome]
  /// The alternative chosen for each option, in the order of the problem.
  public let options: [Int]
  /// Sum of the losses of all units removed, those set by hand included, and of the alternatives chosen.
  public let predictedLossChange: Double
  /// Name of the method that made the plan, as the config spells it.
  public let method: String
  /// Proven lower bound of `predictedLossChange` over all admissible plans of the problem, up to the rounding of sums;
  /// `nil` from a method that proves none.
  public let lowerBound: Double?
  /// One Lagrange multiplier per requirement: loss saved per unit by which its limit were raised; ≥ 0. Empty from a
  /// method that has none.
  public let prices: [Double]

  /// The plan that keeps `kept` units of each group, with the units of the lowest losses removed.
  ///
  /// Throws `invalidPlan` for counts that are not on the groups' ladders, alternatives that are none, or a requirement
  /// missed, so that a plan of any allocator keeps what was asked.
  /// - Parameters:
  ///   - options: one alternative per option; `nil` chooses the originals.
  ///   - lowerBound: what the method proves; a bound above the plan's loss by rounding becomes that loss.
  public init(
    for problem: AllocationProblem, kept: [Int], options: [Int]? = nil, method: String, lowerBound: Double? = nil,
    prices: [Double] = []
  ) throws(AllocationError) {
    let options = options ?? problem.options.map(\.original)
    guard kept.count == problem.groups.count else {
      throw .invalidPlan(reason: "\(kept.count) kept counts for \(problem.groups.count) groups")
    }
    var choices: [Choice] = []
    var loss = 0.0
    for (group, count) in zip(problem.groups, kept) {
      guard let rung = group.ladder.firstIndex(of: count) else {
        throw .invalidPlan(reason: "group '\(group.name)' keeps \(count), which is no admissible count")
      }
      loss += group.ladderLosses[rung]
      choices.append(
        Choice(
          name: group.name, unitCount: group.unitCount, kept: count, removed: group.removedUnits(keeping: count),
          lossChange: group.ladderLosses[rung], isFixed: group.fixedRemoved != nil))
    }
    guard options.count == problem.options.count else {
      throw .invalidPlan(reason: "\(options.count) alternatives for \(problem.options.count) options")
    }
    for (option, chosen) in zip(problem.options, options) {
      guard option.losses.indices.contains(chosen) else {
        throw .invalidPlan(reason: "option '\(option.name)' has no alternative \(chosen)")
      }
      loss += option.losses[chosen]
    }
    let whole = problem.groups.map(\.unitCount)
    let originals = problem.options.map(\.original)
    outcomes = problem.requirements.map {
      Outcome(
        name: $0.name, limit: $0.limit, costBefore: $0.cost(whole, options: originals),
        costAfter: $0.cost(kept, options: options))
    }
    for outcome in outcomes where outcome.costAfter > outcome.limit {
      throw .invalidPlan(
        reason: "requirement '\(outcome.name)' costs \(outcome.costAfter), expected at most \(outcome.limit)")
    }
    self.choices = choices
    self.options = options
    predictedLossChange = loss
    self.method = method
    self.lowerBound = lowerBound.map { min($0, loss) }
    self.prices = prices
  }

  /// By how much the plan may be worse than the best: (predicted − bound) ÷ |predicted|, 0 if both are equal.
  ///
  /// Infinite for a predicted loss of 0 above its bound; `nil` without a bound.
  public var gap: Double? {
    lowerBound.map { $0 == predictedLossChange ? 0 : (predictedLossChange - $0) / predictedLossChange.magnitude }
  }

  /// Units kept in each group, in the order of the problem.
  public var kept: [Int] { choices.map(\.kept) }

  /// The ratio reached for the first requirement, the main target; `nil` if there is none.
  public var compressionRatio: Double? { outcomes.first?.ratio }
}
