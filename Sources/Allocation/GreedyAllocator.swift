/// Removes, step by step, what loses least per cost saved.
///
/// While a requirement is missed, the step with the lowest loss ÷ gain is taken, over all groups. A step goes from a
/// kept count to the next admissible one; its gain is what it takes off the cost of the first requirement still missed,
/// at the widths that the other groups have by then. Steps of different sizes compare by this quotient, a mean. With
/// losses ≥ 0, looking further ahead than one step cannot find a lower one: over longer prefixes of a group the mean
/// loss of the units never falls, and their mean gain never rises. Steps without gain are taken only where nothing else
/// is left. Ties go to the group, then the unit, of lower index.
///
/// The last step usually overshoots, so the plan is repaired at the end:
/// - a step that can be given back with every requirement still met is, those of largest loss first (steps of negative
///   loss stay: the plan without them would be predicted to be worse);
/// - a group's last step is swapped for a cheaper one of another group where every requirement stays met.
///
/// The result meets every requirement exactly; giving back a step, or swapping one, either breaks a requirement or does
/// not lower the predicted loss. It is not the optimum in general, and now and then less compression costs more loss.
/// After the greedy search of AMCT (bit complexity gains, ascending sensitivity), with the defects of that put right.
public struct GreedyAllocator: Allocator {
  /// The name in plans and configs.
  public static let method = "greedy"

  /// An allocator without settings.
  public init() {}

  /// A feasible plan that no single change of a step improves.
  public func allocate(_ problem: AllocationProblem) throws(AllocationError) -> AllocationPlan {
    try problem.checkReachable()
    var widths = WorkingWidths(problem)
    for requirement in problem.requirements.indices {
      Self.meet(requirement, with: &widths)
    }
    Self.repair(&widths)
    return try AllocationPlan(for: problem, kept: widths.kept, method: Self.method)
  }

  /// Shrinks groups until the requirement is met.
  private static func meet(_ requirement: Int, with widths: inout WorkingWidths) {
    var scores = (0..<widths.groupCount).map { score(of: $0, for: requirement, in: widths) }
    while widths.costs[requirement] > widths.limits[requirement] {
      guard let group = lowest(scores) ?? cheapestStep(in: widths) else { return }
      widths.shrink(group)
      for dependent in widths.dependents[group] {
        scores[dependent] = score(of: dependent, for: requirement, in: widths)
      }
    }
  }

  /// Loss ÷ gain of a group's next step; `nil` if there is no step, or nothing to gain.
  private static func score(of group: Int, for requirement: Int, in widths: WorkingWidths) -> Double? {
    guard widths.canShrink(group) else { return nil }
    let gain = widths.gain(of: group, for: requirement)
    return gain > 0 ? widths.lossOfShrinking(group) / gain : nil
  }

  private static func lowest(_ scores: [Double?]) -> Int? {
    var best: (group: Int, score: Double)?
    for (group, score) in scores.enumerated() {
      guard let score else { continue }
      if let found = best, found.score <= score { continue }
      best = (group, score)
    }
    return best?.group
  }

  /// The step of least loss, whatever it gains: rounding can leave a cost just above a limit that all gains have met.
  private static func cheapestStep(in widths: WorkingWidths) -> Int? {
    (0..<widths.groupCount).filter { widths.canShrink($0) }
      .min { widths.lossOfShrinking($0) < widths.lossOfShrinking($1) }
  }
}
