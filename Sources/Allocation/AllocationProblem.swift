/// What an allocator solves: from every group the units to remove, at the least loss, with every requirement met.
public struct AllocationProblem: Equatable, Sendable {
  /// The groups of choices; requirements name them by index.
  public let groups: [ChoiceGroup]
  /// The choices among alternatives; cost terms name them by index.
  public let options: [OptionChoice]
  /// The requirements, the most important first; without any, `GreedyAllocator` removes
  /// nothing and `OptimalAllocator` what is better gone.
  public let requirements: [Requirement]

  /// A problem whose parts fit together.
  ///
  /// It may still be infeasible: `ranges` says what can be reached, `checkReachable()` throws.
  public init(
    groups: [ChoiceGroup], options: [OptionChoice] = [], requirements: [Requirement]
  ) throws(AllocationError) {
    var loss = 0.0
    for group in groups {
      loss += group.ladderLosses.reduce(0) { max($0, $1.magnitude) }
    }
    for option in options {
      loss += option.losses.reduce(0) { max($0, $1.magnitude) }
    }
    guard loss.isFinite else { throw .notFinite(place: "sum of the losses of all groups", value: loss) }
    for requirement in requirements {
      try requirement.check(against: groups, options: options)
    }
    self.groups = groups
    self.options = options
    self.requirements = requirements
  }

  /// For every requirement the cost of the original and the least that can be reached.
  public var ranges: [CostRange] {
    let whole = groups.map(\.unitCount)
    let least = leastKept
    let originals = options.map(\.original)
    return requirements.map { requirement in
      let weights = optionWeights(of: requirement, kept: least)
      let cheapest = weights.map { weights in weights.indices.min { weights[$0] < weights[$1] } ?? 0 }
      return CostRange(
        original: requirement.cost(whole, options: originals), lowest: requirement.cost(least, options: cheapest))
    }
  }

  /// Throws `infeasible`, for the first requirement that stays missed with everything admissible removed and the
  /// cheapest alternatives chosen.
  ///
  /// Costs never grow where counts fall, so without options all requirements can then be met together. Alternatives
  /// that are cheap for one requirement and dear for another may stand in the way: `conflictingRequirements`.
  public func checkReachable() throws(AllocationError) {
    for (requirement, range) in zip(requirements, ranges) where range.lowest > requirement.limit {
      throw .infeasible(
        requirement: requirement.name, original: range.original, limit: requirement.limit, lowest: range.lowest)
    }
    _ = try feasibleOptions()
  }

  /// The least admissible count of every group.
  var leastKept: [Int] { groups.map { $0.ladder.last ?? $0.unitCount } }

  /// For every option and alternative what the option's terms cost in a requirement.
  func optionWeights(of requirement: Requirement, kept: [Int]) -> [[Double]] {
    var weights = options.map { [Double](repeating: 0, count: $0.losses.count) }
    for term in requirement.terms {
      guard let factor = term.option else { continue }
      let product = term.coefficient * term.left.value(kept) * term.right.value(kept)
      for (alternative, value) in factor.factors.enumerated() {
        weights[factor.choice][alternative] += product * value
      }
    }
    return weights
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
