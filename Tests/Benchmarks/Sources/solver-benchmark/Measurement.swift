import Allocation
import Glibc

/// What came of one problem. Times are seconds of processor time of the one thread that solves, which never waits: a
/// machine that is busy with other things too changes them little.
struct Measurement: Encodable {
  /// One plan of the optimal allocator beside the greedy one.
  struct Point: Encodable {
    /// Original ÷ most of the first cost.
    let ratio: Double
    /// Predicted loss of the optimal plan.
    let loss: Double
    /// Predicted loss of the greedy plan.
    let greedyLoss: Double
    /// By how much the optimal plan may be worse than the best, relative to its loss.
    let gap: Double

    init(_ plan: AllocationPlan, greedy: AllocationPlan, ratio: Double) {
      self.ratio = ratio
      loss = plan.predictedLossChange
      greedyLoss = greedy.predictedLossChange
      gap = plan.gap ?? .infinity
    }
  }

  let groups: Int
  let units: Int
  /// The least loss that there is without any limit: below zero where units or bits are better gone.
  let leastLoss: Double
  /// Of the optimal allocator, all points together.
  let seconds: Double
  /// Of the greedy allocator.
  let greedySeconds: Double
  let points: [Point]

  /// Solves a problem, or a curve of 40 ratios of its first requirement.
  init(of problem: AllocationProblem, isCurve: Bool) throws {
    groups = problem.groups.count
    units = problem.groups.reduce(0) { $0 + $1.unitCount }
    leastLoss =
      problem.groups.reduce(0) { $0 + ($1.ladderLosses.min() ?? 0) }
      + problem.options.reduce(0) { $0 + ($1.losses.min() ?? 0) }
    if isCurve {
      let started = Self.processorSeconds
      let curve = try OptimalAllocator().frontier(of: problem, ratios: Frontier.proposedRatios(for: problem))
      seconds = Self.processorSeconds - started
      let problems = try curve.map { try Self.problem(problem, atRatio: $0.compressionRatio) }
      let startedGreedy = Self.processorSeconds
      let greedy = try problems.map { try GreedyAllocator().allocate($0) }
      greedySeconds = Self.processorSeconds - startedGreedy
      points = zip(curve, greedy).map { Point($0.plan, greedy: $1, ratio: $0.compressionRatio) }
    } else {
      let started = Self.processorSeconds
      let plan = try OptimalAllocator().allocate(problem)
      let between = Self.processorSeconds
      let greedy = try GreedyAllocator().allocate(problem)
      greedySeconds = Self.processorSeconds - between
      seconds = between - started
      points = plan.outcomes.prefix(1).map { Point(plan, greedy: greedy, ratio: $0.costBefore / $0.limit) }
    }
  }

  private static func problem(_ problem: AllocationProblem, atRatio ratio: Double) throws -> AllocationProblem {
    let requirements = try problem.requirements.map {
      try Requirement(
        name: $0.name, terms: $0.terms, compressionRatio: ratio, groups: problem.groups, options: problem.options)
    }
    return try AllocationProblem(groups: problem.groups, options: problem.options, requirements: requirements)
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
