extension AllocationProblem {
  /// Alternatives with which every requirement is met at the least counts; a search among few, bounded by counted work.
  ///
  /// Throws `conflictingRequirements` where none are found: none exist, or a knapsack in several dimensions hides them.
  func feasibleOptions() throws(AllocationError) -> [Int] {
    let least = leastKept
    let weights = requirements.map { optionWeights(of: $0, kept: least) }
    var search = OptionSearch(problem: self, least: least, weights: weights)
    guard let found = search.run() else {
      throw .conflictingRequirements(names: requirements.map(\.name))
    }
    return found
  }
}

/// Depth-first over the options, the alternative that strains the limits least first.
private struct OptionSearch {
  private let problem: AllocationProblem
  private let least: [Int]
  /// Of every requirement, option and alternative.
  private let weights: [[[Double]]]
  /// Of every requirement what its options cost at least from option o on.
  private var cheapest: [[Double]] = []
  private var remainingVisits = 100_000
  private var chosen: [Int]

  init(problem: AllocationProblem, least: [Int], weights: [[[Double]]]) {
    self.problem = problem
    self.least = least
    self.weights = weights
    chosen = problem.options.map(\.original)
    for requirement in weights {
      var sums = [Double](repeating: 0, count: requirement.count + 1)
      for option in requirement.indices.reversed() {
        sums[option] = sums[option + 1] + (requirement[option].min() ?? 0)
      }
      cheapest.append(sums)
    }
  }

  mutating func run() -> [Int]? {
    if problem.requirements.isEmpty { return chosen }
    let spent = problem.requirements.map { requirement in
      requirement.terms.reduce(0) { $1.option == nil ? $0 + $1.value(least) : $0 }
    }
    return search(0, spent) ? chosen : nil
  }

  private mutating func search(_ option: Int, _ spent: [Double]) -> Bool {
    remainingVisits -= 1
    guard remainingVisits >= 0 else { return false }
    for (number, requirement) in problem.requirements.enumerated() {
      // A hair of slack, since these sums are in another order; the last word has the exact cost.
      guard spent[number] + cheapest[number][option] <= requirement.limit * (1 + 1e-9) else { return false }
    }
    guard option < problem.options.count else {
      return problem.requirements.allSatisfy { $0.cost(least, options: chosen) <= $0.limit }
    }
    let alternatives = problem.options[option].losses.indices
    let strains = alternatives.map { strain(of: $0, option: option) }
    for alternative in alternatives.sorted(by: { (strains[$0], $0) < (strains[$1], $1) }) {
      chosen[option] = alternative
      let next = spent.indices.map { spent[$0] + weights[$0][option][alternative] }
      if search(option + 1, next) { return true }
    }
    return false
  }

  private func strain(of alternative: Int, option: Int) -> Double {
    problem.requirements.indices.reduce(0) { sum, number in
      let limit = problem.requirements[number].limit
      return sum + (limit > 0 ? weights[number][option][alternative] / limit : 0)
    }
  }
}
