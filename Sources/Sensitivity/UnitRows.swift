import Networks

/// The rows t′ of a shard: one per sample and label of the curvature, one number per unit of all groups.
///
/// The loss of a set of units is a function of the sums of its columns, so what is kept is all that it needs; of too many
/// samples a sketch: sums of the rows with random signs, whose squared lengths are right in the mean, with a relative
/// deviation of √(2 ÷ rows) (Achlioptas 2003).
public struct UnitRows: Sendable {
  /// How rows are kept.
  public enum Form: Hashable, Sendable {
    /// All of them, times the root of what their squares count by; a shard has at most so many.
    case weighted(perShard: Int)
    /// All of them as they are, with the loss of each; a shard has at most so many.
    case plain(perShard: Int)
    /// So many sums of weighted rows with signs drawn from a seed.
    case sketch(rows: Int, seed: UInt64)
  }

  /// How rows are kept.
  let form: Form
  /// Numbers per row.
  let unitCount: Int
  /// Row-major; rows that a short shard lacks are 0.
  private(set) var values: [Double]
  /// Of every row the loss of its sample with its label; empty unless rows are plain.
  private(set) var losses: [Double]
  private var next = 0

  /// No rows yet.
  init(_ form: Form, unitCount: Int) {
    self.form = form
    self.unitCount = unitCount
    values = [Double](repeating: 0, count: form.rowCount * unitCount)
    losses = [Double](repeating: 0, count: form.lossCount)
  }

  /// The rows as numbers, to be sent.
  var packed: [Double] { losses + values }

  private static let signs: UInt64 = 1

  /// Adds a row.
  /// - Parameters:
  ///   - row: as `SensitivityLayout` places the units.
  ///   - scale: the root of what its square counts by.
  ///   - sample: the sample's number in the calibration data, and `label` that of the curvature's label: they decide the
  ///     signs.
  mutating func add(_ row: ArraySlice<Double>, scale: Double, loss: Double, sample: Int, label: Int) {
    precondition(row.count == unitCount)
    switch form {
    case .weighted: put(row, scale: scale)
    case .plain:
      losses[next] = loss
      put(row, scale: 1)
    case .sketch(let rows, let seed):
      // Labels are drawn from the numbers of seed, sample and label alone; signs must not go by the same bits.
      var random = SplitMix64(seed, UInt64(sample), UInt64(label), Self.signs)
      let length = scale / Double(rows).squareRoot()
      var bits: UInt64 = 0
      values.withUnsafeMutableBufferPointer { values in
        for target in 0..<rows {
          if target % 64 == 0 { bits = random.next() }
          let factor = (bits >> UInt64(target % 64)) & 1 == 1 ? length : -length
          for (place, value) in zip(target * unitCount..<(target + 1) * unitCount, row) {
            values[place] += value * factor
          }
        }
      }
    }
  }

  private mutating func put(_ row: ArraySlice<Double>, scale: Double) {
    precondition(next < form.rowCount, "a shard has more rows than it was to have")
    values.withUnsafeMutableBufferPointer { values in
      for (place, value) in zip(next * unitCount..<(next + 1) * unitCount, row) { values[place] = value * scale }
    }
    next += 1
  }
}

extension UnitRows.Form {
  /// Rows that one shard sends.
  public var rowCount: Int {
    switch self {
    case .weighted(let perShard), .plain(let perShard): perShard
    case .sketch(let rows, _): rows
    }
  }

  /// Whether rows are summed over all samples.
  public var isSketch: Bool {
    if case .sketch = self { true } else { false }
  }

  /// Numbers of `losses`.
  var lossCount: Int {
    if case .plain(let perShard) = self { perShard } else { 0 }
  }

  /// Numbers that one shard sends.
  func packedCount(units: Int) -> Int { rowCount * units + lossCount }
}
