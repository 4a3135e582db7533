extension JointState {
  /// A step of a group, or an option's change.
  private struct Step {
    let mover: Int
    /// A rung, or an alternative.
    let target: Int
    let gain: Double
    var units: [Int]
    var change: Double
    /// Whether `change` is that of the units together at the present state.
    var isExact: Bool

    var score: Double { change / gain }
  }

  /// Takes steps of least loss ÷ gain until every requirement is met, or nothing is left to do.
  /// - Parameter barred: a group that takes no part.
  mutating func meetAll(barred: Int? = nil, changingOptions: Bool = true) {
    for requirement in widths.limits.indices {
      while widths.costs[requirement] > widths.limits[requirement] {
        scanIfDue()
        guard let step = bestStep(for: requirement, barred: barred, changingOptions: changingOptions) else { break }
        if step.mover < widths.groupCount {
          move(step.mover, toRung: step.target)
        } else {
          choose(step.target, ofOption: step.mover - widths.groupCount)
        }
      }
      if widths.costs[requirement] > widths.limits[requirement] {
        squeeze(requirement, barred: barred)
      }
    }
  }

  /// Rounding can leave a cost just above a limit that all gains have met: steps of least loss, whatever they gain.
  private mutating func squeeze(_ requirement: Int, barred: Int?) {
    while widths.costs[requirement] > widths.limits[requirement] {
      scan()
      var best: (group: Int, change: Double)?
      for group in layout.groups.indices where group != barred && widths.canShrink(group) {
        let change = estimatedChange(of: group, toRung: widths.rungs[group] + 1)
        if best.map({ change < $0.change }) ?? true { best = (group, change) }
      }
      guard let best else { return }
      move(best.group, toRung: widths.rungs[best.group] + 1)
    }
  }

  /// What a step down or up would change, its units' changes added up; those of the units chosen are right.
  mutating func estimatedChange(of group: Int, toRung rung: Int) -> Double {
    let ladder = layout.groups[group].ladder
    let count = ladder[widths.rungs[group]] - ladder[rung]
    var units: [Int] = []
    for _ in 0..<8 {
      units = cheapest(Int(count.magnitude), of: group, restoring: count < 0)
      guard look(at: units) else { break }
    }
    return units.reduce(0) { $0 + changes[$1] }
  }

  private mutating func bestStep(for requirement: Int, barred: Int?, changingOptions: Bool) -> Step? {
    var steps: [Step] = []
    for group in layout.groups.indices where group != barred && widths.canShrink(group) {
      guard let (rung, gain) = widths.nextGainingRung(group, for: requirement) else { continue }
      var step = Step(mover: group, target: rung, gain: gain, units: [], change: 0, isExact: false)
      choose(&step)
      steps.append(step)
    }
    if changingOptions {
      for option in problem.options.indices {
        guard let change = GreedyAllocator.change(of: option, for: requirement, in: widths) else { continue }
        // Its score is a loss ÷ gain already.
        steps.append(
          Step(
            mover: widths.groupCount + option, target: change.target, gain: 1, units: [], change: change.score,
            isExact: true))
      }
    }
    var looks = 0
    while let best = steps.indices.min(by: { steps[$0].score < steps[$1].score }) {
      if steps[best].isExact || looks == 32 { return steps[best] }
      looks += 1
      if look(at: steps[best].units) {
        choose(&steps[best])
      } else {
        steps[best].change = change(of: steps[best].units, restoring: false)
        steps[best].isExact = true
      }
    }
    return nil
  }

  private func choose(_ step: inout Step) {
    let ladder = layout.groups[step.mover].ladder
    step.units = cheapest(ladder[widths.rungs[step.mover]] - ladder[step.target], of: step.mover, restoring: false)
    step.change = step.units.reduce(0) { $0 + changes[$1] }
  }
}
