import Sensitivity
import Testing

/// A few units that stand for all of a group.
struct UnitSampleTests {
  /// Numbers without a pattern, from 0 to 1.
  private static func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 33) / Double(1 << 31)
    }
  }

  @Test(arguments: [1, 2, 3, 7, 16, 31, 32, 33, 1000])
  func `units stand at equal distances in the order, its ends among them`(_ count: Int) {
    let scores = Self.numbers(32, seed: 3)
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    let units = UnitSample(of: scores, count: count).units
    #expect(units.count == min(count, 32))
    let places = units.map { unit in order.firstIndex(of: unit) ?? -1 }
    #expect(places == places.sorted() && Set(places).count == places.count)
    if count > 1 { #expect(places.first == 0 && places.last == 31) }
    let gaps = zip(places, places.dropFirst()).map { $1 - $0 }
    #expect((gaps.max() ?? 1) - (gaps.min() ?? 1) <= 1, "\(gaps)")
  }

  @Test func `of equal scores the first unit is the lower one`() {
    #expect(UnitSample(of: [1, 0, 1, 0], count: 4).units == [1, 3, 0, 2])
  }

  @Test func `a unit that was measured keeps what was measured`() {
    let scores = Self.numbers(40, seed: 5)
    let sample = UnitSample(of: scores, count: 9)
    let measured = Self.numbers(9, seed: 6)
    let filled = sample.filled(measured)
    for (unit, value) in zip(sample.units, measured) { #expect(filled[unit] == value) }
    let all = UnitSample(of: scores, count: 40)
    let each = Self.numbers(40, seed: 7)
    #expect(zip(all.units, each).allSatisfy { all.filled(each)[$0] == $1 })
  }

  /// Isotonic regression by its other definition: max over a ≤ i of min over b ≥ i of the mean of y from a to b.
  private static func regression(_ values: [Double]) -> [Double] {
    values.indices.map { index in
      (0...index).map { lower in
        (index..<values.count).map { upper in
          values[lower...upper].reduce(0, +) / Double(upper - lower + 1)
        }.min() ?? 0
      }.max() ?? 0
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4]) func `the others lie on the line between isotonic values`(_ seed: UInt64) {
    let scores = Self.numbers(60, seed: seed)
    let sample = UnitSample(of: scores, count: 11)
    let measured = Self.numbers(11, seed: seed + 100)
    let fit = Self.regression(measured)
    let filled = sample.filled(measured)
    var between = 0
    for unit in scores.indices where !sample.units.contains(unit) {
      guard let upper = sample.units.firstIndex(where: { scores[$0] >= scores[unit] }), upper > 0 else {
        Issue.record("unit \(unit) lies beyond the ends")
        continue
      }
      let (left, right) = (scores[sample.units[upper - 1]], scores[sample.units[upper]])
      let expected = fit[upper - 1] + (fit[upper] - fit[upper - 1]) * (scores[unit] - left) / (right - left)
      #expect(abs(filled[unit] - expected) < 1e-12)
      between += 1
    }
    #expect(between == 49)
  }

  @Test func `units of one score have one value, the mean of those that were measured`() {
    let sample = UnitSample(of: [0, 1, 1, 1, 1, 2], count: 4)
    // In the order 0, 1 … 5 these are at the places 0, 2, 3 and 5.
    #expect(sample.units == [0, 2, 3, 5])
    let filled = sample.filled([0.5, 1, 3, 9])
    #expect(filled == [0.5, 2, 1, 3, 2, 9])
  }

  @Test(arguments: [[5.0, 1, 100, 200], [5, 100, 1, 200]])
  func `units of one score are one point, in whatever order they were measured`(_ measured: [Double]) {
    let sample = UnitSample(of: [0, 1, 1, 1, 2], count: 4)
    #expect(sample.units == [0, 1, 3, 4])
    #expect(sample.filled(measured)[2] == 50.5)
  }

  @Test func `one unit alone gives all others its value`() {
    #expect(UnitSample(of: [3, 1, 2], count: 1).filled([7]) == [7, 7, 7])
  }
}
