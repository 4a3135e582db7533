/// Least-squares fits of sequences that only rise.
public enum IsotonicRegression {
  /// The sequence that never falls and lies nearest to the given one in the sum of squares, all weights 1.
  ///
  /// Pool adjacent violators: neighbours that fall are pooled into their mean until none do (Barlow, Bartholomew, Bremner
  /// and Brunk, Statistical Inference under Order Restrictions, 1972). Linear in the number of values.
  /// - Parameter values: finite numbers.
  public static func nonDecreasing(_ values: [Double]) -> [Double] {
    var pools: [Pool] = []
    for value in values {
      var pool = Pool(sum: value, count: 1)
      while let last = pools.last, last.mean >= pool.mean {
        pool = Pool(sum: last.sum + pool.sum, count: last.count + pool.count)
        pools.removeLast()
      }
      pools.append(pool)
    }
    return pools.flatMap { [Double](repeating: $0.mean, count: $0.count) }
  }

  /// Neighbours that share one fitted value.
  private struct Pool {
    let sum: Double
    let count: Int
    var mean: Double { sum / Double(count) }
  }
}
