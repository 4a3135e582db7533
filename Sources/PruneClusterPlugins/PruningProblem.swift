/// What a solver has to solve: the least sum of losses with every cost within its limit.
public struct PruningProblem: Sendable {
  /// The groups of units, each with what it may keep.
  public let groups: [Group]
  /// Choices among widths of numbers, where the configuration has `bits.search`.
  public let options: [Option]
  /// What has to be met, the main target first.
  public let requirements: [Requirement]

  /// The problem that a search tells of.
  package init(groups: [Group], options: [Option], requirements: [Requirement]) {
    (self.groups, self.options, self.requirements) = (groups, options, requirements)
  }

  /// The plan that keeps all units, and the widths of the network as it is.
  public var original: PruningPlan {
    PruningPlan(kept: groups.map(\.unitCount), alternatives: options.map(\.original))
  }

  /// Whether a plan costs no more than every limit: what the search asks of it.
  public func isMet(by plan: PruningPlan) -> Bool {
    requirements.allSatisfy { $0.cost(of: plan) <= $0.limit }
  }
}

extension PruningProblem {
  /// Units that share one decision.
  public struct Group: Hashable, Sendable {
    /// Its place in `groups`.
    public let index: Int
    /// The name of its first layer.
    public let name: String
    /// How many units it has.
    public let unitCount: Int
    /// What it may keep, from all units down; one at least.
    public let choices: [Choice]
    /// The units in the order in which they go.
    public let removalOrder: [Int]
    /// Whether its only choice was made by hand.
    public let isFixed: Bool

    /// A group that a search tells of.
    package init(
      index: Int, name: String, unitCount: Int, choices: [Choice], removalOrder: [Int], isFixed: Bool
    ) {
      (self.index, self.name, self.unitCount) = (index, name, unitCount)
      (self.choices, self.removalOrder, self.isFixed) = (choices, removalOrder, isFixed)
    }
  }

  /// What a group may keep.
  public struct Choice: Hashable, Sendable {
    /// The number of units.
    public let kept: Int
    /// The predicted change of the loss, or the sum of the scores, when the others go.
    public let loss: Double

    /// A choice that a search tells of.
    package init(kept: Int, loss: Double) { (self.kept, self.loss) = (kept, loss) }
  }

  /// A choice among widths of numbers.
  public struct Option: Hashable, Sendable {
    /// Its place in `options`.
    public let index: Int
    /// What it is of.
    public let name: String
    /// The loss by alternative; one at least.
    public let losses: [Double]
    /// The alternative of the network as it is.
    public let original: Int

    /// An option that a search tells of.
    package init(index: Int, name: String, losses: [Double], original: Int) {
      (self.index, self.name, self.losses, self.original) = (index, name, losses, original)
    }
  }
}
