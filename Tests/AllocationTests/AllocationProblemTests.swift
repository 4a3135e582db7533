import Allocation
import Testing

@Suite struct AllocationProblemTests {
  /// conv1 3→8, conv2 8→4, head 4→10, one cost unit per weight: 3·8 + 8·4 + 4·10 = 96.
  static func chain(
    minimumKept: Int = 1, ratio: Double = 1
  ) throws -> AllocationProblem {
    let groups = [
      try ChoiceGroup(name: "conv1", losses: [Double](repeating: 1, count: 8), minimumKept: minimumKept),
      try ChoiceGroup(name: "conv2", losses: [Double](repeating: 1, count: 4), minimumKept: minimumKept),
    ]
    let target = try Requirement(name: "target", terms: chainTerms, compressionRatio: ratio, groups: groups)
    return try AllocationProblem(groups: groups, requirements: [target])
  }

  static let chainTerms = [
    CostTerm(coefficient: 3, left: LinearForm(keptIn: 0)),
    CostTerm(coefficient: 1, left: LinearForm(keptIn: 0), right: LinearForm(keptIn: 1)),
    CostTerm(coefficient: 10, left: LinearForm(keptIn: 1)),
  ]

  @Test func `a cost is the sum of unit cost × kept inputs × kept outputs`() throws {
    let target = try Requirement(name: "target", terms: Self.chainTerms, limit: 0)
    #expect(target.cost([8, 4]) == 96)
    #expect(target.cost([5, 2]) == 45)
    #expect(target.cost([1, 1]) == 14)
  }

  @Test func `half of the channels in a chain of equal widths cost a quarter`() throws {
    let term = CostTerm(coefficient: 9, left: LinearForm(keptIn: 0), right: LinearForm(keptIn: 1))
    let target = try Requirement(name: "target", terms: [term], limit: 0)
    #expect(target.cost([8, 8]) / target.cost([16, 16]) == 0.25)
  }

  @Test func `the range of costs says what can be reached`() throws {
    let range = try Self.chain().ranges[0]
    #expect(range == CostRange(original: 96, lowest: 14))
    #expect(range.largestRatio == 96.0 / 14)
    #expect(CostRange(original: 0, lowest: 0).largestRatio == 1)
    #expect(CostRange(original: 5, lowest: 0).largestRatio == .infinity)
  }

  @Test(arguments: [1.0, 3, 7, 11, 13, 27, 49, 0.1, 1e-3])
  func `the largest ratio can itself be asked for`(lowest: Double) {
    for original in stride(from: lowest, through: 40 * lowest, by: lowest / 7) {
      let ratio = CostRange(original: original, lowest: lowest).largestRatio
      #expect(original / ratio >= lowest)
      #expect(original / ratio.nextUp <= lowest)
    }
  }

