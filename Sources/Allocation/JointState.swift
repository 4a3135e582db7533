/// A plan in the making under a set loss: which units are removed, what they cost, what each would change.
///
/// The changes of all units are worked out anew every `interval` removals; in between only those of the units that are
/// about to be taken, so that a choice is exact among the units looked at. With an interval of 1 all are always right.
/// A value: a copy is a state to return to.
struct JointState {
  let layout: JointLayout
  private(set) var widths: WorkingWidths
  private(set) var loss: SetLossState
  /// By unit what its going or coming back would change, as last worked out.
  private(set) var changes: [Double]
  /// By unit the state, by number, at which that was.
  private var seen: [Int]
  private var now = 1
  private var movesSinceScan = Int.max / 2
  private let interval: Int
  /// Rows of units read so far: the measure of effort.
  private(set) var work = 0

  /// Rows that one descent from the whole network may read, about; a larger one scans its units less often.
  private static let scanWork = 400_000_000

  /// Nothing removed but what went before and what is set by hand, of that the units of least loss.
  init(_ problem: AllocationProblem, _ layout: JointLayout, _ columns: SetLossColumns, options: [Int]? = nil) {
    self.init(problem, layout, columns, rungs: [Int](repeating: 0, count: layout.groups.count), options)
    loss.change(removing: layout.goneBefore, restoring: [])
    for (index, group) in layout.groups.enumerated() {
      let gone = group.units.reduce(0) { $0 + (layout.isGoneBefore[$1] ? 1 : 0) }
      takeOneByOne(group.units.count - group.ladder[0] - gone, from: index)
    }
  }

  /// The units of a plan removed.
  init(
    _ problem: AllocationProblem, _ layout: JointLayout, _ columns: SetLossColumns, removed: [Bool], options: [Int]
  ) {
    let rungs = layout.groups.map { group in
      let kept = group.units.reduce(0) { $0 + (removed[$1] ? 0 : 1) }
      return group.ladder.firstIndex(of: kept) ?? 0
    }
    self.init(problem, layout, columns, rungs: rungs, options)
    loss.change(removing: removed.indices.filter { removed[$0] }, restoring: [])
  }

  private init(
    _ problem: AllocationProblem, _ layout: JointLayout, _ columns: SetLossColumns, rungs: [Int], _ options: [Int]?
  ) {
    self.layout = layout
    widths = WorkingWidths(problem, rungs: rungs, options: options)
    loss = SetLossState(columns)
    changes = [Double](repeating: 0, count: layout.unitCount)
    seen = [Int](repeating: 0, count: layout.unitCount)
    let descent = layout.unitCount.multipliedReportingOverflow(by: columns.rowCount * (layout.removable / 2 + 1))
    interval = descent.overflow ? 64 : min(64, 1 + descent.partialValue / Self.scanWork)
  }

  var problem: AllocationProblem { widths.problem }

  /// The loss of the set and of the options as they stand.
  var objective: Double {
    var sum = loss.value
    for (option, chosen) in zip(problem.options, widths.options) { sum += option.losses[chosen] }
    return sum
  }

  /// Whether this plan is better than another by more than rounding.
  func isBetter(than other: JointState) -> Bool {
    objective < other.objective - 1e-9 * max(other.objective.magnitude, loss.value.magnitude)
  }

  /// Returns to a former state; the effort stays spent.
  mutating func restore(_ former: JointState) {
    let spent = work
    self = former
    work = spent
  }

  // MARK: What changes

  /// Works out the change of every unit.
  mutating func scan() {
    guard movesSinceScan > 0 else { return }
    for index in layout.groups.indices { scan(index) }
    movesSinceScan = 0
  }

  /// Works out the change of every unit, if enough have moved since the last time.
  mutating func scanIfDue() {
    if movesSinceScan >= interval { scan() }
  }

  /// Works out the changes of a group's units.
  mutating func scan(_ group: Int) {
    let units = layout.groups[group].units
    loss.fill(&changes, of: units)
    for unit in units { seen[unit] = now }
    work += units.count * loss.columns.rowCount
  }

