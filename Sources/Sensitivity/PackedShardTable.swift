/// A shard's table in the numbers that another rank packed it in: nothing is copied, since rank 0 goes through all of them.
public struct PackedShardTable: Sendable {
  /// Values of t summed: batches or samples, as the criterion says.
  public let valueCount: Int
  /// Samples run.
  public let sampleCount: Int
  /// Σ of the samples' losses.
  public let lossSum: Double
  /// Samples whose largest output is at their label; 0 without class labels.
  public let correctCount: Int
  /// Σ of the criterion's contributions, as `SensitivityLayout` places them.
  public let sums: ArraySlice<Double>
  /// Σ of the curvature's squares, placed likewise; empty for an expansion of order 1.
  public let squares: ArraySlice<Double>
  /// Of every row the loss of its sample with its label; empty unless rows are plain.
  public let rowLosses: ArraySlice<Double>
  /// The curvature's rows, row-major, one number per unit; rows that a short shard lacks are 0. Empty where none are kept.
  public let rows: ArraySlice<Double>

  private static let headCount = 4

  /// The table in such numbers, or `nil` when they are none of this layout.
  ///
  /// (A slice and no collection of any kind: code for any kind goes number by number.)
  /// - Parameter form: how the rows of an expansion of order 2 are kept; `nil` where they are not.
  public init?(
    _ numbers: ArraySlice<Double>, _ layout: SensitivityLayout, _ criterion: TaylorCriterion,
    rows form: UnitRows.Form? = nil
  ) {
    guard numbers.count == PackedShardTable.count(layout, criterion, rows: form) else { return nil }
    var next = numbers.startIndex
    func part(_ count: Int) -> ArraySlice<Double> {
      defer { next += count }
      return numbers[next..<next + count]
    }
    let head = Array(part(PackedShardTable.headCount))
    guard let values = Int(exactly: head[0]), let samples = Int(exactly: head[1]), let correct = Int(exactly: head[3])
    else { return nil }
    (valueCount, sampleCount, lossSum, correctCount) = (values, samples, head[2], correct)
    sums = part(layout.count)
    squares = part((criterion.columns - 1) * layout.count)
    rowLosses = part(form?.lossCount ?? 0)
    rows = numbers[next...]
  }

  /// How many numbers a packed table has.
  public static func count(
    _ layout: SensitivityLayout, _ criterion: TaylorCriterion, rows: UnitRows.Form? = nil
  ) -> Int {
    headCount + criterion.columns * layout.count + (rows.map { $0.packedCount(units: layout.unitCount) } ?? 0)
  }
}

extension ShardTable {
  /// The table as numbers, to be sent: counts, loss, the sums, then the rows.
  public var packed: [Double] {
    [Double(valueCount), Double(sampleCount), lossSum, Double(correctCount)] + sums + squares + (rows?.packed ?? [])
  }
}
