extension JointState {
  private struct Pair {
    let back: Int
    let go: Int
    let change: Double
  }

  /// How many units of each side of a swap are tried, and how many swaps that turn out to be none are forgiven.
  private static let breadth = 24
  private static let mistakes = 4

  /// Exchanges removed units of a group for kept ones of the same cell, the best pair first.
  /// - Parameter fixed: a unit that takes no part.
  @discardableResult
  mutating func swapUnits(of group: Int, fixed: Int? = nil, until last: Int) -> Bool {
    var changed = false
    scan(group)
    for cell in layout.groups[group].cells {
      var failed: [Pair] = []
      while work < last, failed.count < Self.mistakes {
        let backs = least(of: cell, removed: true, fixed: fixed)
        let goes = least(of: cell, removed: false, fixed: fixed)
        let pair = bestPair(backs, goes) { back, go in failed.contains { $0.back == back && $0.go == go } }
        guard let pair, pair.change < 0 else { break }
        let former = self
        swap(restoring: pair.back, removing: pair.go, in: group)
        if isBetter(than: former) {
          changed = true
        } else {
          restore(former)
          failed.append(pair)
        }
      }
    }
    return changed
  }

  /// The unit changes places with the best other of its cell, though that may be no gain, and others may follow.
  mutating func forceSwap(of unit: Int, in group: Int, until last: Int) -> Bool {
    guard let cell = layout.groups[group].cells.first(where: { $0.units.contains(unit) }) else { return false }
    let isRemoved = loss.isRemoved[unit]
    let others = least(of: cell, removed: !isRemoved, fixed: nil)
    guard let pair = isRemoved ? bestPair([unit], others) : bestPair(others, [unit]) else { return false }
    let former = self
    swap(restoring: pair.back, removing: pair.go, in: group)
    swapUnits(of: group, fixed: unit, until: last)
    if isBetter(than: former) { return true }
    restore(former)
    return false
  }

  /// Units of a cell that may go or come back, those of least change.
  private func least(of cell: JointLayout.Cell, removed: Bool, fixed: Int?) -> ArraySlice<Int> {
    cell.units.filter { loss.isRemoved[$0] == removed && !layout.isGoneBefore[$0] && $0 != fixed }
      .sorted { changes[$0] != changes[$1] ? changes[$0] < changes[$1] : $0 < $1 }
      .prefix(Self.breadth)
  }

  private mutating func bestPair(
    _ backs: ArraySlice<Int>, _ goes: ArraySlice<Int>, excluding isExcluded: (Int, Int) -> Bool = { _, _ in false }
  ) -> Pair? {
    var best: Pair?
    for back in backs {
      for go in goes {
        let change = changes[back] + changes[go] - loss.interaction(back, go)
        if let best, best.change <= change { continue }
        if !isExcluded(back, go) { best = Pair(back: back, go: go, change: change) }
      }
    }
    count(work: backs.count * goes.count)
    return best
  }
}
