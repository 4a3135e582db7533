import Allocation
import AllocationProblems
import Testing

struct MeasuredAllocatorTests {
  private typealias Candidate = MeasuredAllocator.Candidate

  private static func group(_ name: String, _ units: Int, multiple: Int = 1) throws -> ChoiceGroup {
    try ChoiceGroup(name: name, losses: (0..<units).map(Double.init), multiple: multiple)
  }

  /// A problem whose cost is the sum of factor × kept units.
  private static func problem(_ groups: [ChoiceGroup], factors: [Double], limit: Double) throws -> AllocationProblem {
    let terms = factors.enumerated().map { CostTerm(coefficient: $1, left: LinearForm(keptIn: $0)) }
    return try AllocationProblem(
      groups: groups, requirements: [Requirement(name: "target", terms: terms, limit: limit)])
  }

  @Test func `4 candidates keep 0.25, 0.5 and 0.75 of a group`() throws {
    #expect(MeasuredAllocator.keptCounts(of: try Self.group("a", 100), candidates: 4) == [75, 50, 25])
    #expect(MeasuredAllocator.keptCounts(of: try Self.group("a", 64), candidates: 4) == [48, 32, 16])
    // 3.75, 2.5 and 1.25 of 5 units: the next whole counts.
    #expect(MeasuredAllocator.keptCounts(of: try Self.group("a", 5), candidates: 4) == [4, 3, 2])
  }

  @Test func `candidates are on the ladder, each once, and none keeps everything`() throws {
    // 15, 10 and 5 of 20 become 16, 16 and 8.
    #expect(MeasuredAllocator.keptCounts(of: try Self.group("a", 20, multiple: 8), candidates: 4) == [16, 8])
    #expect(MeasuredAllocator.keptCounts(of: try Self.group("a", 8, multiple: 8), candidates: 4) == [])
    #expect(MeasuredAllocator.keptCounts(of: try Self.group("a", 1), candidates: 4) == [])
    let limited = try ChoiceGroup(name: "a", losses: [Double](repeating: 1, count: 10), maximumRemoved: 4)
    #expect(MeasuredAllocator.keptCounts(of: limited, candidates: 10) == [9, 8, 7, 6])
    let fixed = try Self.group("a", 10).fixed(atRatio: 0.5)
    #expect(MeasuredAllocator.keptCounts(of: fixed, candidates: 10) == [])
  }

  @Test func `a group goes down to the last candidate before the first below the floor`() throws {
    let groups = [try Self.group("a", 10), try Self.group("b", 10)]
    // a: the score recovers below 0.3, but the walk has stopped in front of it.
    let candidates = [
      [Candidate(kept: 8, score: 0.8), Candidate(kept: 5, score: 0.3), Candidate(kept: 2, score: 0.7)],
      [Candidate(kept: 8, score: 0.6), Candidate(kept: 5, score: 0.5), Candidate(kept: 2, score: 0.1)],
    ]
    let allocator = MeasuredAllocator(originalScore: 1, candidates: candidates)
    func kept(_ limit: Double) throws -> [Int] {
      try allocator.allocate(Self.problem(groups, factors: [1, 1], limit: limit)).kept
    }
    #expect(try kept(20) == [10, 10])
    #expect(try kept(18) == [8, 10])
    #expect(try kept(16) == [8, 8])
    #expect(try kept(13) == [8, 5])
    // At the floor 0.3 both steps of a are open, and both are needed.
    #expect(try kept(7) == [2, 5])
    #expect(try kept(4) == [2, 2])
  }

  @Test func `of steps with one score the first groups go, and no more of them than needed`() throws {
    let groups = try (0..<3).map { try Self.group("\($0)", 10) }
    let candidates = groups.map { _ in [Candidate(kept: 8, score: 0.5), Candidate(kept: 6, score: 0.5)] }
    let allocator = MeasuredAllocator(originalScore: 1, candidates: candidates)
    let plan = try allocator.allocate(Self.problem(groups, factors: [1, 1, 1], limit: 24))
    #expect(plan.kept == [6, 8, 10])
    // 0.5 below the original for each of the two groups.
    #expect(plan.predictedLossChange == 1)
    #expect(plan.choices.map(\.lossChange) == [0.5, 0.5, 0])
    #expect(plan.method == "measured")
  }

  @Test func `steps that are not needed are given back, the lowest score first`() throws {
    let groups = try (0..<3).map { try Self.group("\($0)", 2) }
    let candidates = [0.9, 0.8, 0.5].map { [Candidate(kept: 1, score: $0)] }
    let allocator = MeasuredAllocator(originalScore: 1, candidates: candidates)
    // 38 before, 25 allowed: the floor 0.5 takes off 19. The lowest, 7, is needed beside either 6; of those the lower goes.
    let plan = try allocator.allocate(Self.problem(groups, factors: [6, 6, 7], limit: 25))
    #expect(plan.kept == [1, 2, 1])
  }