  @Test func `an infeasible target names the nearest ratio, which is feasible`() throws {
    let error = #expect(throws: AllocationError.self) {
      try GreedyAllocator().allocate(Self.chain(minimumKept: 2, ratio: 4))
    }
    #expect(error == .infeasible(requirement: "target", original: 96, limit: 24, lowest: 30))
    #expect(
      error?.description == """
        requirement 'target': compression ratio 4 asked (cost 24 of 96), \
        nearest reachable ratio is 3.2 (cost 30, everything admissible removed)
        """)
    let plan = try GreedyAllocator().allocate(Self.chain(minimumKept: 2, ratio: 3.2))
    #expect(plan.kept == [2, 2])
  }

  @Test func `the nearest ratio in the message is rounded down`() throws {
    // 96 ÷ 14 = 6.85714…: 6.8572 would be out of reach.
    let error = #expect(throws: AllocationError.self) { try GreedyAllocator().allocate(Self.chain(ratio: 7)) }
    #expect(error?.description.contains("nearest reachable ratio is 6.8571 ") == true)
    #expect(try GreedyAllocator().allocate(Self.chain(ratio: 6.8571)).kept == [1, 1])
  }

  @Test func `a sparsity of 0.8 over 500 and 1000 leaves exactly 300`() throws {
    let groups = [
      try ChoiceGroup(name: "a", losses: [Double](repeating: 1, count: 500)),
      try ChoiceGroup(name: "b", losses: [Double](repeating: 1, count: 1000)),
    ]
    let terms = [0, 1].map { CostTerm(coefficient: 1, left: LinearForm(keptIn: $0)) }
    #expect(try Requirement(name: "s", terms: terms, sparsity: 0.8, groups: groups).limit == 300)
  }

  /// 2·inputs − 1 floating-point operations: a negative constant is fine while the width stays positive.
  @Test func `a negative constant is accepted where no width turns negative`() throws {
    let groups = [try ChoiceGroup(name: "a", losses: [1, 2, 3])]
    let form = LinearForm(constant: -1, terms: [.init(group: 0, perUnit: 2)])
    let good = try Requirement(name: "r", terms: [CostTerm(coefficient: 1, left: form)], limit: 3)
    #expect(try AllocationProblem(groups: groups, requirements: [good]).ranges[0] == CostRange(original: 5, lowest: 1))
    let low = LinearForm(constant: -3, terms: [.init(group: 0, perUnit: 2)])
    let bad = try Requirement(name: "r", terms: [CostTerm(coefficient: 1, left: low)], limit: 3)
    let error = #expect(throws: AllocationError.self) {
      try AllocationProblem(groups: groups, requirements: [bad])
    }
    #expect(error?.description == "requirement 'r': term 0 has a width of -1.0 with the fewest units kept")
  }

  @Test func `numbers that are no cost are refused`() throws {
    let groups = [try ChoiceGroup(name: "a", losses: [1, 2, 3])]
    func message(_ term: CostTerm, limit: Double = 1) -> String? {
      let error = #expect(throws: AllocationError.self) {
        try AllocationProblem(
          groups: groups, requirements: [Requirement(name: "r", terms: [term], limit: limit)])
      }
      return error?.description
    }
    let width = LinearForm(keptIn: 0)
    #expect(message(CostTerm(coefficient: .nan, left: width))?.contains("term 0 is nan") == true)
    #expect(message(CostTerm(coefficient: -1, left: width))?.contains("factor -1.0") == true)
    #expect(message(CostTerm(coefficient: 1, left: LinearForm(keptIn: 1)))?.contains("group 1 of 1") == true)
    #expect(message(CostTerm(coefficient: 1, left: LinearForm(keptIn: -1)))?.contains("group -1 of 1") == true)
    #expect(message(CostTerm(coefficient: 1e308, left: width))?.contains("original cost is inf") == true)
    #expect(message(CostTerm(coefficient: 1, left: width), limit: .nan)?.contains("limit is nan") == true)
    #expect(message(CostTerm(coefficient: 1, left: width), limit: -2)?.contains("limit -2.0") == true)
    let falling = LinearForm(constant: 9, terms: [.init(group: 0, perUnit: -1)])
    #expect(message(CostTerm(coefficient: 1, left: falling))?.contains("factor -1.0") == true)
  }

  @Test(arguments: [0.5, 0, -2, .nan, .infinity])
  func `a compression ratio below 1 or not finite is refused`(ratio: Double) {
    let error = #expect(throws: AllocationError.self) { try Self.chain(ratio: ratio) }
    #expect(error?.description.contains("expected 1 or more (original ÷ pruned)") == true)
  }

  @Test(arguments: [1, -0.1, .nan])
  func `a sparsity outside 0 to 1 is refused`(sparsity: Double) throws {
    #expect(throws: AllocationError.self) {
      try Requirement(name: "s", terms: Self.chainTerms, sparsity: sparsity, groups: Self.chain().groups)
    }
  }

  @Test func `losses whose sum overflows are refused`() throws {
    let group = try ChoiceGroup(name: "a", losses: [1, 1e308])
    let other = try ChoiceGroup(name: "b", losses: [1e308, 1e308 / 2], minimumKept: 2)
    #expect(throws: Never.self) { try AllocationProblem(groups: [group, other], requirements: []) }
    let large = try ChoiceGroup(name: "c", losses: [1.2e308, 1.3e308])
    #expect(throws: AllocationError.self) { try AllocationProblem(groups: [large, large], requirements: []) }
  }

  @Test func `counts that are no plan are refused`() throws {
    let problem = try Self.chain(ratio: 2)
    #expect(throws: AllocationError.invalidPlan(reason: "1 kept counts for 2 groups")) {
      try AllocationPlan(for: problem, kept: [1], method: "hand")
    }
    #expect(throws: AllocationError.invalidPlan(reason: "group 'conv2' keeps 0, which is no admissible count")) {
      try AllocationPlan(for: problem, kept: [1, 0], method: "hand")
    }
    #expect(throws: AllocationError.invalidPlan(reason: "requirement 'target' costs 96.0, expected at most 48.0")) {
      try AllocationPlan(for: problem, kept: [8, 4], method: "hand")
    }
    let plan = try AllocationPlan(for: problem, kept: [5, 2], method: "hand")
    #expect(plan.predictedLossChange == 5)
    #expect(plan.outcomes.map(\.costAfter) == [45])
    #expect(plan.compressionRatio == 96.0 / 45)
    #expect(plan.choices[1].removed == [0, 1])
    #expect(plan.choices[0].pruneRatio == 0.375)
  }
}
