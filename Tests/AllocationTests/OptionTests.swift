import Allocation
import Testing

/// Options and measured tables: what they cost, and what is refused.
@Suite struct OptionTests {
  /// A layer 3 → a of 4 units at 8, 4 or 2 bits, which lose 0, 1 and 6.
  private func layer(limit: Double, losses: [Double] = [2, 2, 2, 2]) throws -> AllocationProblem {
    let bits = try OptionChoice(name: "bits", losses: [0, 1, 6], original: 0)
    let term = CostTerm(
      coefficient: 3, left: LinearForm(keptIn: 0), option: OptionFactor(choice: 0, factors: [8, 4, 2]))
    return try AllocationProblem(
      groups: [ChoiceGroup(name: "a", losses: losses)], options: [bits],
      requirements: [Requirement(name: "target", terms: [term], limit: limit)])
  }

  @Test func `an option multiplies its terms, and the original cost counts its original`() throws {
    let problem = try layer(limit: 96)
    #expect(problem.ranges[0] == CostRange(original: 96, lowest: 6))
    #expect(problem.requirements[0].cost([3], options: [1]) == 36)
    let plan = try AllocationPlan(for: problem, kept: [3], options: [2], method: "hand")
    #expect(plan.predictedLossChange == 8)
    #expect(plan.outcomes[0].costBefore == 96)
    #expect(plan.outcomes[0].costAfter == 18)
  }

  /// Half the bits halve the cost for 1; a unit of four saves a quarter for 2.
  @Test(arguments: [(96.0, [4], 0, 0.0), (48, [4], 1, 1), (36, [3], 1, 3), (24, [2], 1, 5), (12, [1], 1, 7)])
  func `bits and units are chosen together`(limit: Double, kept: [Int], bits: Int, loss: Double) throws {
    let plan = try OptimalAllocator().allocate(layer(limit: limit))
    #expect(plan.kept == kept)
    #expect(plan.options == [bits])
    #expect(plan.predictedLossChange == loss)
    #expect(plan.lowerBound == loss)
    #expect(plan.gap == 0)
    let greedy = try GreedyAllocator().allocate(layer(limit: limit))
    #expect(greedy.options == [bits])
    #expect(greedy.predictedLossChange == loss)
    #expect(greedy.gap == nil)
    #expect(greedy.prices == [])
  }

  @Test func `a factor of zero makes a layer free`() throws {
    let off = try OptionChoice(name: "off", losses: [0, 5], original: 0)
    let term = CostTerm(
      coefficient: 1, left: LinearForm(keptIn: 0), option: OptionFactor(choice: 0, factors: [1, 0]))
    let problem = try AllocationProblem(
      groups: [ChoiceGroup(name: "a", losses: [9, 9, 9])], options: [off],
      requirements: [Requirement(name: "target", terms: [term], limit: 0)])
    #expect(problem.ranges[0].largestRatio == .infinity)
    for plan in [try GreedyAllocator().allocate(problem), try OptimalAllocator().allocate(problem)] {
      #expect(plan.kept == [3] && plan.options == [1] && plan.predictedLossChange == 5)
    }
  }

