// log and pow are calls into libm.
import Glibc

/// The best plan for one compression ratio of the first requirement.
public struct FrontierPoint: Equatable, Sendable {
  /// The compression ratio asked for: original cost ÷ the most that the plan may cost.
  public let compressionRatio: Double
  /// A plan that reaches it, with its bound.
  public let plan: AllocationPlan

  /// A point of the curve.
  public init(compressionRatio: Double, plan: AllocationPlan) {
    self.compressionRatio = compressionRatio
    self.plan = plan
  }
}

/// The curve of predicted loss over compression ratio.
public enum Frontier {
  /// Ratios for a curve, ascending from just above 1 to the largest that can be reached, in equal steps of log cost.
  ///
  /// Empty for a problem without requirements or with nothing to gain; up to 1000 where the cost can vanish.
  /// - Parameter count: how many, at least 1.
  public static func proposedRatios(for problem: AllocationProblem, count: Int = 40) -> [Double] {
    precondition(count >= 1, "a curve needs a point")
    guard let range = problem.ranges.first, range.largestRatio > 1 else { return [] }
    let largest = min(range.largestRatio, 1000)
    return (1...count).map { number in
      number == count ? largest : min(largest, pow(largest, Double(number) / Double(count)))
    }
  }

  /// Index of the point where a little more compression begins to cost much more loss; `nil` for fewer than three
  /// points or where the loss does not rise.
  ///
  /// The point of largest distance from the chord between the first and the last, on the side of low loss, with the
  /// logarithm of the compression ratio and the loss both brought to 0 … 1; after Satopaa et al., "Finding a Kneedle in
  /// a Haystack", ICDCS Workshops 2011. The ratio is the one asked for.
  /// - Parameter points: ascending by compression ratio.
  public static func knee(of points: [FrontierPoint]) -> Int? {
    guard points.count >= 3, let first = points.first, let last = points.last else { return nil }
    let start = log(first.compressionRatio)
    let width = log(last.compressionRatio) - start
    let height = last.plan.predictedLossChange - first.plan.predictedLossChange
    guard width > 0, height > 0 else { return nil }
    let distances = points.map { point in
      (log(point.compressionRatio) - start) / width
        - (point.plan.predictedLossChange - first.plan.predictedLossChange) / height
    }
    guard let knee = distances.indices.max(by: { distances[$0] < distances[$1] }), distances[knee] > 0 else {
      return nil
    }
    return knee
  }
}

extension OptimalAllocator {
  /// The best plans for several compression ratios of the first requirement, whose limit they replace.
  ///
  /// The prices of one ratio start the search for the next, and the work for each is less than `allocate` does. The loss
  /// never falls with the ratio: a plan for a larger ratio stands for a smaller one too where it loses less.
  /// - Parameter ratios: original ÷ pruned cost, 1 or more, in any order; the other requirements stay as they are.
  /// - Returns: one point per ratio, ascending.
  ///
  /// Throws `infeasible` for a ratio out of reach, `invalidRequirement` for a ratio below 1 or a problem without
  /// requirements.
  public func frontier(
    of problem: AllocationProblem, ratios: [Double]
  ) throws(AllocationError) -> [FrontierPoint] {
    guard let target = problem.requirements.first else {
      throw .invalidRequirement(name: "frontier", reason: "the problem has no requirement, expected one to vary")
    }
    var problems: [AllocationProblem] = []
    var plans: [AllocationPlan] = []
    var prices = startingPrices
    let ascending = ratios.sorted()
    for ratio in ascending {
      let requirement = try Requirement(
        name: target.name, terms: target.terms, compressionRatio: ratio, groups: problem.groups,
        options: problem.options)
      let varied = try AllocationProblem(
        groups: problem.groups, options: problem.options,
        requirements: [requirement] + problem.requirements.dropFirst())
      let plan = try allocate(varied, startingPrices: prices, work: effort == .full ? .curve : .quick, near: plans.last)
      if plan.prices.contains(where: { $0 > 0 }) { prices = plan.prices }
      problems.append(varied)
      plans.append(plan)
    }
    // A bound for a smaller ratio holds for a larger one; a plan for a larger ratio serves a smaller one.
    for number in plans.indices.dropFirst() {
      let bound = max(plans[number].lowerBound ?? -.infinity, plans[number - 1].lowerBound ?? -.infinity)
      plans[number] = try plans[number].remade(for: problems[number], lowerBound: bound)
    }
    for number in plans.indices.dropLast().reversed() {
      guard plans[number + 1].predictedLossChange < plans[number].predictedLossChange else { continue }
      let (kept, options) = (plans[number + 1].kept, plans[number + 1].options)
      plans[number] = try AllocationPlan(
        for: problems[number], kept: kept, options: options, method: Self.method, lowerBound: plans[number].lowerBound,
        prices: plans[number].prices)
    }
    return zip(ascending, plans).map { FrontierPoint(compressionRatio: $0, plan: $1) }
  }
}

extension AllocationPlan {
  fileprivate func remade(
    for problem: AllocationProblem, lowerBound: Double
  ) throws(AllocationError) -> AllocationPlan {
    try AllocationPlan(
      for: problem, kept: kept, options: options, method: method, lowerBound: lowerBound, prices: prices)
  }
}
