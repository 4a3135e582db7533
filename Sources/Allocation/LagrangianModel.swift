/// A problem as the sum of small functions whose minimum at given prices is a lower bound: losses + prices · (costs − limits).
///
/// The product of two widths (c₀ + Σ pᵢ kᵢ)(d₀ + Σ qⱼ kⱼ) is multiplied out into constants, functions of one count and
/// products kᵢ·kⱼ of two, so that the whole is a Markov field over the groups and options (the *variables*: groups
/// first, then options). A group's labels are its counts in ascending order, an option's its alternatives. Costs are in
/// units of the requirement's limit here.
struct LagrangianModel {
  /// weight[r] · kᵢ · kⱼ.
  struct Product {
    let first: Int
    let second: Int
    var weights: [Double]
  }

  /// For alternative x of an option: both[r][x] · kᵢ · kⱼ + left[r][x] · kᵢ + right[r][x] · kⱼ.
  struct ScaledProduct {
    let option: Int
    let first: Int
    let second: Int
    var both: [[Double]]
    var left: [[Double]]
    var right: [[Double]]
  }

  /// For alternative x of an option: linear[r][x] · k + quadratic[r][x] · k².
  struct ScaledWidth {
    let option: Int
    let group: Int
    var linear: [[Double]]
    var quadratic: [[Double]]
  }

  /// A staircase over two counts, for one requirement.
  struct Staircase {
    let first: Int
    let second: Int
    let requirement: Int
    /// For each label of either group its row or column.
    let rows: [Int]
    let columns: [Int]
    let columnCount: Int
    let values: [Double]
  }

  /// slopes[label of first] · k of second, for one requirement; slopes never fall.
  struct Ramp {
    let first: Int
    let second: Int
    let requirement: Int
    let slopes: [Double]
  }

  let problem: AllocationProblem
  let groupCount: Int
  /// Number of labels of each variable.
  let counts: [Int]
  /// Kept count of each label of a group, ascending; of an option just the alternative's number.
  let values: [[Double]]
  /// Loss of each label.
  let losses: [[Double]]
  /// What one is in each requirement's cost.
  let scales: [Double]
  /// Constant part of each cost minus the limit.
  private(set) var constants: [Double]
  /// unaryCosts[requirement][variable][label]; empty where all are zero.
  private(set) var unaryCosts: [[[Double]]]
  private(set) var products: [Product] = []
  private(set) var scaledProducts: [ScaledProduct] = []
  private(set) var scaledWidths: [ScaledWidth] = []
  private(set) var staircases: [Staircase] = []
  private(set) var ramps: [Ramp] = []
  /// Sum of the largest magnitudes of all losses.
  let lossSpan: Double

  var variableCount: Int { counts.count }

  /// - Parameter near: kept counts near which the bound should be best, where a table over sums is replaced by less.
  init(_ problem: AllocationProblem, near: [Int]) {
    self.problem = problem
    groupCount = problem.groups.count
    values =
      problem.groups.map { $0.ladder.reversed().map { Double($0) } }
      + problem.options.map { $0.losses.indices.map { Double($0) } }
    losses = problem.groups.map { $0.ladderLosses.reversed() } + problem.options.map(\.losses)
    counts = losses.map(\.count)
    lossSpan = losses.reduce(0) { $0 + ($1.map(\.magnitude).max() ?? 0) }
    scales = zip(problem.requirements, problem.ranges).map { requirement, range in
      requirement.limit > 0 ? requirement.limit : range.original > 0 ? range.original : 1
    }
    constants = zip(problem.requirements, scales).map { -$0.limit / $1 }
    let none = [[Double]](repeating: [], count: counts.count)
    unaryCosts = problem.requirements.map { _ in none }
    var plain = ExpandedTerms(alternatives: 1, requirementCount: problem.requirements.count)
    var scaled = problem.options.map {
      ExpandedTerms(alternatives: $0.losses.count, requirementCount: problem.requirements.count)
    }
    for (number, requirement) in problem.requirements.enumerated() {
      for term in requirement.terms where term.coefficient > 0 {
        let unit = term.coefficient / scales[number]
        if let table = term.table {
          add(table, of: term, times: unit, requirement: number, near: near)
        } else if let option = term.option {
          scaled[option.choice].add(
            term.left, term.right, factors: option.factors.map { $0 * unit }, requirement: number)
        } else {
          plain.add(term.left, term.right, factors: [unit], requirement: number)
        }
      }
    }
    take(plain)
    for (option, terms) in scaled.enumerated() { take(terms, of: option) }
  }

  mutating func addConstant(_ cost: Double, requirement: Int) { constants[requirement] += cost }

  mutating func add(_ staircase: Staircase) { staircases.append(staircase) }

  mutating func add(_ ramp: Ramp) { ramps.append(ramp) }

  /// The label of a group's rung, and the other way round.
  func flipped(_ label: Int, of group: Int) -> Int { counts[group] - 1 - label }

  mutating func addUnary(_ costs: (Int) -> Double, to variable: Int, requirement: Int) {
    if unaryCosts[requirement][variable].isEmpty {
      unaryCosts[requirement][variable] = [Double](repeating: 0, count: counts[variable])
    }
    for label in 0..<counts[variable] { unaryCosts[requirement][variable][label] += costs(label) }
  }

  private mutating func take(_ terms: ExpandedTerms) {
    for requirement in constants.indices {
      constants[requirement] += terms.constants[requirement][0]
      for (group, linear) in terms.linear.sorted(by: { $0.key < $1.key }) {
        let square = terms.quadratic[group]?[requirement][0] ?? 0
        let widths = values[group]
        addUnary(
          { linear[requirement][0] * widths[$0] + square * widths[$0] * widths[$0] }, to: group,
          requirement: requirement)
      }
    }
    products = terms.sortedPairs.map { pair, factors in
      Product(first: pair.first, second: pair.second, weights: factors.map { $0[0] })
    }
  }

  /// One function for each pair of widths that an option scales; what is linear in a width joins one of its pairs.
  private mutating func take(_ terms: ExpandedTerms, of option: Int) {
    let variable = groupCount + option
    for requirement in constants.indices where terms.constants[requirement].contains(where: { $0 != 0 }) {
      addUnary({ terms.constants[requirement][$0] }, to: variable, requirement: requirement)
    }
    let zeros = terms.zeros
    var open = terms.linear
    for (pair, factors) in terms.sortedPairs {
      var product = ScaledProduct(
        option: variable, first: pair.first, second: pair.second, both: factors, left: zeros, right: zeros)
      if terms.quadratic[pair.first] == nil, let linear = open.removeValue(forKey: pair.first) { product.left = linear }
      if terms.quadratic[pair.second] == nil, let linear = open.removeValue(forKey: pair.second) {
        product.right = linear
      }
      scaledProducts.append(product)
    }
    for (group, linear) in open.sorted(by: { $0.key < $1.key }) {
      scaledWidths.append(
        ScaledWidth(option: variable, group: group, linear: linear, quadratic: terms.quadratic[group] ?? zeros))
    }
  }
}
