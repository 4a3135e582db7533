import Testing

@testable import Report

/// Axes and the numbers at them.
struct PlotScaleTests {
  @Test(arguments: [
    (0.0, 1.0, false), (-3, 7, false), (1, 12.7, true), (1e-9, 4, true), (1, 1000, true), (0, 0, false), (5, 5, true),
    (-2, -2, false), (1e-300, 1e300, true), (0.99, 1.01, true), (1, 1.8, true), (1.31, 1.33, true),
  ])
  func `an axis runs from 0 to 100, rises, and has round numbers in between`(_ low: Double, _ high: Double, _ log: Bool)
  {
    let scale = PlotScale(low...high, isLogarithmic: log)
    #expect(scale.position(scale.range.lowerBound) == 0)
    #expect(abs(scale.position(scale.range.upperBound) - 100) < 1e-9)
    #expect(scale.range.contains(low) && scale.range.contains(high))
    for count in 2...8 {
      let ticks = scale.ticks(atMost: count)
      #expect(ticks.count <= count, "\(ticks)")
      #expect(ticks.allSatisfy { $0 >= scale.range.lowerBound - 1e-9 && $0 <= scale.range.upperBound + 1e-9 })
      #expect(zip(ticks, ticks.dropFirst()).allSatisfy { scale.position($0) < scale.position($1) })
    }
    // What lies outside lies at the end.
    #expect(scale.position(-.infinity) == 0)
    #expect(abs(scale.position(.infinity) - 100) < 1e-9)
  }

  @Test(arguments: [1.004, 1.3, 1.8, 2.2, 4, 9.9, 60, 900])
  func `an axis of ratios has several labels, and no two alike`(_ largest: Double) {
    let ticks = PlotScale(1...largest, isLogarithmic: true).ticks(atMost: 7)
    #expect(ticks.count >= 3, "\(ticks)")
    #expect(Set(ticks.map(Figure.tick)).count == ticks.count, "\(ticks.map(Figure.tick))")
  }

  @Test func `losses of several orders of magnitude are drawn by their logarithms, and others are not`() {
    #expect(PlotScale(losses: [1e-4, 1e-2, 1]).isLogarithmic)
    #expect(!PlotScale(losses: [0.5, 1, 2]).isLogarithmic)
    #expect(!PlotScale(losses: [-1e-4, 1e-2, 1]).isLogarithmic)
    #expect(!PlotScale(losses: []).isLogarithmic)
    #expect(PlotScale(losses: [-0.5, 2]).range.contains(-0.5))
    let clipped = PlotScale(losses: [0, 1e-12, 1e-3, 1], leastShare: 1e-6)
    #expect(clipped.isLogarithmic && clipped.range.lowerBound > 1e-4)
  }

  @Test func `numbers are written as people read them`() {
    let texts: [(Double, String)] = [
      (0, "0"), (0.0123, "0.0123"), (-0.5, "−0.5"), (1234.56, "1234.6"), (3.1416e-5, "3.142·10⁻⁵"),
      (9.9999e-4, "1·10⁻³"), (2.5e7, "2.5·10⁷"), (.infinity, "∞"), (-1e-12, "−1·10⁻¹²"),
    ]
    for (number, text) in texts { #expect(Figure.text(number) == text) }
    let ticks: [(Double, String)] = [
      (0, "0"), (0.5, "0.5"), (20, "20"), (1e-3, "0.001"), (1e-4, "10⁻⁴"), (2e-4, "2·10⁻⁴"), (-0.25, "−0.25"),
      (0.0015, "0.0015"), (0.00125, "0.00125"), (3 * 0.1, "0.3"), (1.05, "1.05"), (99_999.5, "99999.5"),
    ]
    for (number, text) in ticks { #expect(Figure.tick(number) == text) }
    let ratios: [(Double, String)] = [
      (2, "2×"), (2.0049, "2×"), (12.346, "12.35×"), (999.6, "1000×"), (.infinity, "∞"),
    ]
    for (number, text) in ratios { #expect(Figure.ratio(number) == text) }
  }
}
