import Networks

/// Which channel unit every element of a value belongs to, held over the axes along which that changes.
struct UnitArray: Sendable {
  /// Elements of no unit.
  static let none: Int32 = -1

  /// Per axis the value's extent, or 1 where units do not change along it.
  let stored: [Int]
  /// Over `stored`, row-major: the number of the unit among those of all groups, or `none`.
  let units: [Int32]

  /// What stays when some units go, by number; `nil` when nothing does.
  ///
  /// What stays is a product of index lists exactly when the lists of what stays somewhere along each axis have no more
  /// elements between them than stay.
  func part(removing isRemoved: [Bool]) -> KeptPart? {
    let stays = units.map { $0 == UnitArray.none || !isRemoved[Int($0)] }
    let count = stays.count { $0 }
    if count == stays.count { return .whole }
    guard count > 0 else { return nil }
    let strides = Shape(stored).rowMajorStrides
    var isUsed = stored.map { [Bool](repeating: false, count: $0) }
    for (position, isKept) in stays.enumerated() where isKept {
      for axis in stored.indices where stored[axis] > 1 { isUsed[axis][position / strides[axis] % stored[axis]] = true }
    }
    var kept: [Int: [Int]] = [:]
    var product = 1
    for axis in stored.indices where stored[axis] > 1 {
      let indices = isUsed[axis].indices.filter { isUsed[axis][$0] }
      product *= indices.count
      if indices.count < stored[axis] { kept[axis] = indices }
    }
    return product == count ? .along(kept) : .scattered
  }
}
