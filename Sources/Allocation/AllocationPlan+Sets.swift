extension AllocationPlan {
  /// The plan that removes given units of each group, whatever their order on the group's ladder.
  ///
  /// Throws `invalidPlan` for units that are none or named twice, counts that are not on the groups' ladders, units
  /// removed before that would come back, blocks of a partition that lose unequally many units, alternatives that are
  /// none, or a requirement missed.
  /// - Parameters:
  ///   - removed: by group the units, numbered within the group, in any order.
  ///   - lossChanges: by group its share of the predicted loss change.
  ///   - options: one alternative per option; `nil` chooses the originals.
  ///   - lowerBound: what the method proves; a bound above the plan's loss by rounding becomes that loss.
  public init(
    for problem: AllocationProblem, removed: [[Int]], lossChanges: [Double], options: [Int]? = nil, method: String,
    lowerBound: Double? = nil, prices: [Double] = []
  ) throws(AllocationError) {
    guard removed.count == problem.groups.count, lossChanges.count == problem.groups.count else {
      throw .invalidPlan(
        reason: "\(removed.count) sets and \(lossChanges.count) losses for \(problem.groups.count) groups")
    }
    for (group, units) in zip(problem.groups, removed) { try Self.check(units, of: group) }
    // The counts, options and requirements are checked as those of any plan; only the units and losses are others.
    let counted = try AllocationPlan(
      for: problem, kept: zip(problem.groups, removed).map { $0.unitCount - $1.count }, options: options,
      method: method, prices: prices)
    var loss = lossChanges.reduce(0, +)
    for (option, chosen) in zip(problem.options, counted.options) { loss += option.losses[chosen] }
    choices = zip(counted.choices, zip(removed, lossChanges)).map { choice, made in
      Choice(
        name: choice.name, unitCount: choice.unitCount, kept: choice.kept, removed: made.0.sorted(),
        lossChange: made.1, isFixed: choice.isFixed)
    }
    outcomes = counted.outcomes
    self.options = counted.options
    predictedLossChange = loss
    self.method = method
    self.lowerBound = lowerBound.map { min($0, loss) }
    self.prices = prices
  }

  private static func check(_ units: [Int], of group: ChoiceGroup) throws(AllocationError) {
    var isRemoved = [Bool](repeating: false, count: group.unitCount)
    for unit in units {
      guard isRemoved.indices.contains(unit), !isRemoved[unit] else {
        throw .invalidPlan(
          reason: "group '\(group.name)' removes unit \(unit), expected units 0 to \(group.unitCount - 1), each once")
      }
      isRemoved[unit] = true
    }
    if let unit = group.alreadyRemoved.first(where: { !isRemoved[$0] }) {
      throw .invalidPlan(reason: "group '\(group.name)' keeps unit \(unit), which was removed before")
    }
    for (number, blocks) in group.partitions.enumerated() {
      let counts = blocks.map { block in block.reduce(0) { $0 + (isRemoved[$1] ? 1 : 0) } }
      guard counts.allSatisfy({ $0 == counts[0] }) else {
        throw .invalidPlan(
          reason: "group '\(group.name)' removes \(counts) units from the blocks of partition \(number), expected equal"
        )
      }
    }
  }
}
