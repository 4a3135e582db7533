import Configuration

/// What the criteria and solvers of a comparison are called on a terminal.
struct ComparisonLabels {
  /// By criterion.
  let criteria: [String]
  /// By solver.
  let solvers: [String]

  init(_ configuration: SearchConfiguration) {
    let (criteria, solvers) = (configuration.comparedSensitivities, configuration.comparedSolvers)
    self.criteria = ComparisonLabels.labels(
      short: criteria.map { configuration.shortLabel(of: $0) }, whole: criteria.map { configuration.label(of: $0) })
    self.solvers = ComparisonLabels.labels(
      short: solvers.map { configuration.shortLabel(of: $0) }, whole: solvers.map { configuration.label(of: $0) })
  }

  /// Short ones, but for those that would not tell one from another.
  private static func labels(short: [String], whole: [String]) -> [String] {
    zip(short, whole).map { own, whole in short.count { $0 == own } > 1 ? whole : own }
  }

  /// A row without a plan: its number, its criterion and solver, and why.
  typealias Failure = (row: Int, criterion: Int, solver: Int, reason: String)

  /// Reasons why rows have no plan, a line for each, with all that have it.
  func lines(_ failures: [Failure]) -> String {
    var reasons: [(text: String, rows: [String])] = []
    for failure in failures {
      // A name in a hostile file may hold a line break.
      let text = failure.reason.printable()
      let label = "\(failure.row) (\(criteria[failure.criterion]); \(solvers[failure.solver]))"
      if let index = reasons.firstIndex(where: { $0.text == text }) {
        reasons[index].rows.append(label)
      } else {
        reasons.append((text, [label]))
      }
    }
    return reasons.map { "\($0.rows.joined(separator: ", ")): \($0.text)\n" }.joined()
  }
}
