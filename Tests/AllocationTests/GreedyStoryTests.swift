import Allocation
import Testing

/// Small problems with answers worked out by hand.
@Suite struct GreedyStoryTests {
  /// A linear problem: unit u of group g saves `gains[g]`.
  private func solve(
    _ groups: [ChoiceGroup], gains: [Double], limit: Double
  ) throws -> AllocationPlan {
    let terms = gains.enumerated().map { CostTerm(coefficient: $1, left: LinearForm(keptIn: $0)) }
    let target = try Requirement(name: "target", terms: terms, limit: limit)
    return try GreedyAllocator().allocate(AllocationProblem(groups: groups, requirements: [target]))
  }

  @Test func `the lowest loss per cost saved goes first`() throws {
    // Per unit of cost: a offers 1, 4, 5 and b 2 ÷ 2 = 1, 3, 8. Cost 9 → 4 takes a (1), then b (2), b (6): saves 5.
    let groups = [
      try ChoiceGroup(name: "a", losses: [4, 1, 5]), try ChoiceGroup(name: "b", losses: [2, 16, 6]),
    ]
    let plan = try solve(groups, gains: [1, 2], limit: 4)
    #expect(plan.kept == [2, 1])
    #expect(plan.choices.map(\.removed) == [[1], [0, 2]])
    #expect(plan.predictedLossChange == 9)
    #expect(plan.outcomes.count == 1)
    #expect(plan.outcomes[0].costBefore == 9)
    #expect(plan.outcomes[0].costAfter == 4)
    #expect(plan.outcomes[0].limit == 4)
    #expect(plan.compressionRatio == 2.25)
    #expect(plan.method == "greedy")
  }

  @Test func `a group loses attraction as its neighbours shrink`() throws {
    // One layer a × b. At 4 × 4 every unit saves 4. a's units cost 1, 1, 9, 9; b's cost 2, 2, 2, 2.
    // a, a (score ¼, ¼), then b saves only 2: score 1, and goes down to 8 ÷ 2 = 4 of it: 2·4 = 8 → 6 → 4 ≤ 5.
    // Afterwards nothing can be given back: 3·2 = 6 and 2·3 = 6 both exceed 5.
    let groups = [
      try ChoiceGroup(name: "a", losses: [1, 1, 9, 9]), try ChoiceGroup(name: "b", losses: [2, 2, 2, 2]),
    ]
    let layer = CostTerm(coefficient: 1, left: LinearForm(keptIn: 0), right: LinearForm(keptIn: 1))
    let target = try Requirement(name: "target", terms: [layer], limit: 5)
    let plan = try GreedyAllocator().allocate(AllocationProblem(groups: groups, requirements: [target]))
    #expect(plan.kept == [2, 2])
    #expect(plan.predictedLossChange == 6)
  }

  @Test func `a step taken makes its neighbours' steps gain less at once`() throws {
    // a × b + c: 16 + 4. a, a (score ¼) leave 8 + 4. Now b saves 2 for a loss of 8, no longer 4: score 4, not 2, so c
    // (score 3) goes twice: 10. With b's first score the plan would lose 10 instead of 8.
    let groups = [
      try ChoiceGroup(name: "a", losses: [1, 1, 99, 99]), try ChoiceGroup(name: "b", losses: [8, 8, 8, 8]),
      try ChoiceGroup(name: "c", losses: [3, 3, 3, 3]),
    ]
    let terms = [
      CostTerm(coefficient: 1, left: LinearForm(keptIn: 0), right: LinearForm(keptIn: 1)),
      CostTerm(coefficient: 1, left: LinearForm(keptIn: 2)),
    ]
    let target = try Requirement(name: "target", terms: terms, limit: 10)
    let plan = try GreedyAllocator().allocate(AllocationProblem(groups: groups, requirements: [target]))
    #expect(plan.kept == [2, 4, 2])
    #expect(plan.predictedLossChange == 8)
  }

