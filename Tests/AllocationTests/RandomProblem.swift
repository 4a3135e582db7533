import Allocation
import AllocationProblems

/// A small problem of the kind that networks give: chains, residual streams, concatenations, blocks, multiples.
struct RandomProblem {
  let problem: AllocationProblem
  let seed: UInt64

  /// - Parameter negative: whether about a third of the losses may be below zero.
  init(seed: UInt64, negative: Bool) throws {
    var random = SeededGenerator(seed: seed)
    let count = Int.random(in: 2...6, using: &random)
    // Up to 1296 combinations for four groups, 3125 for five and 4096 for six: hard enough, and quick to enumerate.
    let units = count < 5 ? 3...6 : count == 5 ? 3...5 : 2...4
    let groups = try (0..<count).map { index in
      try Self.group(index, units: units, negative: negative, using: &random)
    }
    let terms = Self.terms(over: groups, using: &random)
    var requirements: [Requirement] = []
    let whole = groups.map(\.unitCount)
    let least = groups.map { $0.ladder.last ?? $0.unitCount }
    for number in 0..<Int.random(in: 1...2, using: &random) {
      let chosen = number == 0 ? terms : [CostTerm(coefficient: 1, left: LinearForm(keptIn: 0))]
      let probe = try Requirement(name: "probe", terms: chosen, limit: 0)
      let lowest = probe.cost(least)
      // From a little below what can be reached to the original cost.
      let share = Double.random(in: -0.1...1, using: &random)
      let limit = lowest + share * (probe.cost(whole) - lowest)
      requirements.append(try Requirement(name: "r\(number)", terms: chosen, limit: max(0, limit)))
    }
    problem = try AllocationProblem(groups: groups, requirements: requirements)
    self.seed = seed
  }

  private static func group(
    _ index: Int, units: ClosedRange<Int>, negative: Bool, using random: inout SeededGenerator
  ) throws -> ChoiceGroup {
    func chance(_ outOf: Int) -> Bool { Int.random(in: 0..<outOf, using: &random) == 0 }
    let units = Int.random(in: units, using: &random)
    let scale = Double.random(in: 0.1...10, using: &random)
    var losses: [Double] = []
    for _ in 0..<units {
      let lowest = negative && chance(3) ? -0.5 : 0
      // Whole losses now and then, so that there are ties.
      losses.append(chance(6) ? scale.rounded(.up) : scale * Double.random(in: lowest...1, using: &random))
    }
    let halves = [Array(0..<units / 2), Array(units / 2..<units)]
    let group = try ChoiceGroup(
      name: "g\(index)", losses: losses, partitions: units.isMultiple(of: 2) && chance(6) ? [halves] : [],
      minimumKept: chance(6) ? 2 : 1, maximumRemoved: chance(6) ? Int.random(in: 1...units, using: &random) : nil,
      multiple: chance(6) ? 2 : 1)
    return chance(12) ? try group.fixed(atRatio: 0.4) : group
  }

  private static func terms(over groups: [ChoiceGroup], using random: inout SeededGenerator) -> [CostTerm] {
    var terms = [CostTerm(coefficient: 3, left: LinearForm(keptIn: 0))]
    for index in groups.indices {
      let partner = Int.random(in: groups.indices, using: &random)
      var parts = [LinearForm.Part(group: partner, perUnit: Double(Int.random(in: 0...3, using: &random)))]
      if Bool.random(using: &random) {
        parts.append(.init(group: Int.random(in: groups.indices, using: &random)))
      }
      terms.append(
        CostTerm(
          coefficient: Double.random(in: 0...5, using: &random), left: LinearForm(keptIn: index),
          right: LinearForm(constant: Double(Int.random(in: 0...2, using: &random)), terms: parts)))
    }
    return terms
  }
}

/// The least loss over all admissible kept counts and options that meet every requirement; `nil` if none do.
func exhaustiveOptimum(_ problem: AllocationProblem) -> Double? {
  var best: Double?
  var kept = problem.groups.map(\.unitCount)
  var options = problem.options.map(\.original)
  func choose(_ option: Int, _ loss: Double) {
    guard option < options.count else {
      let meetsAll = problem.requirements.allSatisfy { $0.cost(kept, options: options) <= $0.limit }
      if meetsAll, best.map({ loss < $0 }) ?? true { best = loss }
      return
    }
    for (alternative, change) in problem.options[option].losses.enumerated() {
      options[option] = alternative
      choose(option + 1, loss + change)
    }
  }
  func search(_ group: Int, _ loss: Double) {
    guard group < kept.count else { return choose(0, loss) }
    for (count, change) in zip(problem.groups[group].ladder, problem.groups[group].ladderLosses) {
      kept[group] = count
      search(group + 1, loss + change)
    }
  }
  search(0, 0)
  return best
}