  /// Works out the changes of some units; `false` if all were right.
  mutating func look(at units: [Int]) -> Bool {
    var looked = false
    for unit in units where seen[unit] != now {
      changes[unit] = loss.change(of: unit)
      seen[unit] = now
      work += loss.columns.rowCount
      looked = true
    }
    return looked
  }

  /// What a set of units going (of a group, all now kept) or coming back would change.
  mutating func change(of units: [Int], restoring: Bool) -> Double {
    if units.count == 1 { return changes[units[0]] }
    work += (units.count + 2) * loss.columns.rowCount
    return loss.changed(removing: restoring ? [] : units, restoring: restoring ? units : [])
  }

  /// The units of least change that a group would take or take back, so many, as its cells share them out.
  func cheapest(_ count: Int, of group: Int, restoring: Bool) -> [Int] {
    let group = layout.groups[group]
    if count == 1, group.cells.count == 1 {
      var best = -1
      for unit in group.units where loss.isRemoved[unit] == restoring && !layout.isGoneBefore[unit] {
        if best < 0 || changes[unit] < changes[best] { best = unit }
      }
      return best < 0 ? [] : [best]
    }
    var chosen: [Int] = []
    for cell in group.cells {
      let open = cell.units.filter { loss.isRemoved[$0] == restoring && !layout.isGoneBefore[$0] }
        .sorted { changes[$0] != changes[$1] ? changes[$0] < changes[$1] : $0 < $1 }
      chosen += open.prefix(count / group.stride * cell.weight)
    }
    return chosen
  }

  // MARK: Moves

  /// Brings a group to a rung below, or above, with the units of least change, chosen one by one as they go.
  mutating func move(_ group: Int, toRung rung: Int) {
    let ladder = layout.groups[group].ladder
    let count = ladder[widths.rungs[group]] - ladder[rung]
    widths.move(group, toRung: rung)
    takeOneByOne(count, from: group)
  }

  /// Brings a group to the next rung below or above with one unit, which goes or comes back.
  mutating func step(_ group: Int, toRung rung: Int, with unit: Int) {
    widths.move(group, toRung: rung)
    change(removing: loss.isRemoved[unit] ? [] : [unit], restoring: loss.isRemoved[unit] ? [unit] : [])
    scan(group)
  }

  /// Exchanges a removed unit for a kept one of the same cell.
  mutating func swap(restoring restored: Int, removing removed: Int, in group: Int) {
    change(removing: [removed], restoring: [restored])
    scan(group)
  }

  /// Chooses an option's alternative.
  mutating func choose(_ alternative: Int, ofOption option: Int) { widths.choose(alternative, ofOption: option) }

  /// Takes units from a group, or with a negative count takes some back, each the best after those before it.
  private mutating func takeOneByOne(_ count: Int, from group: Int) {
    guard count != 0 else { return }
    let restoring = count < 0
    if count.magnitude == 1, layout.groups[group].cells.count == 1 {
      let units = cheapest(1, of: group, restoring: restoring)
      change(removing: restoring ? [] : units, restoring: restoring ? units : [])
      scan(group)
      return
    }
    let layoutOfGroup = layout.groups[group]
    let steps = Int(count.magnitude) / layoutOfGroup.stride
    for cell in layoutOfGroup.cells {
      for _ in 0..<steps * cell.weight {
        var best: Int?
        if seen[layoutOfGroup.units.lowerBound] != now { scan(group) }
        for unit in cell.units where loss.isRemoved[unit] == restoring && !layout.isGoneBefore[unit] {
          if let found = best, changes[found] <= changes[unit] { continue }
          best = unit
        }
        guard let best else { continue }
        change(removing: restoring ? [] : [best], restoring: restoring ? [best] : [])
      }
    }
    scan(group)
  }

  /// Counts the effort of looking at pairs of units.
  mutating func count(work pairs: Int) { work += pairs * loss.columns.rowCount }

  private mutating func change(removing: [Int], restoring: [Int]) {
    loss.change(removing: removing, restoring: restoring)
    now += 1
    movesSinceScan += removing.count + restoring.count
    work += (removing.count + restoring.count + 1) * loss.columns.rowCount
  }
}
