extension SetLossColumns {
  /// Each of some disjoint sets' share in the loss of their union; the shares add up to it.
  ///
  /// A share is the slope along the set's removal, averaged over the way from nothing removed to the whole union, all
  /// units at once (Aumann and Shapley, Values of Non-Atomic Games, 1974). Exact for a quadratic form, by the midpoint;
  /// for a softmax by Gauss-Legendre quadrature of five points, the remainder dealt out by size.
  func shares(of sets: [[Int]]) -> [Double] {
    let parts = sets.map { set in
      var shifts = [Double](repeating: 0, count: rowCount)
      for unit in set { add(unit, times: 1, to: &shifts) }
      return shifts
    }
    var union = [Double](repeating: 0, count: rowCount)
    for part in parts {
      for row in union.indices { union[row] += part[row] }
    }
    var shares = sets.map { set in set.reduce(0) { $0 + linear[$1] } }
    let whole = shares.reduce(0, +) + slopes(at: union).value
    for (place, weight) in isSoftmax ? Self.gaussLegendre : [(0.5, 1)] {
      let rows = slopes(at: union.map { $0 * place }).rows
      for (number, part) in parts.enumerated() {
        for row in part.indices { shares[number] += weight * rows[row] * part[row] }
      }
    }
    let size = shares.reduce(0) { $0 + $1.magnitude }
    guard size > 0 else { return shares }
    let missing = whole - shares.reduce(0, +)
    return shares.map { $0 + missing * $0.magnitude / size }
  }

  /// Places and weights on 0 … 1: the roots of the fifth Legendre polynomial.
  private static let gaussLegendre = [
    (0.046_910_077_030_668, 0.118_463_442_528_095), (0.230_765_344_947_158, 0.239_314_335_249_683),
    (0.5, 0.284_444_444_444_444), (0.769_234_655_052_842, 0.239_314_335_249_683),
    (0.953_089_922_969_332, 0.118_463_442_528_095),
  ]
}
