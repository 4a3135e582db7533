/// The kept counts while a search moves them, with every cost up to date.
///
/// The problem is laid out flat, so that a move touches only the terms in which its group occurs. Every cost has the
/// same bits as `Requirement.cost` gives: forms and sums are evaluated anew, in the same order, never adjusted.
struct WorkingWidths {
  /// A group's occurrence in a term, with what one unit adds to either side.
  private struct Occurrence {
    let term: Int
    let leftPerUnit: Double
    let rightPerUnit: Double
  }

  private struct Side {
    let form: LinearForm
    var value: Double
  }

  let groupCount: Int
  /// Cost of each requirement now.
  private(set) var costs: [Double]
  let limits: [Double]
  /// Units kept in each group now.
  private(set) var kept: [Int]

  private let ladders: [[Int]]
  private let stepLosses: [[Double]]
  private var rungs: [Int]
  private let coefficients: [Double]
  private var lefts: [Side]
  private var rights: [Side]
  private var products: [Double]
  /// The terms of requirement r are termBounds[r] ..< termBounds[r + 1].
  private let termBounds: [Int]
  /// For every group its occurrences, ascending by term.
  private let occurrences: [[Occurrence]]
  /// For every group those whose gains change when it moves, itself included, ascending.
  let dependents: [[Int]]

  /// All groups whole, fixed ones at their count.
  init(_ problem: AllocationProblem) {
    groupCount = problem.groups.count
    ladders = problem.groups.map(\.ladder)
    stepLosses = problem.groups.map(\.stepLosses)
    let start = problem.groups.map { $0.ladder[0] }
    kept = start
    rungs = [Int](repeating: 0, count: start.count)
    limits = problem.requirements.map(\.limit)
    costs = problem.requirements.map { $0.cost(start) }
    var bounds = [0]
    for requirement in problem.requirements {
      bounds.append(bounds[bounds.count - 1] + requirement.terms.count)
    }
    termBounds = bounds
    let terms = problem.requirements.flatMap(\.terms)
    coefficients = terms.map(\.coefficient)
    lefts = terms.map { Side(form: $0.left, value: $0.left.value(start)) }
    rights = terms.map { Side(form: $0.right, value: $0.right.value(start)) }
    products = terms.map { $0.value(start) }
    occurrences = Self.occurrences(in: terms, groupCount: groupCount)
    dependents = Self.dependents(in: terms, groupCount: groupCount)
  }

  func canShrink(_ group: Int) -> Bool { rungs[group] + 1 < ladders[group].count }

  func canGrow(_ group: Int) -> Bool { rungs[group] > 0 }

  /// Loss of the next step down. - Precondition: `canShrink(group)`.
  func lossOfShrinking(_ group: Int) -> Double { stepLosses[group][rungs[group]] }

  /// Loss that the last step down cost. - Precondition: `canGrow(group)`.
  func lossOfLastStep(_ group: Int) -> Double { stepLosses[group][rungs[group] - 1] }

  /// By how much the next step down lowers the cost of a requirement. - Precondition: `canShrink(group)`.
  ///
  /// Expanded around the present widths, not a difference of products, in which a small gain could drown.
  func gain(of group: Int, for requirement: Int) -> Double {
    let units = Double(ladders[group][rungs[group]] - ladders[group][rungs[group] + 1])
    let terms = termBounds[requirement]..<termBounds[requirement + 1]
    var gain = 0.0
    for occurrence in occurrences[group] where terms.contains(occurrence.term) {
      let left = units * occurrence.leftPerUnit
      let right = units * occurrence.rightPerUnit
      let term = occurrence.term
      gain += coefficients[term] * (left * rights[term].value + right * (lefts[term].value - left))
    }
    return gain
  }

  var meetsAll: Bool { costs.indices.allSatisfy { costs[$0] <= limits[$0] } }

  /// One step down. - Precondition: `canShrink(group)`.
  mutating func shrink(_ group: Int) { move(group, toRung: rungs[group] + 1) }

  /// Takes the last step down back. - Precondition: `canGrow(group)`.
  mutating func grow(_ group: Int) { move(group, toRung: rungs[group] - 1) }

  private mutating func move(_ group: Int, toRung rung: Int) {
    rungs[group] = rung
    kept[group] = ladders[group][rung]
    for occurrence in occurrences[group] {
      let term = occurrence.term
      if occurrence.leftPerUnit > 0 { lefts[term].value = lefts[term].form.value(kept) }
      if occurrence.rightPerUnit > 0 { rights[term].value = rights[term].form.value(kept) }
      products[term] = CostTerm.product(coefficients[term], lefts[term].value, rights[term].value)
    }
    for requirement in costs.indices {
      var sum = 0.0
      for term in termBounds[requirement]..<termBounds[requirement + 1] {
        sum += products[term]
      }
      costs[requirement] = sum
    }
  }

  private static func occurrences(in terms: [CostTerm], groupCount: Int) -> [[Occurrence]] {
    var occurrences = [[Occurrence]](repeating: [], count: groupCount)
    for (number, term) in terms.enumerated() where term.coefficient > 0 {
      var shares: [Int: (left: Double, right: Double)] = [:]
      for part in term.left.terms {
        shares[part.group, default: (0, 0)].left += part.perUnit
      }
      for part in term.right.terms {
        shares[part.group, default: (0, 0)].right += part.perUnit
      }
      for (group, share) in shares where share.left > 0 || share.right > 0 {
        occurrences[group].append(Occurrence(term: number, leftPerUnit: share.left, rightPerUnit: share.right))
      }
    }
    return occurrences
  }

  /// A gain depends on the widths on the other side of the group's terms.
  private static func dependents(in terms: [CostTerm], groupCount: Int) -> [[Int]] {
    var dependents = (0..<groupCount).map { Set([$0]) }
    for term in terms where term.coefficient > 0 {
      for left in term.left.terms {
        for right in term.right.terms {
          dependents[left.group].insert(right.group)
          dependents[right.group].insert(left.group)
        }
      }
    }
    return dependents.map { $0.sorted() }
  }
}
