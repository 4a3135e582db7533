/// A cost measured at some pairs of widths: a staircase, as latencies are.
///
/// The value at (l, r) is the entry of the smallest tabulated widths ≥ l and ≥ r; beyond the last width, the last.
public struct WidthTable: Equatable, Sendable {
  /// Tabulated widths of the one side, strictly ascending.
  public let lefts: [Double]
  /// Tabulated widths of the other side, strictly ascending.
  public let rights: [Double]
  /// Entry of (lefts[i], rights[j]) at i · rights.count + j; never falls as a width grows.
  public let values: [Double]

  /// The staircase over measured values, each raised to the largest at widths no larger.
  ///
  /// A measured latency may fall by noise where a width grows; no allocator could rely on such a fall.
  /// - Parameter values: lefts.count rows of rights.count entries, finite and ≥ 0.
  public init(lefts: [Double], rights: [Double], values: [[Double]]) throws(AllocationError) {
    for (side, widths) in [("left", lefts), ("right", rights)] {
      guard !widths.isEmpty else { throw .invalidTable(reason: "no \(side) widths, expected at least one") }
      for width in widths where !width.isFinite { throw .notFinite(place: "table: a \(side) width", value: width) }
      for (width, next) in zip(widths, widths.dropFirst()) where width >= next {
        throw .invalidTable(reason: "\(side) width \(width) is followed by \(next), expected ascending widths")
      }
    }
    guard values.count == lefts.count, values.allSatisfy({ $0.count == rights.count }) else {
      throw .invalidTable(reason: "values are no \(lefts.count) rows of \(rights.count) entries")
    }
    var flat: [Double] = []
    flat.reserveCapacity(lefts.count * rights.count)
    for (i, row) in values.enumerated() {
      for (j, value) in row.enumerated() {
        guard value.isFinite else { throw .notFinite(place: "table: entry (\(i), \(j))", value: value) }
        guard value >= 0 else {
          throw .invalidTable(reason: "entry (\(i), \(j)) is \(value), expected 0 or more")
        }
        var largest = value
        if i > 0 { largest = max(largest, flat[(i - 1) * rights.count + j]) }
        if j > 0 { largest = max(largest, flat[i * rights.count + j - 1]) }
        flat.append(largest)
      }
    }
    self.lefts = lefts
    self.rights = rights
    self.values = flat
  }

  init(transposing other: WidthTable) {
    lefts = other.rights
    rights = other.lefts
    values = other.rights.indices.flatMap { right in
      other.lefts.indices.map { other.values[$0 * other.rights.count + right] }
    }
  }

  /// The entry for two widths.
  public func value(_ left: Double, _ right: Double) -> Double {
    values[Self.step(of: left, in: lefts) * rights.count + Self.step(of: right, in: rights)]
  }

  /// Index of the smallest tabulated width that is no smaller; the last beyond it.
  static func step(of width: Double, in widths: [Double]) -> Int {
    var low = 0
    var high = widths.count - 1
    while low < high {
      let middle = (low + high) / 2
      if widths[middle] >= width { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
