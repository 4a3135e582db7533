import Allocation
import AllocationProblems
import Testing

/// Laws of the optimal allocator over seeded random problems small enough to try out all plans.
@Suite struct OptimalLawTests {
  static let seeds: [UInt64] = Array(1...40)

  private func check(_ problem: AllocationProblem, _ context: String) throws {
    guard let optimum = exhaustiveOptimum(problem) else {
      #expect(throws: AllocationError.self, "\(context)") { try OptimalAllocator().allocate(problem) }
      #expect(throws: AllocationError.self, "\(context)") { try GreedyAllocator().allocate(problem) }
      return
    }
    let plan = try OptimalAllocator().allocate(problem)
    let quick = try OptimalAllocator(effort: .quick).allocate(problem)
    let greedy = try GreedyAllocator().allocate(problem)
    // A plan whose loss differs by rounding alone may stand for the optimum.
    let rounding = 1e-10 * max(1, optimum.magnitude)
    #expect(abs(plan.predictedLossChange - optimum) <= rounding, "\(context)")
    let bound = try #require(plan.lowerBound)
    #expect(bound <= optimum + rounding, "\(context)")
    #expect(bound >= optimum - rounding, "\(context): the bound is not closed")
    let quickBound = try #require(quick.lowerBound)
    #expect(quickBound <= optimum + rounding, "\(context), quick")
    #expect(quick.predictedLossChange >= optimum - rounding, "\(context), quick")
    #expect(quick.predictedLossChange <= greedy.predictedLossChange, "\(context), quick")
    #expect(plan.predictedLossChange <= greedy.predictedLossChange, "\(context)")
    for made in [plan, quick, greedy] {
      #expect(made.outcomes.allSatisfy { $0.costAfter <= $0.limit }, "\(context), \(made.method)")
    }
    #expect(plan.prices.count == problem.requirements.count && plan.prices.allSatisfy { $0 >= 0 }, "\(context)")
  }

  @Test(arguments: seeds, [false, true])
  func `the plan is the optimum, and the bound never exceeds it`(seed: UInt64, negative: Bool) throws {
    for index in UInt64(0)..<5 {
      let random = try RandomProblem(seed: seed * 1000 + index, negative: negative)
      try check(random.problem, "seed \(random.seed)")
    }
  }

  @Test(arguments: seeds, [false, true])
  func `the plan is the optimum with options, tables and several requirements`(seed: UInt64, negative: Bool) throws {
    for index in 0..<40 {
      let random = try RichProblem(seed: seed * 1000 + UInt64(index), negative: negative)
      try check(random.problem, "seed \(random.seed)")
    }
  }

  /// Chains of 5 to 7 groups of up to 12 units: too many plans to try, but a list of undominated ones per count does it.
  @Test(arguments: seeds)
  func `longer chains are solved exactly`(seed: UInt64) throws {
    for index in UInt64(0)..<5 {
      let chain = try Chain(seed: seed * 1000 + index)
      let plan = try OptimalAllocator().allocate(chain.problem)
      let optimum = try #require(chain.optimum(), "seed \(seed * 1000 + index)")
      let rounding = 1e-10 * max(1, optimum.magnitude)
      #expect(abs(plan.predictedLossChange - optimum) <= rounding, "seed \(seed * 1000 + index)")
      let bound = try #require(plan.lowerBound)
      #expect(abs(bound - optimum) <= rounding, "seed \(seed * 1000 + index)")
    }
  }

  /// A layer that sees a concatenation, and whose cost is a staircase over its width.
  @Test(arguments: seeds)
  func `no bound over measured concatenations exceeds the optimum`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      let groups = try (0..<3).map { index in
        let losses = (0..<5).map { _ in Double.random(in: 0...1, using: &random) }
        return try ChoiceGroup(name: "g\(index)", losses: losses)
      }
      let lefts = (1...5).map { Double(3 * $0 + Int.random(in: -1...1, using: &random)) }
      let values = lefts.map { left in [2.0, 5].map { left * $0 + Double.random(in: 0...8, using: &random) } }
      let table = try WidthTable(lefts: lefts, rights: [2, 5], values: values)
      let sum = LinearForm(terms: [.init(group: 0), .init(group: 1, perUnit: 2)])
      let out = seed.isMultiple(of: 3) ? LinearForm(constant: 4) : LinearForm(keptIn: 2)
      let term = CostTerm(coefficient: 1, table: table, left: sum, right: out)
      let target = try Requirement(
        name: "latency", terms: [term], compressionRatio: Double.random(in: 1...2, using: &random), groups: groups)
      let problem = try AllocationProblem(groups: groups, requirements: [target])
      guard exhaustiveOptimum(problem) != nil else { continue }
      try check(problem, "seed \(seed)")
    }
  }

  /// 2·k₀ + Σ cᵢ·kᵢ·kᵢ₊₁ + 3·k of the last.
  private struct Chain {
    let problem: AllocationProblem
    private let factors: [Double]

    init(seed: UInt64) throws {
      var random = SeededGenerator(seed: seed)
      let groups = try (0..<Int.random(in: 5...7, using: &random)).map { index in
        let scale = Double.random(in: 0.1...2, using: &random)
        let losses = (0..<Int.random(in: 4...12, using: &random)).map { _ in
          scale * Double.random(in: -0.05...1, using: &random)
        }
        return try ChoiceGroup(name: "g\(index)", losses: losses, multiple: Int.random(in: 1...2, using: &random))
      }
      factors = (1..<groups.count).map { _ in Double(Int.random(in: 1...9, using: &random)) }
      var terms = [
        CostTerm(coefficient: 2, left: LinearForm(keptIn: 0)),
        CostTerm(coefficient: 3, left: LinearForm(keptIn: groups.count - 1)),
      ]
      for (index, factor) in factors.enumerated() {
        terms.append(
          CostTerm(coefficient: factor, left: LinearForm(keptIn: index), right: LinearForm(keptIn: index + 1)))
      }
      let ratio = Double.random(in: 1...3, using: &random)
      problem = try AllocationProblem(
        groups: groups,
        requirements: [Requirement(name: "target", terms: terms, compressionRatio: ratio, groups: groups)])
    }

    /// By undominated pairs of cost (whole numbers, so exact) and loss for each count of the group reached.
    func optimum() -> Double? {
      typealias Part = (cost: Double, loss: Double)
      let groups = problem.groups
      let limit = problem.requirements[0].limit
      var fronts: [[Part]] = zip(groups[0].ladder, groups[0].ladderLosses).map { [(2 * Double($0), $1)] }
      for index in 1..<groups.count {
        fronts = zip(groups[index].ladder, groups[index].ladderLosses).map { kept, loss in
          var parts: [Part] = []
          for (before, front) in zip(groups[index - 1].ladder, fronts) {
            let cost = factors[index - 1] * Double(before) * Double(kept)
            parts += front.map { ($0.cost + cost, $0.loss + loss) }.filter { $0.0 <= limit }
          }
          parts.sort { ($0.cost, $0.loss) < ($1.cost, $1.loss) }
          var least = Double.infinity
          return parts.filter { part in
            defer { least = min(least, part.loss) }
            return part.loss < least
          }
        }
      }
      return zip(groups[groups.count - 1].ladder, fronts)
        .flatMap { kept, front in front.filter { $0.cost + 3 * Double(kept) <= limit }.map(\.loss) }.min()
    }
  }
}