  @Test func `steps of different sizes compare by mean, not by sum`() throws {
    // A step of a takes 4 units of loss 1 (sum 4, mean 1); one of b takes 1 unit of loss 2. By sums b would go first.
    let groups = [
      try ChoiceGroup(name: "a", losses: [Double](repeating: 1, count: 8), multiple: 4),
      try ChoiceGroup(name: "b", losses: [2, 2, 2, 2, 2]),
    ]
    let plan = try solve(groups, gains: [1, 1], limit: 9)
    #expect(plan.kept == [4, 5])
  }

  @Test func `a step that later ones made needless is given back`() throws {
    // 3 must be saved. b's score 1.5 ÷ 1 goes first, then a's 6 ÷ 3; a alone is enough, so b returns.
    let groups = [
      try ChoiceGroup(name: "a", losses: [6, 100]), try ChoiceGroup(name: "b", losses: [1.5, 100]),
    ]
    let plan = try solve(groups, gains: [3, 1], limit: 5)
    #expect(plan.kept == [1, 2])
    #expect(plan.predictedLossChange == 6)
  }

  @Test func `the last step is swapped for a cheaper one that also meets the target`() throws {
    // 1 must be saved. a has the better score (5 ÷ 10 against 1 ÷ 1) but b the lower loss.
    let groups = [
      try ChoiceGroup(name: "a", losses: [5, 100]), try ChoiceGroup(name: "b", losses: [1, 100]),
    ]
    let plan = try solve(groups, gains: [10, 1], limit: 21)
    #expect(plan.kept == [2, 1])
    #expect(plan.predictedLossChange == 1)
  }

  @Test func `a swap that would miss the limit by a rounding error is not made`() throws {
    let groups = [
      try ChoiceGroup(name: "a", losses: [5, 100]), try ChoiceGroup(name: "b", losses: [1, 100]),
    ]
    let plan = try solve(groups, gains: [10, 1], limit: 21.0.nextDown)
    #expect(plan.kept == [1, 2])
  }

  @Test func `units that are worth removing go first and stay removed`() throws {
    // a's unit of loss −1 goes although b's alone would meet the limit; b's then saves the rest.
    let groups = [
      try ChoiceGroup(name: "a", losses: [-1, 7]), try ChoiceGroup(name: "b", losses: [2, 9]),
    ]
    let plan = try solve(groups, gains: [1, 4], limit: 6)
    #expect(plan.kept == [1, 1])
    #expect(plan.predictedLossChange == 1)
  }

  @Test func `nothing goes where the limit is met already, whatever the losses`() throws {
    let groups = [try ChoiceGroup(name: "a", losses: [-1, -2, 3])]
    #expect(try solve(groups, gains: [1], limit: 3).kept == [3])
  }

  @Test func `a group without gain stays whole`() throws {
    let groups = [
      try ChoiceGroup(name: "a", losses: [0, 0, 0]), try ChoiceGroup(name: "b", losses: [5, 6, 7]),
      try ChoiceGroup(name: "c", losses: [-9, -9, -9]),
    ]
    #expect(try solve(groups, gains: [0, 1], limit: 1).kept == [3, 1, 3])
  }

