import Allocation
import AllocationProblems
import Glibc

/// A small problem under a set loss, for which every admissible set can be tried.
struct JointProblem {
  enum Kind: CaseIterable {
    case quadratic, quadraticWithLinear, softmax
  }

  let problem: AllocationProblem
  let setLoss: SetLoss
  let seed: UInt64

  init(problem: AllocationProblem, setLoss: SetLoss, seed: UInt64) {
    self.problem = problem
    self.setLoss = setLoss
    self.seed = seed
  }

  init(seed: UInt64, kind: Kind, optionsAndTwoLimits: Bool = false) throws {
    var random = SeededGenerator(seed: seed)
    self.seed = seed
    let count = Int.random(in: 2...3, using: &random)
    let sizes = (0..<count).map { _ in Int.random(in: 3...(count == 2 ? 6 : 5), using: &random) }
    var groups: [ChoiceGroup] = []
    for (index, size) in sizes.enumerated() {
      func chance(_ outOf: Int) -> Bool { Int.random(in: 0..<outOf, using: &random) == 0 }
      let halves = [Array(0..<size / 2), Array(size / 2..<size)]
      let group = try ChoiceGroup(
        name: "g\(index)", losses: (0..<size).map { _ in Double.random(in: 0...1, using: &random) },
        partitions: size.isMultiple(of: 2) && chance(4) ? [halves] : [], minimumKept: chance(5) ? 2 : 1,
        maximumRemoved: chance(5) ? size / 2 : nil, multiple: chance(5) ? 2 : 1)
      groups.append(chance(8) ? try group.fixed(atRatio: 0.4) : group)
    }
    let options =
      optionsAndTwoLimits
      ? [
        try OptionChoice(
          name: "bits", losses: [0, 0.3, 1].map { $0 * Double.random(in: 0.1...1, using: &random) }, original: 0)
      ]
      : []
    var terms: [CostTerm] = []
    for index in groups.indices {
      let factor = optionsAndTwoLimits && index == 0 ? OptionFactor(choice: 0, factors: [1, 0.6, 0.4]) : nil
      terms.append(
        CostTerm(
          coefficient: Double.random(in: 0.5...3, using: &random), left: LinearForm(keptIn: index),
          right: LinearForm(constant: 1, terms: [.init(group: (index + 1) % groups.count)]), option: factor))
    }
    var requirements: [Requirement] = []
    let ratio = Double.random(in: 1.1...2.6, using: &random)
    requirements.append(
      try Self.requirement("target", terms, ratio, groups, options))
    if optionsAndTwoLimits {
      let linear = [CostTerm(coefficient: 1, left: LinearForm(terms: groups.indices.map { .init(group: $0) }))]
      requirements.append(
        try Self.requirement("units", linear, Double.random(in: 1...1.6, using: &random), groups, options))
    }
    problem = try AllocationProblem(groups: groups, options: options, requirements: requirements)
    setLoss = try Self.setLoss(sizes, kind, using: &random)
  }

  /// The ratio asked for, or the largest that can be reached.
  private static func requirement(
    _ name: String, _ terms: [CostTerm], _ ratio: Double, _ groups: [ChoiceGroup], _ options: [OptionChoice]
  ) throws -> Requirement {
    let probe = try Requirement(name: name, terms: terms, limit: 0)
    let range = try AllocationProblem(groups: groups, options: options, requirements: [probe]).ranges[0]
    return try Requirement(name: name, terms: terms, limit: max(range.lowest, range.original / ratio))
  }

