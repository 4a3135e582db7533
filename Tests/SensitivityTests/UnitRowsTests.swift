import Channels
import Execution
import Networks
import Testing

@testable import Sensitivity

/// The rows that a joint loss is made of, whole and as a sketch.
struct UnitRowsTests {
  private let layout: SensitivityLayout

  init() throws { layout = SensitivityLayout(try SumNetwork().structure) }

  private func rows(_ form: UnitRows.Form, _ curvature: TaylorCriterion.Curvature) throws -> UnitRows {
    var table = ShardTable(layout, .second(curvature), rows: form)
    table.add(
      batch: [SumNetwork.labelled], curvature: curvature == .fisher ? [] : SumNetwork.curvature, correct: 0, layout)
    return try #require(table.rows)
  }

  /// The first two units of every row: those of the group that has products.
  private func units(_ rows: UnitRows) -> [[Double]] {
    stride(from: 0, to: rows.values.count, by: rows.unitCount).map { Array(rows.values[$0..<$0 + 2]) }
  }

  @Test func `rows stand by sample and label, and one that a short shard lacks is 0`() throws {
    let plain = try rows(.plain(perShard: 5), .ranked(count: 2))
    #expect(units(plain) == [[2, 0], [1, 2], [0, 2], [2, 0], [0, 0]])
    #expect(plain.losses == [0.5, 0.25, 0.75, 0.125].map(minusLog) + [0])
    let fisher = try rows(.weighted(perShard: 2), .fisher)
    #expect(units(fisher) == [[-1, -1], [4, 5]])
    #expect(fisher.losses.isEmpty)
  }

  @Test func `weighted rows have squares that count as the curvature says`() throws {
    let shares: [TaylorCriterion.Curvature: [Double]] = [
      .drawn(count: 2, seed: 1, positions: 1): [0.5, 0.5, 0.5, 0.5], .ranked(count: 2): [0.5, 0.25, 0.75, 0.125],
    ]
    let plain: [[Double]] = [[2, 0], [1, 2], [0, 2], [2, 0]]
    for (curvature, shares) in shares {
      let found = units(try rows(.weighted(perShard: 4), curvature))
      for row in 0..<4 {
        for unit in 0..<2 {
          let (value, expected) = (found[row][unit], plain[row][unit])
          #expect(value >= 0)
          #expect(abs(value * value - shares[row] * expected * expected) < 1e-14)
        }
      }
    }
  }

