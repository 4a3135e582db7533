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
  /// Sum of the losses of all units removed, those set by hand included.
  public let predictedLossChange: Double
  /// Name of the method that made the plan, as the config spells it.
  public let method: String

  /// The plan that keeps `kept` units of each group, with the units of the lowest losses removed.
  ///
  /// Throws `invalidPlan` for counts that are not on the groups' ladders or leave a requirement missed, so that a plan
  /// of any allocator keeps what was asked.
  public init(for problem: AllocationProblem, kept: [Int], method: String) throws(AllocationError) {
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
    let whole = problem.groups.map(\.unitCount)
    outcomes = problem.requirements.map {
      Outcome(name: $0.name, limit: $0.limit, costBefore: $0.cost(whole), costAfter: $0.cost(kept))
    }
    for outcome in outcomes where outcome.costAfter > outcome.limit {
      throw .invalidPlan(
        reason: "requirement '\(outcome.name)' costs \(outcome.costAfter), expected at most \(outcome.limit)")
    }
    self.choices = choices
    predictedLossChange = loss
    self.method = method
  }

  /// Units kept in each group, in the order of the problem.
  public var kept: [Int] { choices.map(\.kept) }

  /// The ratio reached for the first requirement, the main target; `nil` if there is none.
  public var compressionRatio: Double? { outcomes.first?.ratio }
}
