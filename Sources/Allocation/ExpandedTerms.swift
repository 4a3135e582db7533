/// Products of widths multiplied out, per requirement and alternative.
struct ExpandedTerms {
  struct Pair: Hashable {
    let first: Int
    let second: Int
  }

  /// Of every requirement and alternative.
  private(set) var constants: [[Double]]
  /// Factors of the counts, by group.
  private(set) var linear: [Int: [[Double]]] = [:]
  /// Factors of the squares of counts; their groups have an entry in `linear` too.
  private(set) var quadratic: [Int: [[Double]]] = [:]
  private var pairs: [Pair: [[Double]]] = [:]
  /// A zero for every requirement and alternative.
  let zeros: [[Double]]

  init(alternatives: Int, requirementCount: Int) {
    zeros = [[Double]](repeating: [Double](repeating: 0, count: alternatives), count: requirementCount)
    constants = zeros
  }

  /// Products of two counts, ordered by group.
  var sortedPairs: [(pair: Pair, factors: [[Double]])] {
    pairs.sorted { ($0.key.first, $0.key.second) < ($1.key.first, $1.key.second) }.map { ($0.key, $0.value) }
  }

  /// Adds factor · left · right for each alternative.
  mutating func add(_ left: LinearForm, _ right: LinearForm, factors: [Double], requirement: Int) {
    for (alternative, factor) in factors.enumerated() {
      constants[requirement][alternative] += factor * left.constant * right.constant
    }
    for (form, other) in [(left, right.constant), (right, left.constant)] where other != 0 {
      for part in form.terms where part.perUnit > 0 {
        add(part.perUnit * other, factors, to: &linear[part.group, default: zeros][requirement])
      }
    }
    for a in left.terms where a.perUnit > 0 {
      for b in right.terms where b.perUnit > 0 {
        let product = a.perUnit * b.perUnit
        if a.group == b.group {
          if linear[a.group] == nil { linear[a.group] = zeros }
          add(product, factors, to: &quadratic[a.group, default: zeros][requirement])
        } else {
          let pair = Pair(first: min(a.group, b.group), second: max(a.group, b.group))
          add(product, factors, to: &pairs[pair, default: zeros][requirement])
        }
      }
    }
  }

  private func add(_ product: Double, _ factors: [Double], to sums: inout [Double]) {
    for (alternative, factor) in factors.enumerated() { sums[alternative] += product * factor }
  }
}
