/// The kept counts and chosen alternatives while a search moves them, with every cost up to date.
///
/// The problem is laid out flat, so that a move touches only the terms in which its group or option occurs. Every cost
/// has the same bits as `Requirement.cost` gives: forms and sums are evaluated anew, in the same order, never adjusted.
///
/// What can move is numbered: the groups, then the options.
struct WorkingWidths {
  let problem: AllocationProblem
  let groupCount: Int
  /// Groups and options.
  let moverCount: Int
  /// Cost of each requirement now.
  private(set) var costs: [Double]
  let limits: [Double]
  /// Units kept in each group now.
  private(set) var kept: [Int]
  /// Alternative of each option now.
  private(set) var options: [Int]
  /// Place of each group on its ladder now; 0 is the whole group.
  private(set) var rungs: [Int]
  /// Terms evaluated or added up by moves so far: a measure of effort.
  private(set) var work = 0

  private let terms: [CostTerm]
  private var lefts: [Double]
  private var rights: [Double]
  private var values: [Double]
  /// The terms of requirement r are termBounds[r] ..< termBounds[r + 1].
  private let termBounds: [Int]
  private let incidence: TermIncidence

  /// All groups whole, fixed ones at their count, unless rungs are given; the original options, unless others are.
  init(_ problem: AllocationProblem, rungs: [Int]? = nil, options: [Int]? = nil) {
    self.problem = problem
    groupCount = problem.groups.count
    moverCount = problem.groups.count + problem.options.count
    let rungs = rungs ?? [Int](repeating: 0, count: problem.groups.count)
    let options = options ?? problem.options.map(\.original)
    let start = zip(problem.groups, rungs).map { $0.ladder[$1] }
    self.rungs = rungs
    self.options = options
    kept = start
    limits = problem.requirements.map(\.limit)
    costs = problem.requirements.map { $0.cost(start, options: options) }
    var bounds = [0]
    for requirement in problem.requirements {
      bounds.append(bounds[bounds.count - 1] + requirement.terms.count)
    }
    termBounds = bounds
    terms = problem.requirements.flatMap(\.terms)
    lefts = terms.map { $0.left.value(start) }
    rights = terms.map { $0.right.value(start) }
    values = terms.map { $0.value(start, options: options) }
    incidence = TermIncidence(terms, groupCount: groupCount, optionCount: problem.options.count)
  }

  /// For every mover those whose gains change when it moves, itself included, ascending.
  var dependents: [[Int]] { incidence.dependents }

  /// Sum of the losses of the groups and options as they stand.
  var loss: Double {
    var sum = 0.0
    for (group, rung) in zip(problem.groups, rungs) { sum += group.ladderLosses[rung] }
    for (option, chosen) in zip(problem.options, options) { sum += option.losses[chosen] }
    return sum
  }

  var meetsAll: Bool { costs.indices.allSatisfy { costs[$0] <= limits[$0] } }

  func canShrink(_ group: Int) -> Bool { rungs[group] + 1 < problem.groups[group].ladder.count }

  func canGrow(_ group: Int) -> Bool { rungs[group] > 0 }

  /// Loss of the next step down. - Precondition: `canShrink(group)`.
  func lossOfShrinking(_ group: Int) -> Double { problem.groups[group].stepLosses[rungs[group]] }

  /// Loss that the last step down cost. - Precondition: `canGrow(group)`.
  func lossOfLastStep(_ group: Int) -> Double { problem.groups[group].stepLosses[rungs[group] - 1] }

  /// By how much going down to a rung lowers the cost of a requirement. - Precondition: the rung is no higher.
  ///
  /// Expanded around the present widths, not a difference of products, in which a small gain could drown.
  func gain(of group: Int, toRung rung: Int, for requirement: Int) -> Double {
    let units = Double(problem.groups[group].ladder[rungs[group]] - problem.groups[group].ladder[rung])
    let bounds = termBounds[requirement]..<termBounds[requirement + 1]
    var gain = 0.0
    for occurrence in incidence.occurrences[group] where bounds.contains(occurrence.term) {
      let left = units * occurrence.leftPerUnit
      let right = units * occurrence.rightPerUnit
      let term = occurrence.term
      if terms[term].table != nil {
        gain += values[term] - terms[term].value(lefts[term] - left, rights[term] - right, options: options)
      } else {
        let product = terms[term].coefficient * (left * rights[term] + right * (lefts[term] - left))
        gain += terms[term].option.map { product * $0.factors[options[$0.choice]] } ?? product
      }
    }
    return gain
  }

  /// By how much the next step down lowers the cost of a requirement. - Precondition: `canShrink(group)`.
  func gain(of group: Int, for requirement: Int) -> Double {
    gain(of: group, toRung: rungs[group] + 1, for: requirement)
  }

  /// The next rung down that gains anything: the next one, except on a staircase, which may need several.
  func nextGainingRung(_ group: Int, for requirement: Int) -> (rung: Int, gain: Double)? {
    let last = incidence.isTabulated[group] ? problem.groups[group].ladder.count - 1 : rungs[group] + 1
    var rung = rungs[group] + 1
    while rung <= last, rung < problem.groups[group].ladder.count {
      let gain = gain(of: group, toRung: rung, for: requirement)
      if gain > 0 { return (rung, gain) }
      rung += 1
    }
    return nil
  }

  /// What an option's terms cost in a requirement under each alternative, at the present widths.
  func weights(ofOption option: Int, for requirement: Int) -> [Double] {
    let bounds = termBounds[requirement]..<termBounds[requirement + 1]
    var weights = [Double](repeating: 0, count: problem.options[option].losses.count)
    for term in incidence.optionTerms[option] where bounds.contains(term) {
      guard let factor = terms[term].option else { continue }
      let product = terms[term].coefficient * lefts[term] * rights[term]
      for (alternative, value) in factor.factors.enumerated() {
        weights[alternative] += product * value
      }
    }
    return weights
  }

  /// One step down. - Precondition: `canShrink(group)`.
  mutating func shrink(_ group: Int) { move(group, toRung: rungs[group] + 1) }

  /// Takes the last step down back. - Precondition: `canGrow(group)`.
  mutating func grow(_ group: Int) { move(group, toRung: rungs[group] - 1) }

  /// Brings a group to a rung of its ladder.
  mutating func move(_ group: Int, toRung rung: Int) {
    rungs[group] = rung
    kept[group] = problem.groups[group].ladder[rung]
    for occurrence in incidence.occurrences[group] {
      let term = occurrence.term
      if occurrence.leftPerUnit > 0 { lefts[term] = terms[term].left.value(kept) }
      if occurrence.rightPerUnit > 0 { rights[term] = terms[term].right.value(kept) }
      values[term] = terms[term].value(lefts[term], rights[term], options: options)
    }
    addUp()
  }

  /// Chooses an alternative of an option.
  mutating func choose(_ alternative: Int, ofOption option: Int) {
    options[option] = alternative
    for term in incidence.optionTerms[option] {
      values[term] = terms[term].value(lefts[term], rights[term], options: options)
    }
    addUp()
  }

  private mutating func addUp() {
    work += 16 + terms.count
    for requirement in costs.indices {
      var sum = 0.0
      for term in termBounds[requirement]..<termBounds[requirement + 1] {
        sum += values[term]
      }
      costs[requirement] = sum
    }
  }
}
