/// Which groups and options stand in which terms of a problem's costs.
struct TermIncidence {
  /// A group's occurrence in a term, with what one unit adds to either side.
  struct Occurrence {
    let term: Int
    let leftPerUnit: Double
    let rightPerUnit: Double
  }

  /// For every group its occurrences, ascending by term.
  let occurrences: [[Occurrence]]
  /// For every option its terms, ascending.
  let optionTerms: [[Int]]
  /// Whether a group stands in a table, so that a step may gain nothing and a later one all.
  let isTabulated: [Bool]
  /// For every mover (the groups, then the options) those whose gains change when it moves, itself included, ascending.
  let dependents: [[Int]]

  init(_ terms: [CostTerm], groupCount: Int, optionCount: Int) {
    var occurrences = [[Occurrence]](repeating: [], count: groupCount)
    var optionTerms = [[Int]](repeating: [], count: optionCount)
    var isTabulated = [Bool](repeating: false, count: groupCount)
    var dependents = (0..<groupCount + optionCount).map { Set([$0]) }
    for (number, term) in terms.enumerated() where term.coefficient > 0 {
      var shares: [Int: (left: Double, right: Double)] = [:]
      for part in term.left.terms { shares[part.group, default: (0, 0)].left += part.perUnit }
      for part in term.right.terms { shares[part.group, default: (0, 0)].right += part.perUnit }
      for (group, share) in shares where share.left > 0 || share.right > 0 {
        occurrences[group].append(Occurrence(term: number, leftPerUnit: share.left, rightPerUnit: share.right))
        if term.table != nil { isTabulated[group] = true }
      }
      // A gain depends on the widths on the other side of the group's terms, in a table on those of its own side too.
      for left in term.table == nil ? term.left.terms : term.parts {
        for right in term.table == nil ? term.right.terms : term.parts {
          dependents[left.group].insert(right.group)
          dependents[right.group].insert(left.group)
        }
      }
      guard let option = term.option?.choice else { continue }
      optionTerms[option].append(number)
      for part in term.parts {
        dependents[part.group].insert(groupCount + option)
        dependents[groupCount + option].insert(part.group)
      }
    }
    self.occurrences = occurrences
    self.optionTerms = optionTerms
    self.isTabulated = isTabulated
    self.dependents = dependents.map { $0.sorted() }
  }
}