  @Test func `a single channel stays`() throws {
    let groups = [try ChoiceGroup(name: "a", losses: [-5]), try ChoiceGroup(name: "b", losses: [1, 2])]
    #expect(try solve(groups, gains: [1, 1], limit: 2).kept == [1, 1])
    #expect(throws: AllocationError.infeasible(requirement: "target", original: 3, limit: 1, lowest: 2)) {
      try solve(groups, gains: [1, 1], limit: 1)
    }
  }

  @Test func `with equal losses everywhere the groups of lower index go, then the units of lower index`() throws {
    let zeros = [Double](repeating: 0, count: 4)
    let groups = [try ChoiceGroup(name: "a", losses: zeros), try ChoiceGroup(name: "b", losses: zeros)]
    let plan = try solve(groups, gains: [1, 1], limit: 4)
    #expect(plan.choices.map(\.removed) == [[0, 1, 2], [0]])
    #expect(plan.predictedLossChange == 0)
  }

  @Test func `groups set by hand keep their count, and it counts towards the target`() throws {
    let losses = [1.0, 2, 3, 4]
    let groups = [
      try ChoiceGroup(name: "a", losses: losses, fixedRemoved: 2), try ChoiceGroup(name: "b", losses: losses),
    ]
    let plan = try solve(groups, gains: [1, 1], limit: 5)
    #expect(plan.kept == [2, 3])
    #expect(plan.predictedLossChange == 1 + 2 + 1)
    #expect(plan.choices.map(\.isFixed) == [true, false])
    #expect(plan.outcomes[0].costBefore == 8)
  }

  @Test func `with everything set by hand the plan is that, or the target is infeasible`() throws {
    let groups = [try ChoiceGroup(name: "a", losses: [1, 2, 3, 4], fixedRemoved: 1)]
    #expect(try solve(groups, gains: [1], limit: 3).kept == [3])
    #expect(throws: AllocationError.infeasible(requirement: "target", original: 4, limit: 2, lowest: 3)) {
      try solve(groups, gains: [1], limit: 2)
    }
    let byHand = try GreedyAllocator().allocate(AllocationProblem(groups: groups, requirements: []))
    #expect(byHand.kept == [3])
    #expect(byHand.compressionRatio == nil)
  }

  @Test func `a problem without groups is solved by nothing`() throws {
    let fixed = try Requirement(
      name: "target", terms: [CostTerm(coefficient: 7, left: LinearForm(constant: 1))], limit: 7)
    let plan = try GreedyAllocator().allocate(AllocationProblem(groups: [], requirements: [fixed]))
    #expect(plan.kept == [])
    #expect(plan.compressionRatio == 1)
  }

  @Test func `further requirements are met after the first`() throws {
    // The target wants 4 of 12 gone, cheapest from a; b alone must also fall to 4 of 6.
    let groups = [
      try ChoiceGroup(name: "a", losses: [1, 1, 1, 1, 1, 1]), try ChoiceGroup(name: "b", losses: [3, 3, 3, 3, 3, 3]),
    ]
    let terms = [0, 1].map { CostTerm(coefficient: 1, left: LinearForm(keptIn: $0)) }
    let problem = try AllocationProblem(
      groups: groups,
      requirements: [
        Requirement(name: "target", terms: terms, limit: 8),
        Requirement(name: "entry 1", terms: [terms[1]], limit: 4),
      ])
    let plan = try GreedyAllocator().allocate(problem)
    // b's two units serve both, so two of a's four are given back.
    #expect(plan.kept == [4, 4])
    #expect(plan.predictedLossChange == 8)
    #expect(plan.outcomes.map(\.costAfter) == [8, 4])
  }

  /// A residual stream s × s: 4 × 4 → 3 × 3 saves 7 (not 8) for a loss of 10, score 1.43. Each unit of b saves 2.
  @Test(arguments: [
    // b's score is 1.5: s goes, and reaches 17.
    (3.0, 17.0, [3, 4]),
    // b's score is 1.375: three of b go, and reach 18. With a gain of 8 for s its score of 1.25 would win.
    (2.75, 18.0, [4, 1]),
  ])
  func `a unit on both sides of a layer saves on both, and their overlap once`(
    lossOfB: Double, limit: Double, kept: [Int]
  ) throws {
    let groups = [
      try ChoiceGroup(name: "s", losses: [10, 10, 10, 10]),
      try ChoiceGroup(name: "b", losses: [Double](repeating: lossOfB, count: 4)),
    ]
    let terms = [
      CostTerm(coefficient: 1, left: LinearForm(keptIn: 0), right: LinearForm(keptIn: 0)),
      CostTerm(coefficient: 2, left: LinearForm(keptIn: 1)),
    ]
    let target = try Requirement(name: "target", terms: terms, limit: limit)
    let plan = try GreedyAllocator().allocate(AllocationProblem(groups: groups, requirements: [target]))
    #expect(plan.kept == kept)
    #expect(plan.outcomes[0].costAfter == limit)
  }
}
