extension GreedyAllocator {
  /// Gives back and swaps steps and improves options until nothing helps.
  ///
  /// Ends: a swap or another alternative lowers the loss, a step given back does not raise it and there are finitely many.
  /// - Precondition: all requirements are met; they stay so.
  static func repair(_ widths: inout WorkingWidths) {
    repeat {
      giveBack(&widths)
    } while improveOptions(&widths) || swap(&widths)
  }

  /// Changes options to the alternative of least loss that every limit allows; `false` if none changes.
  private static func improveOptions(_ widths: inout WorkingWidths) -> Bool {
    var changed = false
    for (number, option) in widths.problem.options.enumerated() {
      let now = widths.options[number]
      let better = option.losses.indices.filter { option.losses[$0] < option.losses[now] }
        .sorted { precedes($0, $1, by: -option.losses[$0], -option.losses[$1]) }
      for alternative in better {
        widths.choose(alternative, ofOption: number)
        if widths.meetsAll { break }
        widths.choose(now, ofOption: number)
      }
      if widths.options[number] != now { changed = true }
    }
    return changed
  }

  /// Takes back every step that is not needed, largest loss first.
  private static func giveBack(_ widths: inout WorkingWidths) {
    var candidates = (0..<widths.groupCount).filter { widths.canGrow($0) && widths.lossOfLastStep($0) >= 0 }
    candidates.sort { precedes($0, $1, by: widths.lossOfLastStep($0), widths.lossOfLastStep($1)) }
    var next = 0
    while next < candidates.count {
      let group = candidates[next]
      widths.grow(group)
      guard widths.meetsAll else {
        // What cannot be given back now cannot be later: the others only grow meanwhile.
        widths.shrink(group)
        next += 1
        continue
      }
      candidates.remove(at: next)
      guard widths.canGrow(group), widths.lossOfLastStep(group) >= 0 else { continue }
      let loss = widths.lossOfLastStep(group)
      let place = candidates[next...].firstIndex { precedes(group, $0, by: loss, widths.lossOfLastStep($0)) }
      candidates.insert(group, at: place ?? candidates.endIndex)
    }
  }

  /// Larger losses first, ties by index.
  private static func precedes(_ a: Int, _ b: Int, by lossOfA: Double, _ lossOfB: Double) -> Bool {
    lossOfA != lossOfB ? lossOfA > lossOfB : a < b
  }

  /// Swaps, group by group, its last step for the cheapest of another group that will do; `false` if none saves loss.
  ///
  /// One pass makes many swaps: looking for the best of all pairs each time would cost a pass for every swap.
  private static func swap(_ widths: inout WorkingWidths) -> Bool {
    var swapped = false
    var cheapest = stepsByLoss(in: widths)
    let groups = (0..<widths.groupCount).filter { widths.canGrow($0) }
      .sorted { precedes($0, $1, by: widths.lossOfLastStep($0), widths.lossOfLastStep($1)) }
    for group in groups where widths.canGrow(group) {
      let loss = widths.lossOfLastStep(group)
      guard let first = cheapest.first, widths.lossOfShrinking(first) < loss else { continue }
      widths.grow(group)
      var partner: Int?
      for other in cheapest where other != group {
        guard widths.lossOfShrinking(other) < loss else { break }
        guard covers(other, in: &widths) else { continue }
        partner = other
        break
      }
      guard let partner else {
        widths.shrink(group)
        continue
      }
      widths.shrink(partner)
      swapped = true
      cheapest = stepsByLoss(in: widths)
    }
    return swapped
  }

  /// The groups that can shrink, the step of least loss first, ties by index.
  private static func stepsByLoss(in widths: WorkingWidths) -> [Int] {
    (0..<widths.groupCount).filter { widths.canShrink($0) }
      .sorted { precedes($0, $1, by: -widths.lossOfShrinking($0), -widths.lossOfShrinking($1)) }
  }

  /// Whether the group's next step leaves all requirements met; the widths come back as they were.
  private static func covers(_ group: Int, in widths: inout WorkingWidths) -> Bool {
    // Most candidates fall far short; only those that come near are tried out exactly.
    for requirement in widths.costs.indices {
      let excess = widths.costs[requirement] - widths.limits[requirement]
      if widths.gain(of: group, for: requirement) < excess - 1e-9 * widths.costs[requirement] { return false }
    }
    widths.shrink(group)
    defer { widths.grow(group) }
    return widths.meetsAll
  }
}
