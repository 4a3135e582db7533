/// Chooses all counts and options together at the least loss, and proves how far from the least it can be.
///
/// minimise Σ losses of the groups at their counts + Σ losses of the alternatives, subject to cost ≤ limit for every
/// requirement. Lagrange's way: with prices μ ≥ 0, the least of loss + Σ μ · (cost − limit) over all counts and
/// alternatives, limits aside, is a lower bound of every plan's loss (Everett, Operations Research 11, 1963). Since
/// costs are products of widths, that inner problem is a Markov field of functions of two counts, and k·k' makes the
/// messages between them Legendre transforms: linear in the number of labels. In a forest one pass is exact, elsewhere
/// (residual streams, concatenations) tree-reweighted passes give a bound that is weaker, and valid.
///
/// 1. The prices of the best bound: where the Lagrangians of plans above and below the limit cross; with several
///    requirements from mixtures of plans.
/// 2. The counts found there, made to meet the limits and repaired as `GreedyAllocator` does; its own plan is a start.
/// 3. Branch and bound over intervals of the counts closes what gap is left, and tries all plans of small parts.
///
/// Effort is counted, not timed: the same problem gives the same plan. A plan is never worse than the greedy one. Small
/// problems come out exact; on networks the gap is a few hundredths of a percent after less than a second. It grows
/// where a table is measured over a concatenation in coarse steps: only lines below such a staircase enter the bound.
public struct OptimalAllocator: Allocator {
  /// How much work a plan is worth.
  public enum Effort: Sendable {
    /// Until the plan is proven near the best, or a fixed amount of work is done.
    case full
    /// One climb of the bound and one repair: for many problems that differ little, as in resampling.
    case quick
  }

  /// The name in plans and configs.
  public static let method = "optimal"

  /// How much work a plan is worth.
  public let effort: Effort
  /// Prices to start from, in loss per unit of cost, one finite number per requirement of the problem; anything else
  /// lets the greedy plan suggest them. They change the effort, and with it at most which of several near-best plans
  /// is found.
  public let startingPrices: [Double]

  /// An allocator that may start from the prices of a similar problem's plan.
  public init(effort: Effort = .full, startingPrices: [Double] = []) {
    self.effort = effort
    self.startingPrices = startingPrices
  }

  /// The plan of least loss that was found, with its bound and prices; never worse than the greedy plan.
  public func allocate(_ problem: AllocationProblem) throws(AllocationError) -> AllocationPlan {
    try allocate(problem, startingPrices: startingPrices, work: effort == .full ? .full : .quick)
  }

  /// Limits of the effort, in evaluations of the bound and label operations; counted, never timed, so that the same
  /// problem gives the same plan on every machine.
  struct Work {
    let evaluations: Int
    let rootOperations: Int
    let operations: Int
    let exactOperations: Int
    let tolerance: Double

    static let full = Work(
      evaluations: 30, rootOperations: 100_000_000, operations: 150_000_000, exactOperations: 20_000_000,
      tolerance: 1e-4)
    static let curve = Work(
      evaluations: 12, rootOperations: 15_000_000, operations: 20_000_000, exactOperations: 200_000, tolerance: 1e-3)
    static let quick = Work(
      evaluations: 8, rootOperations: 15_000_000, operations: 0, exactOperations: 0, tolerance: 0)
  }

  /// - Parameter neighbour: a plan of a similar problem with the same groups and options.
  func allocate(
    _ problem: AllocationProblem, startingPrices: [Double], work: Work, near neighbour: AllocationPlan? = nil
  ) throws(AllocationError) -> AllocationPlan {
    let greedy = try GreedyAllocator.solve(problem)
    let model = LagrangianModel(problem, near: greedy.kept)
    var search = BranchAndBound(model, start: greedy)
    search.offer(model.leastLossLabels)
    if let neighbour { search.offer(model.labels(of: neighbour)) }
    var start = Self.suggestedPrices(greedy, model)
    if startingPrices.count == start.count, startingPrices.allSatisfy(\.isFinite) {
      start = zip(startingPrices, model.scales).map { max(0, $0 * $1) }
    }
    search.solveRoot(from: start, evaluations: work.evaluations * max(1, start.count), work: work.rootOperations)
    if work.operations > 0 {
      search.close(work: work.operations, exactWork: work.exactOperations, tolerance: work.tolerance)
    }
    return try AllocationPlan(
      for: problem, kept: zip(problem.groups, search.rungs).map { $0.ladder[$1] }, options: search.options,
      method: Self.method, lowerBound: search.provenBound, prices: zip(search.prices, model.scales).map { $0 / $1 })
  }

  /// The median of what the groups' last steps in a plan lost per cost, for the first requirement; 0 for others.
  private static func suggestedPrices(_ widths: WorkingWidths, _ model: LagrangianModel) -> [Double] {
    var prices = [Double](repeating: 0, count: model.scales.count)
    guard !prices.isEmpty else { return prices }
    var scores: [Double] = []
    for group in 0..<widths.groupCount where widths.canShrink(group) {
      let gain = widths.gain(of: group, for: 0) / model.scales[0]
      if gain > 0 { scores.append(widths.lossOfShrinking(group) / gain) }
    }
    scores.sort()
    if !scores.isEmpty { prices[0] = max(0, scores[scores.count / 2]) }
    return prices
  }
}
