/// Chooses which units go, not only how many, where their losses do not add up: the least loss of the set as a whole.
///
/// Minimises a `SetLoss` of the removed units plus the losses of the options, under the requirements and ladders of the
/// problem; its groups' own losses only suggest a plan to start from. Three parts:
/// - a descent that takes steps of least loss ÷ gain, with the change of every unit worked out at the present set; a step
///   takes from its group the units that cost least now, not those of a fixed order;
/// - a local search from there that gives back, swaps unit for unit, and exchanges steps between groups;
/// - tangents: the loss is convex, so its tangent at any mixture of plans is an additive problem below it, which
///   `OptimalAllocator` solves. Its minimisers are further starts of the local search, and its bound is one of the whole.
///
/// The plan is never worse than what the descent finds. Its `lowerBound` is proven: no admissible set loses less. It is
/// the least loss of *mixtures* of plans, in which effects of different units may cancel as no single plan's can, so it
/// can be far below the best plan: a small `gap` proves a plan near the best, a large one proves nothing against it.
///
/// Effort is counted, never timed, and nothing is random: the same problem gives the same plan.
public struct JointAllocator: Allocator {
  /// How much work a plan is worth.
  public enum Effort: Sendable {
    /// All three parts.
    case full
    /// The descent alone, without a bound.
    case greedy
  }

  /// The loss of sets of the problem's units.
  public let setLoss: SetLoss
  /// How much work a plan is worth.
  public let effort: Effort

  /// An allocator for problems over the units of a set loss, group by group.
  public init(setLoss: SetLoss, effort: Effort = .full) {
    self.setLoss = setLoss
    self.effort = effort
  }

  /// Limits of the effort: rows of units read from one start, from all starts, and in the last part; tangents;
  /// neighbours in a row.
  private static let startWork = 300_000_000
  private static let startsWork = 2_000_000_000
  private static let lastWork = 3_000_000_000
  private static let tangents = 64
  private static let neighbours = 8
  /// A bound this close to the loss, relative to it, is not raised further.
  private static let tolerance = 1e-6

  /// The plan of least loss that was found, with its bound and prices; `lossChange` of a group is its share of the loss
  /// of the set, averaged along the way from nothing removed to everything at once, so that shares add up.
  /// - Precondition: the groups have the units that the set loss was made for.
  public func allocate(_ problem: AllocationProblem) throws(AllocationError) -> AllocationPlan {
    precondition(problem.groups.map(\.unitCount) == setLoss.unitCounts, "a set loss of the problem's units")
    try problem.checkReachable()
    let layout = JointLayout(problem)
    let columns = SetLossColumns(setLoss)
    var best = try Self.descend(problem, layout, columns)
    best.improve(work: Self.startWork, forcing: false)
    if effort == .greedy { return try plan(of: best, problem, layout, columns, nil) }

    var relaxation = JointRelaxation(problem, layout, columns)
    _ = try relaxation.takeTangent(.quick)
    relaxation.add(best.loss.isRemoved, options: best.widths.options)
    let own = try OptimalAllocator(effort: .quick).allocate(problem)
    relaxation.add(layout.removed(by: own), options: own.options)
    var accuracy = JointRelaxation.Accuracy.rough
    for round in 1...Self.tangents {
      relaxation.mix(accuracy)
      if Self.isClosed(best, relaxation) || relaxation.isConverged(below: best.objective) { break }
      if round.isMultiple(of: 8) { try relaxation.addNearest() }
      let isNew = try relaxation.takeTangent(.quick)
      // A plan that the mixture weighs already comes back where the mixture is not the best one of the plans.
      if !isNew && accuracy == .fine { break }
      accuracy = isNew ? .rough : .fine
    }
    try relaxation.addNearest()
    try search(from: relaxation, &best)
    if !Self.isClosed(best, relaxation) {
      relaxation.mix(.fine)
      _ = try relaxation.takeTangent(.full)
    }
    return try plan(of: best, problem, layout, columns, relaxation)
  }

  /// The greedy plan.
  private static func descend(
    _ problem: AllocationProblem, _ layout: JointLayout, _ columns: SetLossColumns
  ) throws(AllocationError) -> JointState {
    var state = JointState(problem, layout, columns)
    state.meetAll()
    if state.widths.meetsAll { return state }
    // Alternatives taken early stand in the way of a later requirement: start from some that do not.
    state = JointState(problem, layout, columns, options: try problem.feasibleOptions())
    state.meetAll(changingOptions: false)
    return state
  }

  private static func isClosed(_ state: JointState, _ relaxation: JointRelaxation) -> Bool {
    state.objective - relaxation.bound <= tolerance * state.objective.magnitude
  }

  /// Improves the best of the tangents' plans, then the best of what that gave, then what the best one's own changes
  /// suggest.
  private func search(from relaxation: JointRelaxation, _ best: inout JointState) throws(AllocationError) {
    var states = [best]
    let order = relaxation.plans.indices.sorted {
      (relaxation.plans[$0].loss, $0) < (relaxation.plans[$1].loss, $1)
    }
    var left = Self.startsWork
    for start in order where left > 0 {
      let plan = relaxation.plans[start]
      var state = JointState(
        relaxation.problem, relaxation.layout, relaxation.columns, removed: plan.removed, options: plan.options)
      state.improve(work: Self.startWork, forcing: false)
      left -= max(1, state.work)
      states.append(state)
    }
    let objectives = states.map(\.objective)
    left = Self.lastWork
    for place in states.indices.sorted(by: { (objectives[$0], $0) < (objectives[$1], $1) }) where left > 0 {
      let before = states[place].work
      states[place].improve(work: left, forcing: true)
      left -= max(1, states[place].work - before)
      if states[place].isBetter(than: best) { best = states[place] }
    }
    for _ in 0..<Self.neighbours where !Self.isClosed(best, relaxation) {
      guard let state = try neighbour(of: &best, relaxation), state.isBetter(than: best) else { break }
      best = state
    }
  }

  /// The plan that would be best if the changes of the units added up, improved.
  private func neighbour(
    of best: inout JointState, _ relaxation: JointRelaxation
  ) throws(AllocationError) -> JointState? {
    best.scan()
    // The loss of a unit that has gone is what it would give back.
    let losses = best.changes.indices.map { best.loss.isRemoved[$0] ? -best.changes[$0] : best.changes[$0] }
    let (plan, _) = try relaxation.solve(losses, .quick)
    let removed = relaxation.layout.removed(by: plan)
    guard removed != best.loss.isRemoved || plan.options != best.widths.options else { return nil }
    var state = JointState(
      relaxation.problem, relaxation.layout, relaxation.columns, removed: removed, options: plan.options)
    state.improve(work: Self.startWork, forcing: true)
    return state
  }

  private func plan(
    of state: JointState, _ problem: AllocationProblem, _ layout: JointLayout, _ columns: SetLossColumns,
    _ relaxation: JointRelaxation?
  ) throws(AllocationError) -> AllocationPlan {
    let removed = layout.local(state.loss.isRemoved)
    let shares = columns.shares(
      of: layout.groups.map { group in group.units.filter { state.loss.isRemoved[$0] } })
    return try AllocationPlan(
      for: problem, removed: removed, lossChanges: shares, options: state.widths.options,
      method: effort == .full ? OptimalAllocator.method : GreedyAllocator.method, lowerBound: relaxation?.bound,
      prices: relaxation?.prices ?? [])
  }
}
