/// Removes, step by step, what loses least per cost saved.
///
/// While a requirement is missed, the step with the lowest loss ÷ gain is taken, over all groups. A step goes from a
/// kept count to the next admissible one; its gain is what it takes off the cost of the first requirement still missed,
/// at the widths that the other groups have by then. Steps of different sizes compare by this quotient, a mean. With
/// losses ≥ 0, looking further ahead than one step cannot find a lower one: over longer prefixes of a group the mean
/// loss of the units never falls, and their mean gain never rises. Steps without gain are taken only where nothing else
/// is left. Ties go to the group, then the unit, of lower index. On a staircase of measured costs a step goes on to the
/// next count that gains anything. An option's change to another alternative is a step as well, as long as it makes no
/// other requirement dearer.
///
/// The last step usually overshoots, so the plan is repaired at the end:
/// - a step that can be given back with every requirement still met is, those of largest loss first (steps of negative
///   loss stay: the plan without them would be predicted to be worse);
/// - a group's last step is swapped for a cheaper one of another group where every requirement stays met;
/// - an option takes an alternative of lower loss where every requirement stays met.
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
    let widths = try Self.solve(problem)
    return try AllocationPlan(for: problem, kept: widths.kept, options: widths.options, method: Self.method)
  }

  /// The widths and alternatives of the plan.
  static func solve(_ problem: AllocationProblem) throws(AllocationError) -> WorkingWidths {
    try problem.checkReachable()
    var widths = WorkingWidths(problem)
    meetAll(&widths)
    if !widths.meetsAll {
      // Alternatives taken early stand in the way of a later requirement: start from some that do not.
      widths = WorkingWidths(problem, options: try problem.feasibleOptions())
      meetAll(&widths, changingOptions: false)
    }
    repair(&widths)
    return widths
  }

  /// Shrinks groups and changes options until every requirement is met, or nothing is left to do.
  static func meetAll(_ widths: inout WorkingWidths, changingOptions: Bool = true) {
    for requirement in widths.limits.indices {
      meet(requirement, with: &widths, changingOptions: changingOptions)
    }
  }

  /// A change of one group or option: what it loses per cost gained, and where it leads.
  struct Move {
    let score: Double
    /// A rung, or an alternative.
    let target: Int
  }

  private static func meet(_ requirement: Int, with widths: inout WorkingWidths, changingOptions: Bool) {
    guard widths.costs[requirement] > widths.limits[requirement] else { return }
    let movers = changingOptions ? widths.moverCount : widths.groupCount
    var moves = (0..<movers).map { move(of: $0, for: requirement, in: widths) }
    while widths.costs[requirement] > widths.limits[requirement] {
      guard let (mover, target) = lowest(moves) else {
        // Rounding can leave a cost just above a limit that all gains have met.
        guard let group = cheapestStep(in: widths) else { return }
        widths.shrink(group)
        continue
      }
      if mover < widths.groupCount {
        widths.move(mover, toRung: target)
      } else {
        widths.choose(target, ofOption: mover - widths.groupCount)
      }
      for dependent in widths.dependents[mover] where dependent < movers {
        moves[dependent] = move(of: dependent, for: requirement, in: widths)
      }
    }
  }

  /// The best move of a group or option; `nil` if there is none, or nothing to gain.
  private static func move(of mover: Int, for requirement: Int, in widths: WorkingWidths) -> Move? {
    guard mover < widths.groupCount else { return change(of: mover - widths.groupCount, for: requirement, in: widths) }
    guard widths.canShrink(mover) else { return nil }
    guard let (rung, gain) = widths.nextGainingRung(mover, for: requirement) else { return nil }
    guard rung > widths.rungs[mover] + 1 else { return Move(score: widths.lossOfShrinking(mover) / gain, target: rung) }
    let losses = widths.problem.groups[mover].ladderLosses
    return Move(score: (losses[rung] - losses[widths.rungs[mover]]) / gain, target: rung)
  }

  /// The change of an option with the lowest loss ÷ gain, among those that make no other requirement dearer.
  static func change(of option: Int, for requirement: Int, in widths: WorkingWidths) -> Move? {
    let losses = widths.problem.options[option].losses
    let now = widths.options[option]
    let weights = widths.limits.indices.map { widths.weights(ofOption: option, for: $0) }
    var best: Move?
    for alternative in losses.indices {
      let gain = weights[requirement][now] - weights[requirement][alternative]
      guard gain > 0, weights.allSatisfy({ $0[alternative] <= $0[now] }) else { continue }
      let score = (losses[alternative] - losses[now]) / gain
      if let best, best.score <= score { continue }
      best = Move(score: score, target: alternative)
    }
    return best
  }

  private static func lowest(_ moves: [Move?]) -> (mover: Int, target: Int)? {
    var best: (mover: Int, move: Move)?
    for (mover, move) in moves.enumerated() {
      guard let move else { continue }
      if let found = best, found.move.score <= move.score { continue }
      best = (mover, move)
    }
    return best.map { ($0.mover, $0.move.target) }
  }

  /// The step of least loss, whatever it gains.
  private static func cheapestStep(in widths: WorkingWidths) -> Int? {
    (0..<widths.groupCount).filter { widths.canShrink($0) }
      .min { widths.lossOfShrinking($0) < widths.lossOfShrinking($1) }
  }
}
