import Allocation
import Channels
import Configuration

/// A plan for a network, with the widths that it gives the layers and what it comes to.
struct Solution {
  /// What every group keeps, and which units go.
  let plan: AllocationPlan
  /// By layer the widths after; those of the original where none are chosen.
  let bits: [LayerBits]
  /// The whole predicted loss change: the plan's, and that of the steps before it.
  let predictedLossChange: Double
  /// What the plan minimises, where that is not the predicted loss change: with its damping.
  let objective: Double
  /// What no plan's objective goes below; `nil` where nothing is proven, or earlier steps decided about units.
  let lowerBound: Double?
  /// Per layer the least and the largest prune ratio that resamples of the calibration data gave; empty where none were
  /// made.
  var intervals: [ClosedRange<Double>] = []

  /// By group the units that go.
  var removed: [[Int]] { plan.choices.map(\.removed) }
}

/// Solves the problems of one network: structure, costs and limits stay, sensitivities and targets come and go.
struct Solving {
  let structure: ChannelStructure
  let costs: CostModel
  let space: SearchSpace
  let solver: SearchConfiguration.Solver
  let targets: [SearchConfiguration.Target]

  /// The problem that an allocator solves.
  func problem(_ input: AllocationInput) throws(AllocationError) -> AllocationProblem {
    try space.problem(structure, costs, solver, targets: targets, input)
  }

  /// The plan.
  /// - Parameters:
  ///   - setLoss: the loss of sets of units; `nil` where units add up.
  ///   - maker: what makes the plan where the problem alone does not say it; `nil` where it does.
  ///   - isQuick: whether a good plan is enough, without a bound.
  /// - Throws: `AllocationError` when a target cannot be reached; what keeps the latency from being told.
  func plan(
    _ input: AllocationInput, setLoss: SetLoss?, _ maker: (any PlanMaker)?, isQuick: Bool = false
  ) throws -> AllocationPlan {
    let first = try solve(try problem(input), setLoss, maker, isQuick)
    guard let latency = input.latency, let target = targets.firstIndex(where: { $0.metric == .latency }) else {
      return first
    }
    // Some widths take longer than wider ones. An allocator sees the less of the two, so its plan may take longer than
    // it was promised: then the limit is drawn tighter. What was proven for the wider limit holds for all.
    var (plan, input) = (first, input)
    let limit = first.outcomes[target].limit
    for _ in 0..<Self.tightenings {
      let time = try latency.exact(plan.kept)
      guard time > limit else { return plan.withBound(first.lowerBound) }
      input.latencyTightening *= min(limit / time, 1 - Self.leastTightening)
      plan = try solve(try problem(input), setLoss, maker, isQuick)
    }
    guard try latency.exact(plan.kept) <= limit else {
      throw AllocationError.infeasible(
        requirement: first.outcomes[target].name, original: first.outcomes[target].costBefore, limit: limit,
        lowest: try latency.exact(plan.kept))
    }
    return plan.withBound(first.lowerBound)
  }

  /// How often, and at least by how much, a limit on the latency is drawn tighter.
  private static let (tightenings, leastTightening) = (12, 1e-3)

  private func solve(
    _ problem: AllocationProblem, _ setLoss: SetLoss?, _ maker: (any PlanMaker)?, _ isQuick: Bool
  ) throws -> AllocationPlan {
    if let maker { return try maker.allocate(problem) }
    if let setLoss {
      return try JointAllocator(setLoss: setLoss, effort: isQuick || solver.method == .greedy ? .greedy : .full)
        .allocate(problem)
    }
    switch solver.method {
    case .greedy: return try GreedyAllocator().allocate(problem)
    case .optimal, .measured, .external: return try OptimalAllocator(effort: isQuick ? .quick : .full).allocate(problem)
    }
  }
}
