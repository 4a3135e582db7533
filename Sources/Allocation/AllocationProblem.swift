/// What an allocator solves: from every group the units to remove, at the least loss, with every requirement met.
public struct AllocationProblem: Equatable, Sendable {
  /// The groups of choices; requirements name them by index.
  public let groups: [ChoiceGroup]
  /// The requirements, the most important first; none means that only what is fixed by hand goes.
  public let requirements: [Requirement]

  /// A problem whose parts fit together.
  ///
  /// It may still be infeasible: `ranges` says what can be reached, `checkReachable()` throws.
  public init(groups: [ChoiceGroup], requirements: [Requirement]) throws(AllocationError) {
    var loss = 0.0
    for group in groups {
      loss += group.ladderLosses.reduce(0) { max($0, $1.magnitude) }
    }
    guard loss.isFinite else { throw .notFinite(place: "sum of the losses of all groups", value: loss) }
    for requirement in requirements {
      try requirement.check(against: groups)
    }
    self.groups = groups
    self.requirements = requirements
  }

  /// For every requirement the cost of the original and the least that can be reached.
  public var ranges: [CostRange] {
    let whole = groups.map(\.unitCount)
    let least = groups.map { $0.ladder.last ?? $0.unitCount }
    return requirements.map { CostRange(original: $0.cost(whole), lowest: $0.cost(least)) }
  }

  /// Throws `infeasible`, for the first requirement that stays missed with everything admissible removed.
  ///
  /// Costs never grow where counts fall, so if this passes then all requirements can be met together.
  public func checkReachable() throws(AllocationError) {
    for (requirement, range) in zip(requirements, ranges) where range.lowest > requirement.limit {
      throw .infeasible(
        requirement: requirement.name, original: range.original, limit: requirement.limit, lowest: range.lowest)
    }
  }
}

/// The span from the cost of the original to the cost with everything admissible removed.
public struct CostRange: Equatable, Sendable {
  /// Cost with all units, those set by hand included.
  public let original: Double
  /// Cost at the least admissible count of every group.
  public let lowest: Double

  /// A range of costs, 0 ≤ lowest ≤ original.
  public init(original: Double, lowest: Double) {
    self.original = original
    self.lowest = lowest
  }

  /// The largest compression ratio (original ÷ pruned) that can be asked for; infinite if nothing need stay.
  public var largestRatio: Double {
    guard original > 0 else { return 1 }
    // The quotient may be rounded up, and would then ask for less than the lowest cost.
    var ratio = original / lowest
    while ratio.isFinite, original / ratio < lowest {
      ratio = ratio.nextDown
    }
    return ratio
  }
}
