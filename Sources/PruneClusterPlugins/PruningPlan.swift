/// What a solver chooses.
public struct PruningPlan: Hashable, Sendable {
  /// By group the units that it keeps: `kept` of one of its choices.
  public var kept: [Int]
  /// By option the alternative; empty where there are no options.
  public var alternatives: [Int]

  /// A plan.
  public init(kept: [Int], alternatives: [Int] = []) { (self.kept, self.alternatives) = (kept, alternatives) }
}
