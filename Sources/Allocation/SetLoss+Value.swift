extension SetLoss {
  /// Number of units of all groups together.
  public var unitCount: Int { linear.count }

  /// The predicted loss change of removing some units together, summed in double precision.
  /// - Parameter units: indices over all groups, those of group g from the sum of `unitCounts` before g on.
  /// - Precondition: the indices are units, each named once.
  public func value(removing units: [Int]) -> Double {
    var state = SetLossState(SetLossColumns(self, units: units))
    state.change(removing: Array(units.indices), restoring: [])
    return state.value
  }
}
