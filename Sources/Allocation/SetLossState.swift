/// A set of removed units with its loss, kept up to date as units go and come back.
///
/// A value: a copy is a state to return to. What it costs is the shifts, not the columns.
struct SetLossState {
  let columns: SetLossColumns
  /// Whether each unit is removed.
  private(set) var isRemoved: [Bool]
  /// Σ t of the removed units, by padded row.
  private(set) var shifts: [Double]
  private(set) var linear = 0.0
  /// The set's loss.
  private(set) var value = 0.0
  private var rows: [Float] = []

  /// Nothing removed.
  init(_ columns: SetLossColumns) {
    self.columns = columns
    isRemoved = [Bool](repeating: false, count: columns.unitCount)
    shifts = [Double](repeating: 0, count: columns.rowCount)
    settle()
  }

  /// Removes some units and takes others back.
  /// - Precondition: the former are kept, the latter removed now; each is named once.
  mutating func change(removing: [Int], restoring: [Int]) {
    move(removing, to: true)
    move(restoring, to: false)
    settle()
  }

  private mutating func move(_ units: [Int], to removed: Bool) {
    for unit in units {
      precondition(isRemoved[unit] != removed, "a unit goes or comes back once")
      isRemoved[unit] = removed
      columns.add(unit, times: removed ? 1 : -1, to: &shifts)
      linear += removed ? columns.linear[unit] : -columns.linear[unit]
    }
  }

  private mutating func settle() {
    value = columns.settle(shifts, rows: &rows) + linear
  }

  /// What the loss would change by if the units went and came back: exact, up to the rounding of sums.
  func changed(removing: [Int], restoring: [Int]) -> Double {
    var other = self
    other.change(removing: removing, restoring: restoring)
    return other.value - value
  }

  /// What removing a kept unit, or taking back a removed one, changes: exact for a quadratic form up to the rounding of
  /// `Float` sums, to second order for a softmax.
  func change(of unit: Int) -> Double {
    rows.withUnsafeBufferPointer { rows in
      guard let rows = rows.baseAddress else { return 0 }
      let (slope, curvature) = columns.derivatives(of: unit, rows)
      return (isRemoved[unit] ? -slope : slope) + curvature / 2
    }
  }

  /// `change(of:)` of a range of units.
  func fill(_ changes: inout [Double], of units: Range<Int>) {
    rows.withUnsafeBufferPointer { rows in
      guard let rows = rows.baseAddress else { return }
      for unit in units {
        let (slope, curvature) = columns.derivatives(of: unit, rows)
        changes[unit] = (isRemoved[unit] ? -slope : slope) + curvature / 2
      }
    }
  }

  /// The mixed second derivative of removing two units, at the present state.
  func interaction(_ first: Int, _ second: Int) -> Double {
    rows.withUnsafeBufferPointer { rows in
      rows.baseAddress.map { columns.interaction(first, second, $0) } ?? 0
    }
  }
}
