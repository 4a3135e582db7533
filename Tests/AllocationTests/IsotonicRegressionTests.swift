import Allocation
import AllocationProblems
import Testing

struct IsotonicRegressionTests {
  @Test(
    arguments: [
      ([], []), ([2], [2]), ([1, 2, 3], [1, 2, 3]), ([3, 1, 2], [2, 2, 2]), ([1, 3, 2, 4], [1, 2.5, 2.5, 4]),
      ([4, 3, 2, 1], [2.5, 2.5, 2.5, 2.5]), ([1, 5, 3, 1, 6], [1, 3, 3, 3, 6]), ([-1, -2, 0, 0], [-1.5, -1.5, 0, 0]),
    ] as [([Double], [Double])])
  func `falling neighbours are pooled into their mean`(_ values: [Double], _ expected: [Double]) {
    #expect(IsotonicRegression.nonDecreasing(values) == expected)
  }

  /// The fit at i is max over a ≤ i of min over b ≥ i of the mean from a to b (Robertson, Wright and Dykstra, Order
  /// Restricted Statistical Inference, 1988): nothing of the pooling is in this.
  @Test(arguments: UInt64(1)...30)
  func `the fit is the largest of the smallest means`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let values = (0..<Int.random(in: 1...12, using: &random)).map { _ in Double.random(in: -2...2, using: &random) }
    let fit = IsotonicRegression.nonDecreasing(values)
    for place in values.indices {
      var expected = -Double.infinity
      for first in 0...place {
        let means = (place..<values.count).map { last in values[first...last].reduce(0, +) / Double(last - first + 1) }
        expected = max(expected, means.min() ?? 0)
      }
      // Means of up to 12 numbers below 2 in another order.
      #expect(abs(fit[place] - expected) < 1e-14, "seed \(seed)")
    }
  }
}
