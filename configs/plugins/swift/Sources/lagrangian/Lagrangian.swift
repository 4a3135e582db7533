import PruneClusterPlugins

/// Lagrangian relaxation: costs get a price, every choice is made for the least loss + price × cost while the others stay, and
/// the lowest price is sought at which all limits are met. What room is left then goes where it saves the most loss.
@main
struct Lagrangian: Solver {
  func plan(for problem: PruningProblem) throws -> PruningPlan {
    let relaxation = Relaxation(problem: problem)
    var (low, high) = (0.0, 1.0)
    var chosen = relaxation.choices(at: high)
    while !relaxation.isMet(by: chosen) {
      guard high < 1e30 else { throw PluginError("no price brings the costs down to their limits") }
      (low, high) = (high, high * 2)
      chosen = relaxation.choices(at: high)
    }
    for _ in 0..<60 {
      let price = (low + high) / 2
      let dearer = relaxation.choices(at: price)
      if relaxation.isMet(by: dearer) { (high, chosen) = (price, dearer) } else { low = price }
    }
    return relaxation.plan(relaxation.filled(chosen))
  }
}

/// A problem as a list of choices, those of the groups and then those of the options, each with the losses of its alternatives.
private struct Relaxation {
  let problem: PruningProblem
  let losses: [[Double]]

  init(problem: PruningProblem) {
    self.problem = problem
    losses = problem.groups.map { $0.choices.map(\.loss) } + problem.options.map(\.losses)
  }

  func plan(_ chosen: [Int]) -> PruningPlan {
    PruningPlan(
      kept: problem.groups.map { $0.choices[chosen[$0.index]].kept },
      alternatives: Array(chosen.dropFirst(problem.groups.count)))
  }

  func isMet(by chosen: [Int]) -> Bool { problem.isMet(by: plan(chosen)) }

  /// All costs, each as a share of that of the whole network.
  private func cost(of chosen: [Int]) -> Double {
    let plan = plan(chosen)
    return problem.requirements.reduce(0) { $0 + ($1.original > 0 ? $1.cost(of: plan) / $1.original : 0) }
  }

  /// What no change of a single choice betters at a price, from the whole network on.
  func choices(at price: Double) -> [Int] {
    var chosen = problem.groups.map { _ in 0 } + problem.options.map(\.original)
    for _ in 0..<100 {
      let before = chosen
      for choice in losses.indices {
        var best = (alternative: chosen[choice], value: losses[choice][chosen[choice]] + price * cost(of: chosen))
        for alternative in losses[choice].indices {
          chosen[choice] = alternative
          let value = losses[choice][alternative] + price * cost(of: chosen)
          if value < best.value { best = (alternative, value) }
        }
        chosen[choice] = best.alternative
      }
      if chosen == before { break }
    }
    return chosen
  }

  /// The same with alternatives of less loss in place of others for as long as the limits hold, the greatest gain first.
  func filled(_ chosen: [Int]) -> [Int] {
    var chosen = chosen
    while true {
      var best: (gain: Double, chosen: [Int])?
      for choice in losses.indices {
        for alternative in losses[choice].indices {
          let gain = losses[choice][chosen[choice]] - losses[choice][alternative]
          guard gain > best?.gain ?? 0 else { continue }
          var other = chosen
          other[choice] = alternative
          if isMet(by: other) { best = (gain, other) }
        }
      }
      guard let best else { return chosen }
      chosen = best.chosen
    }
  }
}