  @Test(arguments: [
    UnitRows.Form.weighted(perShard: 4), .plain(perShard: 6), .sketch(rows: 8, seed: 3),
  ])
  func `a packed table with rows comes back as it was, and wrong numbers are refused`(_ form: UnitRows.Form) throws {
    let criterion = TaylorCriterion.second(.drawn(count: 2, seed: 1, positions: 1))
    var table = ShardTable(layout, criterion, rows: form)
    table.add(batch: [SumNetwork.labelled], curvature: SumNetwork.curvature, correct: 2, layout)
    let packed = table.packed
    #expect(packed.count == PackedShardTable.count(layout, criterion, rows: form))
    // A slice of more numbers, as it is cut out of a message.
    let again = try #require(
      PackedShardTable(([7, 8] + packed + [9])[2..<packed.count + 2], layout, criterion, rows: form))
    #expect(Array(again.squares) == table.squares && Array(again.sums) == table.sums)
    #expect(again.sampleCount == table.sampleCount && again.valueCount == table.valueCount)
    #expect(again.lossSum == table.lossSum && again.correctCount == 2)
    #expect(Array(again.rows) == table.rows?.values && Array(again.rowLosses) == table.rows?.losses)
    #expect(PackedShardTable(packed.dropLast(), layout, criterion, rows: form) == nil)
    #expect(PackedShardTable((packed + [0])[...], layout, criterion, rows: form) == nil)
    #expect(PackedShardTable(packed[...], layout, criterion) == nil)
  }

  /// Random rows of three units.
  private static let table: [[Double]] = {
    var random = SplitMix64(77)
    return (0..<40).map { _ in (0..<3).map { _ in Double(random.below(17)) - 8 } }
  }()

  private static func sketch(_ samples: Range<Int>, rows: Int, seed: UInt64, labels: Int = 1) -> UnitRows {
    var sketch = UnitRows(.sketch(rows: rows, seed: seed), unitCount: 3)
    for sample in samples {
      for label in 0..<labels {
        sketch.add(table[sample][...], scale: 1, loss: 0, sample: sample, label: label)
      }
    }
    return sketch
  }

  /// |Σ of some columns|² of row-major rows.
  private static func squaredLength(_ values: [Double], _ set: [Double]) -> Double {
    stride(from: 0, to: values.count, by: 3).reduce(0) { sum, start in
      let product = (0..<3).reduce(0) { $0 + values[start + $1] * set[$1] }
      return sum + product * product
    }
  }

  @Test(arguments: [[1.0, 0, 0], [1, 1, 0], [1, 1, 1], [1, -1, 0.5]])
  func `the squared lengths of a sketch are right in the mean, with the deviation told`(_ set: [Double]) {
    let exact = Self.squaredLength(Self.table.flatMap { $0 }, set)
    let shares = (0..<400).map { seed in
      Self.squaredLength(Self.sketch(0..<40, rows: 16, seed: UInt64(seed)).values, set) / exact
    }
    // One has a deviation of √(2/16) = 0.35, the mean of 400 one of 0.018.
    let mean = shares.reduce(0, +) / 400
    let deviation = (shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 399).squareRoot()
    #expect(abs(mean - 1) < 0.07, "\(mean)")
    #expect(deviation > 0.25 && deviation < 0.45, "\(deviation)")
    #expect(abs(Self.squaredLength(Self.sketch(0..<40, rows: 2048, seed: 1).values, set) / exact - 1) < 0.15)
  }

  @Test func `sketches of shards add up to the sketch of all, whoever makes them`() {
    // 64 rows: the root is 8, and sums of whole numbers over 8 are exact.
    let whole = Self.sketch(0..<40, rows: 64, seed: 5).values
    for cuts in [[0, 40], [0, 1, 17, 40], [0, 20, 40]] {
      var sum = [Double](repeating: 0, count: whole.count)
      for (start, end) in zip(cuts, cuts.dropFirst()).reversed() {
        for (place, value) in Self.sketch(start..<end, rows: 64, seed: 5).values.enumerated() { sum[place] += value }
      }
      #expect(sum == whole, "\(cuts)")
    }
    #expect(Self.sketch(0..<40, rows: 64, seed: 6).values != whole)
  }

  @Test func `labels of one sample and rows of a sketch have signs of their own`() {
    let one = Self.sketch(3..<4, rows: 256, seed: 1).values
    let two = Self.sketch(3..<4, rows: 256, seed: 1, labels: 2).values
    // Were the signs of both labels the same, the sum would be twice the one everywhere; were they random, in half.
    let isDouble = stride(from: 0, to: one.count, by: 3).map { row in
      (row..<row + 3).allSatisfy { two[$0] == 2 * one[$0] }
    }
    let share = Double(isDouble.count { $0 }) / 256
    #expect(share > 0.35 && share < 0.65, "\(share)")
    let positive = stride(from: 0, to: one.count, by: 3).count { row in
      (row..<row + 3).contains { one[$0] * Self.table[3][$0 - row] > 0 }
    }
    #expect(positive > 90 && positive < 166, "\(positive) of 256 signs are positive")
  }

  @Test func `the sample's number in the data decides the signs, not its place in the batch`() throws {
    let criterion = TaylorCriterion.second(.fisher)
    let form = UnitRows.Form.sketch(rows: 64, seed: 2)
    func table(_ parts: [Evaluation], from first: Int) -> ShardTable {
      var table = ShardTable(layout, criterion, rows: form)
      table.add(batch: parts, from: first, correct: 0, layout)
      return table
    }
    let first = SumNetwork.evaluation([[1, -2]], [[-2, 1]], losses: [1])
    let second = SumNetwork.evaluation([[3, 4]], [[1, 1]], losses: [3])
    let whole = try #require(table([SumNetwork.labelled], from: 6).rows)
    #expect(table([first, second], from: 6).rows?.values == whole.values)
    let apart = try [#require(table([first], from: 6).rows), #require(table([second], from: 7).rows)]
    #expect(zip(apart[0].values, apart[1].values).map { $0 + $1 } == whole.values)
    #expect(table([first, second], from: 7).rows?.values != whole.values)
  }
}
