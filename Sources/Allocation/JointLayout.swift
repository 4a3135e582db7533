/// Where the units of a joint problem stand, and which of them a step of their group may take.
struct JointLayout {
  /// Units that share their block in every partition: a step takes equally many from each, times its weight.
  struct Cell {
    /// Indices over all groups, ascending.
    let units: [Int]
    let weight: Int
  }

  struct Group {
    /// Indices over all groups.
    let units: Range<Int>
    let cells: [Cell]
    /// Units of one step of the cells.
    let stride: Int
    let ladder: [Int]
  }

  let groups: [Group]
  /// Units that every plan removes.
  let goneBefore: [Int]
  let isGoneBefore: [Bool]
  /// Most units that can go in all, beside those gone before.
  let removable: Int

  var unitCount: Int { isGoneBefore.count }

  init(_ problem: AllocationProblem) {
    var groups: [Group] = []
    var gone: [Int] = []
    var first = 0
    var removable = 0
    for group in problem.groups {
      let cells = RemovalOrder.cells(of: group.partitions, unitCount: group.unitCount)
      let weights = RemovalOrder.weights(of: cells, partitions: group.partitions, unitCount: group.unitCount)
      groups.append(
        Group(
          units: first..<first + group.unitCount,
          cells: zip(cells, weights).map { cell, weight in Cell(units: cell.map { first + $0 }, weight: weight) },
          stride: weights.reduce(0, +), ladder: group.ladder))
      gone += group.alreadyRemoved.map { first + $0 }
      removable += group.unitCount - (group.ladder.last ?? group.unitCount) - group.alreadyRemoved.count
      first += group.unitCount
    }
    self.groups = groups
    goneBefore = gone
    var isGone = [Bool](repeating: false, count: first)
    for unit in gone { isGone[unit] = true }
    isGoneBefore = isGone
    self.removable = removable
  }

  /// Units of each group, numbered within it, from indices over all groups.
  func local(_ isRemoved: [Bool]) -> [[Int]] {
    groups.map { group in group.units.filter { isRemoved[$0] }.map { $0 - group.units.lowerBound } }
  }

  /// Indices over all groups of what a plan removes.
  func removed(by plan: AllocationPlan) -> [Bool] {
    var isRemoved = isGoneBefore
    for (group, choice) in zip(groups, plan.choices) {
      for unit in choice.removed { isRemoved[group.units.lowerBound + unit] = true }
    }
    return isRemoved
  }
}
