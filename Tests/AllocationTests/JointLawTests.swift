import Allocation
import AllocationProblems
import Testing

/// What every joint plan keeps, and what only a joint plan sees.
@Suite struct JointLawTests {
  /// One group whose cost is the number of its units.
  private static func counted(_ units: Int, remove: Int, fixed: Bool = false) throws -> AllocationProblem {
    let group = try ChoiceGroup(
      name: "g", losses: [Double](repeating: 1, count: units), fixedRemoved: fixed ? remove : nil)
    let terms = [CostTerm(coefficient: 1, left: LinearForm(keptIn: 0))]
    return try AllocationProblem(
      groups: [group],
      requirements: fixed ? [] : [Requirement(name: "units", terms: terms, limit: Double(units - remove))])
  }

  private static func quadratic(_ rows: [[Float]], linear: [Double]? = nil, groups: [Int]? = nil) throws -> SetLoss {
    try SetLoss(
      unitCounts: groups ?? [rows.count], columns: rows.flatMap { $0 },
      linear: linear ?? [Double](repeating: 0, count: rows.count),
      form: .quadratic(weights: [Double](repeating: 1, count: rows[0].count)))
  }

  @Test(arguments: JointProblem.Kind.allCases, UInt64(1)...30)
  func `a plan keeps limits, ladders, partitions and counts set by hand`(kind: JointProblem.Kind, seed: UInt64) throws {
    let small = try JointProblem(seed: seed, kind: kind, optionsAndTwoLimits: true)
    let plan = try JointAllocator(setLoss: small.setLoss).allocate(small.problem)
    for requirement in small.problem.requirements {
      #expect(requirement.cost(plan.kept, options: plan.options) <= requirement.limit, "seed \(seed)")
    }
    for (group, choice) in zip(small.problem.groups, plan.choices) {
      #expect(
        choice.removed.count == group.unitCount - choice.kept && Set(choice.removed).count == choice.removed.count)
      #expect(group.ladder.contains(choice.kept), "seed \(seed)")
      for blocks in group.partitions {
        #expect(Set(blocks.map { Set($0).intersection(choice.removed).count }).count == 1, "seed \(seed)")
      }
    }
    #expect(plan.prices.count == small.problem.requirements.count)
    #expect(plan.prices.allSatisfy { $0 >= 0 })
    let parts =
      plan.choices.reduce(0) { $0 + $1.lossChange }
      + zip(small.problem.options, plan.options).reduce(0) { $0 + $1.0.losses[$1.1] }
    #expect(abs(parts - plan.predictedLossChange) < 1e-12)
    #expect(try JointAllocator(setLoss: small.setLoss).allocate(small.problem) == plan, "the same again")
  }

  @Test(arguments: UInt64(1)...20)
  func `a plan is no worse than the additive plans`(seed: UInt64) throws {
    let small = try JointProblem(seed: seed, kind: .softmax)
    let plan = try JointAllocator(setLoss: small.setLoss).allocate(small.problem)
    for additive in [try OptimalAllocator().allocate(small.problem), try GreedyAllocator().allocate(small.problem)] {
      #expect(plan.predictedLossChange <= small.loss(of: units(of: additive)) + 1e-9, "seed \(seed)")
    }
  }

  @Test func `two units that undo each other go together, though each alone is the dearest`() throws {
    let setLoss = try Self.quadratic([[1, 0, 0], [3, 1, 0], [0, 1, 1], [-3, -1, 0.1], [0, 0, 1.5]])
    let plan = try JointAllocator(setLoss: setLoss).allocate(Self.counted(5, remove: 2))
    #expect(plan.choices[0].removed == [1, 3])
    #expect(abs(plan.predictedLossChange - 0.005) < 1e-8)
  }

  @Test func `of two units that do the same only one goes`() throws {
    // Alone: 0.5, 0.5, 0.72, 4.5. The two cheapest together: 2, not 1.
    let setLoss = try Self.quadratic([[1, 0, 0], [1, 0, 0], [0, 1.2, 0], [0, 0, 3]])
    let plan = try JointAllocator(setLoss: setLoss).allocate(Self.counted(4, remove: 2))
    #expect(plan.choices[0].removed.contains(2))
    #expect(abs(plan.predictedLossChange - 1.22) < 1e-6)
  }

  @Test func `a count set by hand leaves the choice of units`() throws {
    let setLoss = try Self.quadratic([[1, 0, 0], [3, 1, 0], [0, 1, 1], [-3, -1, 0.1], [0, 0, 1.5]])
    let plan = try JointAllocator(setLoss: setLoss).allocate(Self.counted(5, remove: 2, fixed: true))
    #expect(plan.choices[0].removed == [1, 3] && plan.choices[0].isFixed)
  }

  @Test func `units that lower the loss go without any requirement`() throws {
    let setLoss = try Self.quadratic([[1], [1], [1], [1]], linear: [-2, 1, 1, -2])
    let group = try ChoiceGroup(name: "g", losses: [1, 1, 1, 1])
    let plan = try JointAllocator(setLoss: setLoss).allocate(AllocationProblem(groups: [group], requirements: []))
    #expect(plan.choices[0].removed == [0, 3])
    #expect(plan.predictedLossChange == -2)
  }

  @Test(arguments: UInt64(1)...10)
  func `a loss without shifts is the additive problem, with its bound`(seed: UInt64) throws {
    let random = try RandomProblem(seed: seed, negative: true).problem
    guard let optimum = exhaustiveOptimum(random) else { return }
    let units = random.groups.map(\.unitCount)
    let losses = random.groups.flatMap(\.losses)
    let setLoss = try SetLoss(
      unitCounts: units, columns: [Float](repeating: 0, count: 3 * losses.count), linear: losses,
      form: .quadratic(weights: [1, 1, 1]))
    let plan = try JointAllocator(setLoss: setLoss).allocate(random)
    let rounding = 1e-9 * (1 + optimum.magnitude)
    #expect(abs(plan.predictedLossChange - optimum) < rounding)
    let bound = try #require(plan.lowerBound)
    #expect(abs(bound - optimum) < 1e-3 * (1 + optimum.magnitude))
  }

  @Test(arguments: JointProblem.Kind.allCases, UInt64(1)...10)
  func `a nearly linear loss is solved with a bound that closes`(kind: JointProblem.Kind, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let small = try JointProblem.setLoss([5, 6], kind, size: 0.2, using: &random)
    let linear = (0..<11).map { Double($0.isMultiple(of: 3) ? -1 : 1) * (1 + 0.05 * Double($0)) }
    let setLoss = try SetLoss(unitCounts: [5, 6], columns: small.columns, linear: linear, form: small.form)
    let groups = try [5, 6].map { count in
      try ChoiceGroup(name: "g", losses: [Double](repeating: 1, count: count))
    }
    let joint = JointProblem(
      problem: try AllocationProblem(groups: groups, requirements: []), setLoss: setLoss, seed: seed)
    let optimum = try #require(joint.optimum())
    let plan = try JointAllocator(setLoss: setLoss).allocate(joint.problem)
    #expect(abs(plan.predictedLossChange - optimum) < 1e-9, "seed \(seed)")
    // Each unit's own term outweighs all shifts, so no mixture is better than the best set.
    #expect(abs((plan.lowerBound ?? 0) - optimum) < 1e-9, "seed \(seed)")
  }

  @Test(arguments: UInt64(1)...10)
  func `without mixed terms the plan is as good as the additive one`(seed: UInt64) throws {
    let random = try RandomProblem(seed: seed, negative: false).problem
    guard let optimum = exhaustiveOptimum(random) else { return }
    let losses = random.groups.flatMap(\.losses)
    var columns = [Float](repeating: 0, count: losses.count * losses.count)
    for (unit, loss) in losses.enumerated() { columns[unit * losses.count + unit] = Float((2 * loss).squareRoot()) }
    let setLoss = try SetLoss(
      unitCounts: random.groups.map(\.unitCount), columns: columns,
      linear: [Double](repeating: 0, count: losses.count),
      form: .quadratic(weights: [Double](repeating: 1, count: losses.count)))
    let plan = try JointAllocator(setLoss: setLoss).allocate(random)
    // Float roots: to about 1e-7 of each loss.
    #expect(abs(plan.predictedLossChange - optimum) < 1e-5 * (1 + optimum), "seed \(seed)")
  }

  @Test(arguments: UInt64(1)...10)
  func `units gone before stay gone and the rest is chosen beside them`(seed: UInt64) throws {
    let first = try JointProblem(seed: seed, kind: .quadratic)
    let gone = first.problem.groups.map { group in
      group.fixedRemoved == nil ? group.removedUnits(keeping: group.ladder[group.ladder.count / 2]) : []
    }
    let groups = try zip(first.problem.groups, gone).map { group, gone in
      try ChoiceGroup(
        name: group.name, losses: group.losses, partitions: group.partitions, minimumKept: group.minimumKept,
        maximumRemoved: group.maximumRemoved, multiple: group.multiple, alreadyRemoved: gone,
        fixedRemoved: group.fixedRemoved)
    }
    // That they stay must not depend on their columns being 0: these would pay to come back.
    var linear = first.setLoss.linear
    var start = 0
    for (group, gone) in zip(groups, gone) {
      for unit in gone { linear[start + unit] = 5 }
      start += group.unitCount
    }
    let setLoss = try SetLoss(
      unitCounts: first.setLoss.unitCounts, columns: first.setLoss.columns, linear: linear, form: first.setLoss.form)
    let second = JointProblem(
      problem: try AllocationProblem(groups: groups, requirements: first.problem.requirements), setLoss: setLoss,
      seed: seed)
    let plan = try JointAllocator(setLoss: setLoss).allocate(second.problem)
    for (choice, gone) in zip(plan.choices, gone) { #expect(Set(gone).isSubset(of: choice.removed), "seed \(seed)") }
    let optimum = try #require(second.optimum())
    #expect(
      plan.predictedLossChange >= optimum - 1e-9 && plan.predictedLossChange <= 1.5 * optimum + 1e-9, "seed \(seed)")
    try expectBounds(below: second)
  }

  @Test func `what cannot be reached is said`() throws {
    let setLoss = try Self.quadratic([[1], [2], [3]])
    #expect(throws: AllocationError.self) { try JointAllocator(setLoss: setLoss).allocate(Self.counted(3, remove: 3)) }
  }

  @Test(arguments: [
    ([0, 0], "each once"), ([7], "expected units 0 to 3"), ([0, 1], "blocks of partition 0"),
    ([2, 3], "removed before"),
    ([0], "blocks of partition 0"), ([0, 1, 2, 3], "no admissible count"),
  ])
  func `a set of units that is no plan is refused`(removed: [Int], reason: String) throws {
    let group = try ChoiceGroup(
      name: "g", losses: [1, 2, 3, 4], partitions: [[[0, 1], [2, 3]]],
      alreadyRemoved: reason == "removed before" ? [0, 2] : [])
    let problem = try AllocationProblem(groups: [group], requirements: [])
    do {
      _ = try AllocationPlan(for: problem, removed: [removed], lossChanges: [1], method: "test")
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains(reason))
    }
    let plan = try AllocationPlan(for: problem, removed: [[2, 0]], lossChanges: [1], method: "test", lowerBound: 0.5)
    #expect(plan.choices[0].removed == [0, 2] && plan.predictedLossChange == 1 && plan.gap == 0.5)
  }
}