  @Test func `alternatives that no choice reconciles are a conflict of requirements`() throws {
    let option = try OptionChoice(name: "o", losses: [0, 0], original: 0)
    let requirements = try [[1.0, 3], [3, 1]].enumerated().map { number, factors in
      try Requirement(
        name: "r\(number)",
        terms: [
          CostTerm(
            coefficient: 1, left: LinearForm(constant: 1), option: OptionFactor(choice: 0, factors: factors))
        ], limit: 2)
    }
    let problem = try AllocationProblem(groups: [], options: [option], requirements: requirements)
    for allocator in [GreedyAllocator(), OptimalAllocator()] as [any Allocator] {
      let error = #expect(throws: AllocationError.self) { try allocator.allocate(problem) }
      #expect(error == .conflictingRequirements(names: ["r0", "r1"]))
      #expect(
        error?.description == "requirements 'r0', 'r1': no choice of options found that meets them all")
    }
  }

  @Test func `what is no option is refused in one line`() throws {
    func message(_ make: () throws -> AllocationProblem) -> String {
      let error = #expect(throws: AllocationError.self) { try make() }
      return error?.description ?? ""
    }
    func problem(_ factor: OptionFactor) throws -> AllocationProblem {
      let term = CostTerm(coefficient: 1, left: LinearForm(constant: 1), option: factor)
      return try AllocationProblem(
        groups: [], options: [OptionChoice(name: "o", losses: [0, 1], original: 1)],
        requirements: [Requirement(name: "r", terms: [term], limit: 1)])
    }
    #expect(message { try problem(OptionFactor(choice: 1, factors: [1, 1])) }.contains("option 1 of 1 options"))
    #expect(message { try problem(OptionFactor(choice: 0, factors: [1])) }.contains("1 factors for 2 alternatives"))
    #expect(message { try problem(OptionFactor(choice: 0, factors: [1, -1])) }.contains("factor -1.0"))
    #expect(message { try problem(OptionFactor(choice: 0, factors: [1, .nan])) }.contains("is nan"))
    for (losses, original, text) in [
      ([], 0, "no alternatives"), ([.infinity], 0, "alternative 0 is inf"), ([0], 1, "original is 1, expected 0 to 0"),
    ] as [([Double], Int, String)] {
      let error = #expect(throws: AllocationError.self) {
        try OptionChoice(name: "o", losses: losses, original: original)
      }
      #expect(error?.description.contains(text) == true)
    }
    #expect(throws: AllocationError.invalidPlan(reason: "option 'bits' has no alternative 3")) {
      try AllocationPlan(for: layer(limit: 96), kept: [4], options: [3], method: "hand")
    }
    #expect(throws: AllocationError.invalidPlan(reason: "0 alternatives for 1 options")) {
      try AllocationPlan(for: layer(limit: 96), kept: [4], options: [], method: "hand")
    }
  }
}

@Suite struct WidthTableTests {
  @Test func `a table gives the entry of the next widths up, and the last beyond`() throws {
    let table = try WidthTable(lefts: [8, 16], rights: [1, 4, 8], values: [[1, 2, 3], [2, 5, 9]])
    #expect(table.value(0, 0) == 1)
    #expect(table.value(8, 1) == 1)
    #expect(table.value(8.5, 1) == 2)
    #expect(table.value(9, 3) == 5)
    #expect(table.value(99, 99) == 9)
    let term = CostTerm(coefficient: 10, table: table, left: LinearForm(keptIn: 0), right: LinearForm(constant: 4))
    #expect(term.value([9]) == 50)
  }

  @Test func `a measured fall where a width grows is levelled`() throws {
    let table = try WidthTable(lefts: [1, 2], rights: [1, 2], values: [[3, 1], [2, 5]])
    #expect(table.values == [3, 3, 3, 5])
  }

  @Test(
    arguments: [
      ([], [1], [], "no left widths"), ([1], [2, 2], [[1, 1]], "right width 2.0 is followed by 2.0"),
      ([1, 2], [1], [[1]], "no 2 rows of 1"), ([1], [1], [[-1]], "entry (0, 0) is -1.0"),
      ([1], [1], [[.nan]], "entry (0, 0) is nan"), ([.infinity], [1], [[1]], "a left width is inf"),
    ] as [([Double], [Double], [[Double]], String)])
  func `what is no table is refused`(lefts: [Double], rights: [Double], values: [[Double]], message: String) {
    let error = #expect(throws: AllocationError.self) { try WidthTable(lefts: lefts, rights: rights, values: values) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  /// One stair of four units: three steps gain nothing, the fourth 10.
  @Test func `greedy looks to the next rung that gains`() throws {
    let table = try WidthTable(lefts: [4, 8], rights: [1], values: [[10], [20]])
    let groups = [
      try ChoiceGroup(name: "a", losses: [1, 1, 1, 1, 9, 9, 9, 9]), try ChoiceGroup(name: "b", losses: [6, 6]),
    ]
    let terms = [
      CostTerm(coefficient: 1, table: table, left: LinearForm(keptIn: 0)),
      CostTerm(coefficient: 10, left: LinearForm(keptIn: 1)),
    ]
    let problem = try AllocationProblem(
      groups: groups, requirements: [Requirement(name: "latency", terms: terms, limit: 30)])
    for plan in [try GreedyAllocator().allocate(problem), try OptimalAllocator().allocate(problem)] {
      #expect(plan.kept == [4, 2])
      #expect(plan.predictedLossChange == 4)
      #expect(plan.outcomes[0].costAfter == 30)
    }
  }
}