  /// - Parameter size: of the columns' numbers, about.
  static func setLoss(
    _ sizes: [Int], _ kind: Kind, size: Double = 1, using random: inout SeededGenerator
  ) throws -> SetLoss {
    let units = sizes.reduce(0, +)
    func normal() -> Double {
      let radius = (-2 * log(Double.random(in: 1e-9...1, using: &random))).squareRoot()
      return radius * cos(Double.random(in: 0...6.283, using: &random))
    }
    let (samples, classes) = kind == .softmax ? (5, 3) : (9, 1)
    // Units share a few directions, so that they cancel and double each other.
    let directions = (0..<3).map { _ in (0..<samples * classes).map { _ in normal() } }
    var columns: [Float] = []
    for _ in 0..<units {
      let scale = size * Double.random(in: 0.2...1.5, using: &random)
      let mixture = directions.map { _ in normal() }
      for row in 0..<samples * classes {
        var value = 0.4 * normal()
        for (share, direction) in zip(mixture, directions) { value += 0.6 * share * direction[row] }
        columns.append(Float(scale * value))
      }
    }
    let linear = (0..<units).map { _ in kind == .quadraticWithLinear ? 0.5 * normal() : 0 }
    let weights = (0..<samples).map { _ in Double.random(in: 0.5...1.5, using: &random) / Double(samples) }
    guard kind == .softmax else {
      return try SetLoss(unitCounts: sizes, columns: columns, linear: linear, form: .quadratic(weights: weights))
    }
    var logProbabilities: [Double] = []
    var targets: [Double] = []
    for _ in 0..<samples {
      let logits = (0..<classes).map { _ in normal() }
      let total = logOfSum(logits)
      logProbabilities += logits.map { $0 - total }
      targets += logits.map { exp($0 - total) }
    }
    return try SetLoss(
      unitCounts: sizes, columns: columns, linear: linear,
      form: .softmax(classes: classes, logProbabilities: logProbabilities, targets: targets, weights: weights))
  }

  /// The loss of a set and of options, written down as its definition reads.
  func loss(of removed: [Int], options: [Int] = []) -> Double {
    naiveValue(setLoss, removing: removed)
      + zip(problem.options, options).reduce(0) { $0 + $1.0.losses[$1.1] }
  }

  /// The least loss of all admissible sets, by trying each.
  func optimum() -> Double? {
    let sets = problem.groups.map { group in
      (0..<1 << group.unitCount).map { mask in (0..<group.unitCount).filter { mask >> $0 & 1 == 1 } }.filter { set in
        group.ladder.contains(group.unitCount - set.count) && Set(group.alreadyRemoved).isSubset(of: set)
          && group.partitions.allSatisfy { blocks in Set(blocks.map { Set($0).intersection(set).count }).count == 1 }
      }
    }
    var best: Double?
    let alternatives = problem.options.first?.losses.indices ?? 0..<1
    func search(_ group: Int, _ removed: [Int], _ kept: [Int], _ first: Int) {
      guard group < sets.count else {
        for alternative in alternatives {
          let options = problem.options.isEmpty ? [] : [alternative]
          guard problem.requirements.allSatisfy({ $0.cost(kept, options: options) <= $0.limit }) else { continue }
          let loss = loss(of: removed, options: options)
          best = min(best ?? loss, loss)
        }
        return
      }
      for set in sets[group] {
        let count = problem.groups[group].unitCount
        search(group + 1, removed + set.map { first + $0 }, kept + [count - set.count], first + count)
      }
    }
    search(0, [], [], 0)
    return best
  }
}

/// The units that a plan removes, numbered over all groups.
func units(of plan: AllocationPlan) -> [Int] {
  var first = 0
  var units: [Int] = []
  for choice in plan.choices {
    units += choice.removed.map { first + $0 }
    first += choice.unitCount
  }
  return units
}

/// The loss of a set as its definition reads, one number after the other.
func naiveValue(_ loss: SetLoss, removing units: [Int]) -> Double {
  let shifts = (0..<loss.rowCount).map { row in
    units.reduce(0) { $0 + Double(loss.columns[$1 * loss.rowCount + row]) }
  }
  var value = units.reduce(0) { $0 + loss.linear[$1] }
  switch loss.form {
  case .quadratic(let weights):
    for (weight, shift) in zip(weights, shifts) { value += weight * shift * shift / 2 }
  case .softmax(let classes, let z, let targets, let weights):
    for (n, weight) in weights.enumerated() {
      let rows = n * classes..<(n + 1) * classes
      let before = logOfSum(rows.map { z[$0] })
      let after = logOfSum(rows.map { z[$0] + shifts[$0] })
      value += weight * (after - rows.reduce(0) { $0 + targets[$1] * shifts[$1] } - before)
    }
  }
  return value
}

/// log Σ exp.
func logOfSum(_ values: [Double]) -> Double { log(values.reduce(0) { $0 + exp($1) }) }
