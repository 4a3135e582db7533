import Allocation
import Testing

/// Small problems and extremes, with answers worked out by hand.
@Suite struct OptimalStoryTests {
  private func solve(
    _ groups: [ChoiceGroup], gains: [Double], limit: Double, effort: OptimalAllocator.Effort = .full
  ) throws -> AllocationPlan {
    let terms = gains.enumerated().map { CostTerm(coefficient: $1, left: LinearForm(keptIn: $0)) }
    let target = try Requirement(name: "target", terms: terms, limit: limit)
    return try OptimalAllocator(effort: effort).allocate(AllocationProblem(groups: groups, requirements: [target]))
  }

  @Test func `three cheap units beat the two that pay best`() throws {
    // 6 must be saved. Greedy takes b's units (3 ÷ 4 each, 8 saved, loss 6); two of a and one of b save 6 for 5.
    let groups = [try ChoiceGroup(name: "a", losses: [1, 1, 99]), try ChoiceGroup(name: "b", losses: [3, 3, 99])]
    let plan = try solve(groups, gains: [1, 4], limit: 9)
    #expect(plan.kept == [1, 2])
    #expect(plan.predictedLossChange == 5)
    #expect(plan.lowerBound == 5)
    #expect(plan.method == "optimal")
  }

  @Test func `units better gone go, limit or not`() throws {
    let groups = [try ChoiceGroup(name: "a", losses: [-1, -2, 3]), try ChoiceGroup(name: "b", losses: [-1])]
    #expect(try solve(groups, gains: [1, 1], limit: 4).kept == [1, 1])
    let free = try OptimalAllocator().allocate(AllocationProblem(groups: groups, requirements: []))
    #expect(free.kept == [1, 1])
    #expect(free.predictedLossChange == -3)
    #expect(free.gap == 0)
    #expect(free.prices == [])
  }

  @Test func `where nothing loses anything, no more goes than must`() throws {
    let zeros = [Double](repeating: 0, count: 4)
    let groups = [try ChoiceGroup(name: "a", losses: zeros), try ChoiceGroup(name: "b", losses: zeros)]
    for effort in [OptimalAllocator.Effort.full, .quick] {
      let plan = try solve(groups, gains: [1, 1], limit: 4, effort: effort)
      #expect(plan.kept.reduce(0, +) == 4)
      #expect(plan.predictedLossChange == 0 && plan.lowerBound == 0 && plan.gap == 0)
    }
  }

  @Test func `a limit already met costs nothing`() throws {
    let plan = try solve([ChoiceGroup(name: "a", losses: [1, 2, 3])], gains: [1], limit: 4)
    #expect(plan.kept == [3])
    #expect(plan.prices == [0])
    #expect(plan.gap == 0)
  }

  @Test func `what is out of reach is refused as by the greedy allocator`() throws {
    #expect(throws: AllocationError.infeasible(requirement: "target", original: 3, limit: 0.5, lowest: 1)) {
      try solve([ChoiceGroup(name: "a", losses: [1, 2, 3])], gains: [1], limit: 0.5)
    }
  }

  @Test func `groups set by hand and groups without gain stay as they are`() throws {
    let losses = [1.0, 2, 3, 4]
    let groups = [
      try ChoiceGroup(name: "a", losses: losses, fixedRemoved: 2), try ChoiceGroup(name: "b", losses: losses),
      try ChoiceGroup(name: "c", losses: losses),
    ]
    let plan = try solve(groups, gains: [1, 1, 0], limit: 5)
    #expect(plan.kept == [2, 3, 4])
    #expect(plan.predictedLossChange == 4)
  }

  @Test(arguments: [1e-15, 1, 1e15])
  func `the unit of cost does not matter, and prices are in loss per unit of cost`(unit: Double) throws {
    // One unit in twelve must go, then two …: with losses 1 to 12 the next one's loss is the price.
    let group = try ChoiceGroup(name: "a", losses: (1...12).map { Double($0) })
    let plan = try solve([group], gains: [unit], limit: 7.5 * unit)
    #expect(plan.kept == [7])
    #expect(plan.predictedLossChange == 15)
    #expect(plan.gap == 0)
    let price = try #require(plan.prices.first) * unit
    #expect(price >= 4 && price <= 6)
  }

  @Test func `a limit of zero is met where everything may cost nothing`() throws {
    // Width 2k − 2 is 0 at the one unit that stays.
    let form = LinearForm(constant: -2, terms: [.init(group: 0, perUnit: 2)])
    let target = try Requirement(name: "target", terms: [CostTerm(coefficient: 1, left: form)], limit: 0)
    let groups = [try ChoiceGroup(name: "a", losses: [1, 2, 3])]
    let plan = try OptimalAllocator().allocate(AllocationProblem(groups: groups, requirements: [target]))
    #expect(plan.kept == [1])
    #expect(plan.gap == 0)
  }

  @Test(arguments: UInt64(1)...20)
  func `the same problem gives the same plan, and a larger limit never costs more loss`(seed: UInt64) throws {
    let problem = try RandomProblem(seed: seed, negative: true).problem
    guard let plan = try? OptimalAllocator().allocate(problem) else { return }
    #expect(try OptimalAllocator().allocate(problem) == plan)
    let wider = try problem.requirements.map { try Requirement(name: $0.name, terms: $0.terms, limit: $0.limit * 1.1) }
    let eased = try OptimalAllocator().allocate(AllocationProblem(groups: problem.groups, requirements: wider))
    // Rounding of sums in another order aside.
    #expect(eased.predictedLossChange <= plan.predictedLossChange + 1e-12, "seed \(seed)")
  }
}
