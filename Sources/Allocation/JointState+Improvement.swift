extension JointState {
  /// Gives back, takes, swaps and exchanges until nothing helps or the effort is spent.
  ///
  /// - within a group a removed unit changes places with a kept one: which channels;
  /// - a step is taken back where every requirement stays met, or taken where that lowers the loss; a step of one group
  ///   is taken back and paid for by steps of others, or taken and spent on others: how many;
  /// - an option takes another alternative that every limit allows;
  /// - where none of these helps, each unit in turn is made to go or to come back and the rest adapts to it.
  /// - Parameters:
  ///   - work: rows that may be read, about.
  ///   - forcing: whether the last is done.
  /// - Precondition: all requirements are met; they stay so.
  mutating func improve(work limit: Int, forcing: Bool) {
    let last = work + limit
    var changed = true
    while changed, work < last {
      changed = giveBack()
      if takeMore() { changed = true }
      if improveOptions() { changed = true }
      for group in layout.groups.indices where work < last {
        if swapUnits(of: group, until: last) { changed = true }
      }
      if !changed { changed = exchangeSteps(until: last) }
      if !changed, forcing { changed = forceUnits(until: last) }
    }
  }

  /// Takes steps back, the one that lowers the loss most first, while every requirement stays met.
  /// - Parameter barred: a group that takes no part.
  @discardableResult
  mutating func giveBack(barred: Int? = nil) -> Bool {
    var changed = false
    var open = layout.groups.indices.filter { $0 != barred && mayGrow($0) }
    while let group = best(of: open, by: -1) {
      if tryStep(of: group, by: -1) {
        changed = true
        // What does not fit now does not fit later: the others only grow meanwhile.
        open = open.filter { mayGrow($0) }
      } else {
        open.removeAll { $0 == group }
      }
    }
    return changed
  }

  /// Takes steps that lower the loss, the most first: costs never grow by that.
  @discardableResult
  mutating func takeMore() -> Bool {
    var changed = false
    var open = layout.groups.indices.filter { widths.canShrink($0) }
    while let group = best(of: open, by: 1) {
      if tryStep(of: group, by: 1) {
        changed = true
        open = open.filter { widths.canShrink($0) }
      } else {
        open.removeAll { $0 == group }
      }
    }
    return changed
  }

  /// The group whose step lowers the loss most, as its units' changes add up; `nil` if none does.
  private mutating func best(of groups: [Int], by rungs: Int) -> Int? {
    var best: (group: Int, change: Double)?
    scanIfDue()
    for group in groups {
      let change = estimatedChange(of: group, toRung: widths.rungs[group] + rungs)
      if change < 0, best.map({ change < $0.change }) ?? true { best = (group, change) }
    }
    return best?.group
  }

  private mutating func tryStep(of group: Int, by rungs: Int) -> Bool {
    let former = self
    move(group, toRung: widths.rungs[group] + rungs)
    if isBetter(than: former) { return true }
    restore(former)
    return false
  }

  /// Whether the group's last step can be taken back with every requirement met.
  private func mayGrow(_ group: Int) -> Bool {
    guard widths.canGrow(group) else { return false }
    var widths = widths
    widths.grow(group)
    return widths.meetsAll
  }

  /// Changes options to the alternative of least loss that every limit allows.
  private mutating func improveOptions() -> Bool {
    var changed = false
    for (number, option) in problem.options.enumerated() {
      let first = widths.options[number]
      let better = option.losses.indices.filter { option.losses[$0] < option.losses[first] }
        .sorted { option.losses[$0] != option.losses[$1] ? option.losses[$0] < option.losses[$1] : $0 < $1 }
      for alternative in better {
        choose(alternative, ofOption: number)
        if widths.meetsAll { break }
        choose(first, ofOption: number)
      }
      if widths.options[number] != first { changed = true }
    }
    return changed
  }

  /// Takes a step of one group back and meets the requirements with others, or takes one and spends it on others.
  private mutating func exchangeSteps(until last: Int) -> Bool {
    var changed = false
    for rungs in [-1, 1] {
      scan()
      let groups = layout.groups.indices.filter { rungs < 0 ? widths.canGrow($0) : widths.canShrink($0) }
      let estimates = groups.map { estimatedChange(of: $0, toRung: widths.rungs[$0] + rungs) }
      for place in groups.indices.sorted(by: { (estimates[$0], $0) < (estimates[$1], $1) }) {
        let group = groups[place]
        guard work < last, rungs < 0 ? widths.canGrow(group) : widths.canShrink(group) else { continue }
        let former = self
        scan(group)
        move(group, toRung: widths.rungs[group] + rungs)
        if settles(after: group, by: rungs, former) { changed = true }
      }
    }
    return changed
  }

  /// Meets the requirements after a step of a group and spends what is left; back to the former state if that is no
  /// better.
  private mutating func settles(after group: Int, by rungs: Int, _ former: JointState) -> Bool {
    if !widths.meetsAll { meetAll(barred: group) }
    if rungs > 0 { takeMore() }
    giveBack(barred: rungs < 0 ? nil : group)
    if widths.meetsAll, isBetter(than: former) { return true }
    restore(former)
    return false
  }

  /// Makes each unit in turn go, or come back, and lets the rest adapt: those whose own change is least first.
  private mutating func forceUnits(until last: Int) -> Bool {
    var changed = false
    scan()
    var places: [(unit: Int, group: Int)] = []
    for (number, group) in layout.groups.enumerated() {
      for unit in group.units where !layout.isGoneBefore[unit] { places.append((unit, number)) }
    }
    let order = changes
    places.sort { order[$0.unit] != order[$1.unit] ? order[$0.unit] < order[$1.unit] : $0.unit < $1.unit }
    for (unit, group) in places where work < last {
      if forceSwap(of: unit, in: group, until: last) || forceStep(of: unit, in: group) { changed = true }
    }
    return changed
  }

  /// The unit goes, or comes back, as a step of its group.
  private mutating func forceStep(of unit: Int, in group: Int) -> Bool {
    let rungs = loss.isRemoved[unit] ? -1 : 1
    let place = layout.groups[group]
    let rung = widths.rungs[group] + rungs
    guard place.stride == 1, place.ladder.indices.contains(rung),
      (place.ladder[rung] - place.ladder[rung - rungs]).magnitude == 1
    else { return false }
    let former = self
    step(group, toRung: rung, with: unit)
    return settles(after: group, by: rungs, former)
  }
}
