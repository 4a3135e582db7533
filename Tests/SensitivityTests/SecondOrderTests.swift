import Channels
import Execution
import Glibc
import Networks
import Testing

@testable import Sensitivity

/// −log of a probability.
func minusLog(_ probability: Double) -> Double { -log(probability) }

/// Expansions of order 2, layers added up one by one, and error bars: on numbers that can be checked by hand.
struct SecondOrderTests {
  /// Squares of square roots are rounded.
  private func isClose(_ found: [Double], _ expected: [Double]) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-13 }
  }

  private static let laws: [(criterion: TaylorCriterion, a: [Double], b: [Double], units: [Double])] = [
    // −mean t + ½ mean t²: unit 0 has t = −1, 4, unit 1 has t = −1, 5.
    (.second(.fisher), [-2 + 2.5, -1 + 5], [0.5 + 1.25, -1 + 0.5], [-1.5 + 4.25, -2 + 6.5]),
    // Each of two labels counts by half: unit 0 has t′ = (2, 1), (0, 2), unit 1 (0, 2), (2, 0).
    (
      .second(.drawn(count: 2, seed: 9, positions: 1)), [-2 + 0.25 * (2 + 0.5), -1 + 0.25 * (0.5 + 2)],
      [0.5 + 0.25 * (0.5 + 0.5), -1 + 0.25 * 0.5], [-1.5 + 0.25 * (2.5 + 2), -2 + 0.25 * (2 + 2)]
    ),
    // Of a map of three positions a square counts three times.
    (
      .second(.drawn(count: 2, seed: 9, positions: 3)), [-2 + 0.75 * (2 + 0.5), -1 + 0.75 * (0.5 + 2)],
      [0.5 + 0.75 * (0.5 + 0.5), -1 + 0.75 * 0.5], [-1.5 + 0.75 * (2.5 + 2), -2 + 0.75 * (2 + 2)]
    ),
    // A class counts by its probability: ½ and ¼ for sample 0, ¾ and ⅛ for sample 1.
    (
      .second(.ranked(count: 2)), [-2 + 0.25 * (2 + 0.125), -1 + 0.25 * (0.25 + 3)],
      [0.5 + 0.25 * (0.25 + 0.125), -1 + 0.25 * 0.25], [-1.5 + 0.25 * (2.25 + 0.5), -2 + 0.25 * (1 + 3)]
    ),
  ]

  @Test(arguments: laws.indices)
  func `order 2 is the first derivative with its sign and half the mean square of the curvature's`(
    _ index: Int
  ) throws {
    let law = Self.laws[index]
    let layout = SensitivityLayout(try SumNetwork().structure)
    var table = ShardTable(layout, law.criterion)
    table.add(
      batch: [SumNetwork.labelled], curvature: law.criterion.passes == 0 ? [] : SumNetwork.curvature, correct: 1,
      layout)
    let result = try SensitivityTable(adding: [table], layout, law.criterion, hasClasses: true)
    #expect(isClose(result.layers[0], law.a), "\(result.layers)")
    #expect(isClose(result.layers[1], law.b), "\(result.layers)")
    #expect(result.layers[2] == [0, 0])
    #expect(isClose(result.groups[0], law.units), "\(result.groups)")
    #expect(Array(result.slopes.prefix(2)) == [-1.5, -2])
    #expect(result.slopes.count == layout.unitCount)
    #expect(result.meanLoss == 2, "the loss is the one with the data's labels")
    #expect(result.sampleCount == 2)
  }

  @Test func `an expansion of order 1 has no slopes`() throws {
    let layout = SensitivityLayout(try SumNetwork().structure)
    let criterion = TaylorCriterion.first(.init(reduction: .absMean, level: .sample))
    var table = ShardTable(layout, criterion)
    table.add(batch: [SumNetwork.labelled], correct: 1, layout)
    #expect(try SensitivityTable(adding: [table], layout, criterion, hasClasses: false).slopes.isEmpty)
  }

  @Test(
    arguments: [
      // Batch means: a = (2, 1), b = (−½, 1).
      (TaylorCriterion.Reduction.meanAbs, TaylorCriterion.Level.batch, [2.5, 2]), (.absMean, .batch, [2.5, 2]),
      (.meanSquare, .batch, [4.25, 2]),
      // Samples: a = (1, −2), (3, 4); b = (−2, 1), (1, 1).
      (.meanAbs, .sample, [3.5, 4]), (.absMean, .sample, [2.5, 2]), (.meanSquare, .sample, [7.5, 11]),
    ] as [(TaylorCriterion.Reduction, TaylorCriterion.Level, [Double])])
  func `sum_abs reduces every layer before they are added up`(
    _ reduction: TaylorCriterion.Reduction, _ level: TaylorCriterion.Level, _ units: [Double]
  ) throws {
    let layout = SensitivityLayout(try SumNetwork().structure)
    let criterion = TaylorCriterion.first(
      .init(reduction: reduction, level: level, groupReduction: .sumOfAbsolutes))
    var table = ShardTable(layout, criterion)
    table.add(batch: [SumNetwork.labelled], correct: 1, layout)
    #expect(try SensitivityTable(adding: [table], layout, criterion, hasClasses: false).groups[0] == units)
  }

  /// Shards of one sample each, whose products differ.
  private static let samples: [(a: [Double], b: [Double])] = [
    ([1, -2], [-2, 1]), ([3, 4], [1, 1]), ([0, 1], [2, 2]), ([-1, -1], [5, 0]), ([2, 0.5], [0, -3]),
  ]

  private static let criteria: [TaylorCriterion] = [
    .second(.fisher), .first(.init(reduction: .meanAbs, level: .sample)),
    .first(.init(reduction: .meanSquare, level: .sample)),
    .first(.init(reduction: .meanAbs, level: .sample, groupReduction: .sumOfAbsolutes)),
    .first(.init(reduction: .absMean, level: .sample, groupReduction: .sumOfAbsolutes)),
    .first(.init(reduction: .meanSquare, level: .sample, groupReduction: .sumOfAbsolutes)),
    .first(.init(reduction: .halfMeanSquare, level: .sample)),
    .first(.init(reduction: .halfMeanSquare, level: .sample, groupReduction: .sumOfAbsolutes)),
  ]

  private static func tables(_ layout: SensitivityLayout, _ criterion: TaylorCriterion, per: Int) -> [ShardTable] {
    stride(from: 0, to: samples.count, by: per).map { start in
      var table = ShardTable(layout, criterion)
      for sample in samples[start..<min(start + per, samples.count)] {
        table.add(
          batch: [SumNetwork.evaluation([sample.a], [sample.b], losses: [0])], from: start, correct: 0, layout)
      }
      return table
    }
  }

  @Test(arguments: criteria.indices)
  func `the error of a mean of equal shards is their deviation over the root of their number`(_ index: Int) throws {
    let criterion = Self.criteria[index]
    let layout = SensitivityLayout(try SumNetwork().structure)
    let tables = Self.tables(layout, criterion, per: 1)
    let result = try SensitivityTable(adding: tables, layout, criterion, hasClasses: false)
    // absMean is |mean a| + |mean b|: about their signs here it is linear.
    let signs = (0..<2).map { channel in
      (Self.samples.reduce(0) { $0 + $1.a[channel] }, Self.samples.reduce(0) { $0 + $1.b[channel] })
    }
    for unit in 0..<2 {
      let values = Self.samples.map { sample -> Double in
        let (a, b) = (sample.a[unit], sample.b[unit])
        guard case .first(let first) = criterion else { return 0.5 * (a + b) * (a + b) - (a + b) }
        switch (first.reduction, first.groupReduction) {
        case (.meanAbs, .sum): return abs(a + b)
        case (.meanSquare, .sum): return (a + b) * (a + b)
        case (.halfMeanSquare, .sum): return 0.5 * (a + b) * (a + b)
        case (.halfMeanSquare, .sumOfAbsolutes): return 0.5 * (a * a + b * b)
        case (.weightMagnitudes, _), (.connectionShare, _): preconditionFailure("no sample has gradients of weights")
        case (.absMean, .sum): return a + b
        case (.meanAbs, .sumOfAbsolutes): return abs(a) + abs(b)
        case (.meanSquare, .sumOfAbsolutes): return a * a + b * b
        case (.absMean, .sumOfAbsolutes): return (signs[unit].0 < 0 ? -a : a) + (signs[unit].1 < 0 ? -b : b)
        }
      }
      let (count, mean) = (Double(values.count), values.reduce(0, +) / Double(values.count))
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
      #expect(abs(result.groups[0][unit] - abs(mean)) < 1e-13 || mean < 0)
      #expect(abs(result.errors[0][unit] - (variance / count).squareRoot()) < 1e-13, "unit \(unit)")
      // 1.6449 is the quantile of the normal distribution that 95 of 100 stay below.
      let upper = result.groups[0][unit] + 1.644_853_626_951_472_2 * result.errors[0][unit]
      #expect(result.upperGroups[0][unit] == upper)
      #expect(abs(0.5 * erfc(-1.644_853_626_951_472_2 / 2.0.squareRoot()) - 0.95) < 1e-15)
    }
  }

  @Test func `shards of other sizes count by their samples, and one shard tells no error`() throws {
    let criterion = TaylorCriterion.first(.init(reduction: .meanSquare, level: .sample))
    let layout = SensitivityLayout(try SumNetwork().structure)
    // Two, two and one sample: unit 0 has squares 1, 16 | 4, 16 | 4, mean 41/5; the residuals Σ x − n·v are
    // 17 − 2v, 20 − 2v, 4 − v, and the error √(3/2 · Σ residual²) ÷ 5.
    let tables = Self.tables(layout, criterion, per: 2)
    let result = try SensitivityTable(adding: tables, layout, criterion, hasClasses: false)
    let mean = 41.0 / 5
    let squares = [17 - 2 * mean, 20 - 2 * mean, 4 - mean].reduce(0) { $0 + $1 * $1 }
    #expect(abs(result.groups[0][0] - mean) < 1e-13)
    #expect(abs(result.errors[0][0] - (1.5 * squares).squareRoot() / 5) < 1e-13)
    let one = try SensitivityTable(
      adding: Self.tables(layout, criterion, per: 5), layout, criterion, hasClasses: false)
    #expect(one.groups == result.groups)
    #expect(one.errors.allSatisfy { $0.allSatisfy { $0 == 0 } })
    #expect(one.upperGroups == one.groups)
  }
}