  @Test func `fitted scores let a walk pass a dip`() throws {
    let groups = [try Self.group("a", 10), try Self.group("b", 10)]
    // a's fit over ascending counts: 2 → 0.5, 5 and 8 → (0.6 + 0.4) ÷ 2, which pools with 2 as well: all 0.5.
    let candidates = [
      [Candidate(kept: 8, score: 0.4), Candidate(kept: 5, score: 0.6), Candidate(kept: 2, score: 0.5)],
      [Candidate(kept: 8, score: 0.45)],
    ]
    let problem = try Self.problem(groups, factors: [1, 1], limit: 17)
    // Without the fit the first step of a stands at 0.4, below b's, which goes first and is needed beside it.
    #expect(try MeasuredAllocator(originalScore: 1, candidates: candidates).allocate(problem).kept == [8, 8])
    let fitted = MeasuredAllocator(originalScore: 1, candidates: candidates, isFitted: true)
    #expect(fitted.candidates[0].map(\.score) == [0.5, 0.5, 0.5])
    #expect(fitted.candidates[0].map(\.kept) == [8, 5, 2])
    let plan = try fitted.allocate(problem)
    #expect(plan.kept == [5, 10])
    #expect(plan.predictedLossChange == 0.5)
  }

  @Test func `what cannot be reached names the cost of the smallest candidates`() throws {
    let groups = [try Self.group("a", 10)]
    let problem = try Self.problem(groups, factors: [1], limit: 2)
    let counts = [MeasuredAllocator.keptCounts(of: groups[0], candidates: 3)]
    let error = AllocationError.infeasible(requirement: "target", original: 10, limit: 2, lowest: 4)
    #expect(throws: error) { try MeasuredAllocator.checkReachable(problem, candidates: 3) }
    try MeasuredAllocator.checkReachable(problem, candidates: 5)
    let candidates = [counts[0].map { Candidate(kept: $0, score: 0) }]
    #expect(throws: error) { try MeasuredAllocator(originalScore: 0, candidates: candidates).allocate(problem) }
  }

  @Test(arguments: [
    [], [[Candidate(kept: 10, score: 0)]], [[Candidate(kept: 5, score: .nan)]],
    [[Candidate(kept: 5, score: 0), Candidate(kept: 6, score: 0)]], [[Candidate(kept: -1, score: 0)]],
  ])
  private func `candidates of another problem are refused`(_ candidates: [[Candidate]]) throws {
    let problem = try Self.problem([Self.group("a", 10)], factors: [1], limit: 10)
    #expect(throws: AllocationError.self) {
      try MeasuredAllocator(originalScore: 0, candidates: candidates).allocate(problem)
    }
  }

  @Test(arguments: UInt64(1)...200)
  func `the floor is the highest that any choice allows, and no step can be given back`(seed: UInt64) throws {
    let problem = try RandomProblem(seed: seed, negative: false).problem
    var random = SeededGenerator(seed: seed ^ 0xA1)
    let count = Int.random(in: 2...5, using: &random)
    // Few different scores now and then, so that there are ties.
    let scores = Int.random(in: 3...40, using: &random)
    let candidates = problem.groups.map { group in
      MeasuredAllocator.keptCounts(of: group, candidates: count).map {
        Candidate(kept: $0, score: Double(Int.random(in: 0..<scores, using: &random)))
      }
    }
    let best = Self.highestFloor(problem, candidates)
    let allocator = MeasuredAllocator(originalScore: Double(scores), candidates: candidates)
    guard let best else {
      #expect(throws: AllocationError.self) { try allocator.allocate(problem) }
      return
    }
    let plan = try allocator.allocate(problem)
    let kept = plan.kept
    #expect(problem.requirements.allSatisfy { $0.cost(kept) <= $0.limit }, "seed \(seed)")
    #expect(Self.floor(kept, candidates) == best, "seed \(seed)")
    for (group, own) in candidates.enumerated() {
      guard let step = own.firstIndex(where: { $0.kept == kept[group] }) else { continue }
      var milder = kept
      milder[group] = step == 0 ? problem.groups[group].unitCount : own[step - 1].kept
      #expect(problem.requirements.contains { $0.cost(milder) > $0.limit }, "seed \(seed), group \(group)")
    }
    let change = zip(kept, candidates).reduce(0.0) { sum, pair in
      sum + (pair.1.first { $0.kept == pair.0 }.map { Double(scores) - $0.score } ?? 0)
    }
    #expect(plan.predictedLossChange == change, "seed \(seed)")
  }

  /// The highest floor of all admissible choices; `nil` if there are none.
  private static func highestFloor(_ problem: AllocationProblem, _ candidates: [[Candidate]]) -> Double? {
    var best: Double?
    var kept = problem.groups.map { $0.ladder[0] }
    func search(_ group: Int) {
      guard group < kept.count else {
        if problem.requirements.allSatisfy({ $0.cost(kept) <= $0.limit }) {
          best = max(best ?? -.infinity, floor(kept, candidates))
        }
        return
      }
      let whole = kept[group]
      for count in [whole] + candidates[group].map(\.kept) {
        kept[group] = count
        search(group + 1)
      }
      kept[group] = whole
    }
    search(0)
    return best
  }

  /// The highest floor that lets the groups come down to these counts: the lowest score met on the way.
  private static func floor(_ kept: [Int], _ candidates: [[Candidate]]) -> Double {
    zip(kept, candidates).flatMap { kept, own in own.filter { $0.kept >= kept }.map(\.score) }.min() ?? .infinity
  }
}
