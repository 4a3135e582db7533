/// The master problem of several requirements: the mixture of known plans that meets the limits on average at least loss.
///
/// minimise Σ λₖ lossₖ subject to Σ λₖ = 1, Σ λₖ excessₖᵣ ≤ 0, λ ≥ 0. Its dual variables are the prices at which the
/// known plans, as lines of the Lagrangian, have their highest minimum: Dantzig and Wolfe, Operations Research 8, 1960.
/// A primal simplex with one row per requirement and one for the sum; few rows, so the inverse basis is kept in full.
struct PlanMixture {
  private struct Column {
    let loss: Double
    /// Coefficients in the rows: 1, then the excesses; or a slack's unit.
    let rows: [Double]
  }

  private var columns: [Column] = []
  private var basis: [Int]
  private var inverse: [[Double]]
  private var amounts: [Double]

  /// Starts from a mixture that costs `ceiling` and meets everything exactly: the prices never go for more.
  init(requirementCount: Int, ceiling: Double) {
    let rows = requirementCount + 1
    columns.append(Column(loss: ceiling, rows: [1] + [Double](repeating: 0, count: requirementCount)))
    for requirement in 0..<requirementCount {
      var unit = [Double](repeating: 0, count: rows)
      unit[requirement + 1] = 1
      columns.append(Column(loss: 0, rows: unit))
    }
    basis = Array(0..<rows)
    inverse = (0..<rows).map { row in (0..<rows).map { $0 == row ? 1 : 0 } }
    amounts = [1] + [Double](repeating: 0, count: requirementCount)
  }

  /// The least mean loss so far, and the prices that belong to it.
  private(set) var value = 0.0
  private(set) var prices: [Double] = []

  /// Adds a plan and finds the best mixture anew.
  mutating func add(loss: Double, excess: [Double]) {
    columns.append(Column(loss: loss, rows: [1] + excess))
    solve()
  }

  private mutating func solve() {
    let rows = basis.count
    for _ in 0..<200 {
      var duals = [Double](repeating: 0, count: rows)
      for (row, column) in basis.enumerated() {
        for k in 0..<rows { duals[k] += columns[column].loss * inverse[row][k] }
      }
      value = duals[0]
      prices = duals.dropFirst().map { max(0, -$0) }
      let scale = duals.reduce(1e-300) { max($0, $1.magnitude) }
      // The first column that pays (Bland), so that degenerate steps cannot turn in a circle.
      let entering = columns.indices.first { number in
        guard !basis.contains(number) else { return false }
        let column = columns[number]
        return column.loss - (0..<rows).reduce(0) { $0 + duals[$1] * column.rows[$1] } < -1e-11 * scale
      }
      guard let entering, pivot(entering) else { return }
    }
  }

  private mutating func pivot(_ entering: Int) -> Bool {
    let rows = basis.count
    let change = (0..<rows).map { row in
      (0..<rows).reduce(0) { $0 + inverse[row][$1] * columns[entering].rows[$1] }
    }
    var leaving: (row: Int, ratio: Double)?
    for row in 0..<rows where change[row] > 1e-11 {
      let ratio = max(0, amounts[row]) / change[row]
      if let found = leaving, (found.ratio, basis[found.row]) <= (ratio, basis[row]) { continue }
      leaving = (row, ratio)
    }
    guard let (out, ratio) = leaving else { return false }
    for k in 0..<rows { inverse[out][k] /= change[out] }
    for row in 0..<rows where row != out {
      amounts[row] -= change[row] * ratio
      for k in 0..<rows { inverse[row][k] -= change[row] * inverse[out][k] }
    }
    amounts[out] = ratio
    basis[out] = entering
    return true
  }
}
