/// Looks for the prices of the largest bound.
struct DualSearch {
  let passing: MessagePassing
  let problem: AllocationProblem
  let model: LagrangianModel
  let lows: [Int]
  let highs: [Int]
  /// Stop once the bound reaches this.
  let goal: Double
  /// Stop once this many label operations are done in all.
  let mostWork: Int
  /// Points evaluated, the best bound among them, and those whose labels are near the limits.
  private(set) var best: DualPoint?
  private(set) var nearestMissed: DualPoint?
  private(set) var nearestMet: DualPoint?

  init(
    _ passing: MessagePassing, lows: [Int], highs: [Int], goal: Double, mostWork: Int
  ) {
    self.passing = passing
    model = passing.model
    problem = passing.model.problem
    self.lows = lows
    self.highs = highs
    self.goal = goal
    self.mostWork = mostWork
  }

  private var isDone: Bool {
    guard let best else { return false }
    return best.bound >= goal || passing.work > mostWork
  }

  @discardableResult
  mutating func evaluate(_ prices: [Double], sweeps: Int = 4) -> DualPoint {
    let (bound, labels) = passing.evaluate(prices: prices, lows: lows, highs: highs, sweeps: sweeps)
    let (kept, options) = model.choices(labels)
    var loss = 0.0
    for (variable, label) in labels.enumerated() { loss += model.losses[variable][label] }
    let excess = problem.requirements.enumerated().map { number, requirement in
      (requirement.cost(kept, options: options) - requirement.limit) / model.scales[number]
    }
    let point = DualPoint(prices: prices, bound: bound, labels: labels, loss: loss, excess: excess)
    if best.map({ bound > $0.bound }) ?? true { best = point }
    if point.meetsAll {
      if nearestMet.map({ loss < $0.loss }) ?? true { nearestMet = point }
    } else {
      let worst = excess.max() ?? 0
      if nearestMissed.map({ worst < $0.excess.max() ?? 0 }) ?? true { nearestMissed = point }
    }
    return point
  }

  /// Climbs to the best bound from some prices, with at most so many evaluations of the bound.
  /// - Parameter sweeps: the care taken at the best prices, where the bound is not exact.
  mutating func climb(from start: [Double], evaluations: Int, sweeps: Int) {
    var left = evaluations
    switch start.count {
    case 0: evaluate(start)
    case 1: climb(along: 0, from: start, evaluations: &left)
    default: mixPlans(from: start, evaluations: left)
    }
    if !passing.isForest, sweeps > 4, let best, best.bound < goal { evaluate(best.prices, sweeps: sweeps) }
  }

  /// Prices from mixtures of the plans met so far, drawn towards the best prices known, so that they do not swing (the
  /// in-out separation of Ben-Ameur and Neto, Networks 49, 2007).
  private mutating func mixPlans(from start: [Double], evaluations: Int) {
    var mixture = PlanMixture(requirementCount: start.count, ceiling: goal)
    for prices in [start, start.map { _ in 0 }] where !isDone {
      let point = evaluate(prices)
      mixture.add(loss: point.loss, excess: point.excess)
    }
    var share = 0.4
    for _ in 0..<evaluations {
      guard !isDone, let best, best.bound < mixture.value - 1e-9 * mixture.value.magnitude else { return }
      let point = evaluate(zip(best.prices, mixture.prices).map { $0 + share * ($1 - $0) })
      let line = zip(mixture.prices, point.excess).reduce(point.loss) { $0 + $1.0 * $1.1 }
      let isBelow = line < mixture.value - 1e-10 * mixture.value.magnitude
      // Nothing below the mixture at its own prices: it is the best, or the messages see no better plan.
      if !isBelow, share == 1 { return }
      share = isBelow ? 0.4 : 1
      mixture.add(loss: point.loss, excess: point.excess)
    }
  }

  /// One price at a time: the Lagrangians of two plans, one above and one below the limit, are lines in the price, and
  /// where they cross is the next price to try; after Handler and Zang, Networks 10, 1980.
  private mutating func climb(along requirement: Int, from start: [Double], evaluations left: inout Int) {
    var prices = start
    var missed: DualPoint?
    var met: DualPoint?
    if start[requirement] <= 0 {
      left -= 1
      let point = evaluate(start)
      if point.excess[requirement] <= 0 { return }
      missed = point
      prices[requirement] = model.lossSpan
      if prices[requirement] == 0 { return }
    }
    var factor = 1.5
    while left > 0, missed == nil || met == nil, !isDone {
      left -= 1
      let point = evaluate(prices)
      if point.excess[requirement] > 0 {
        missed = point
        prices[requirement] *= factor
      } else {
        met = point
        if point.prices[requirement] == 0 { return }
        let next = prices[requirement] / factor
        prices[requirement] = factor > 100 ? 0 : next
      }
      factor *= factor
      guard prices[requirement].isFinite, prices[requirement] < 1e150 else { return }
    }
    var turn = 0
    while left > 0, let low = missed, let high = met, !isDone {
      left -= 1
      turn += 1
      let (from, to) = (low.prices[requirement], high.prices[requirement])
      let (gLow, gHigh) = (low.excess[requirement], high.excess[requirement])
      let crossing = (high.value(without: requirement) - low.value(without: requirement)) / (gLow - gHigh)
      var next = crossing
      if !(next > from && next < to) || (to > 4 * from && turn.isMultiple(of: 2)) {
        next = from > 0 ? (from * to).squareRoot() : to / 8
      }
      guard next > from, next < to else { return }
      prices[requirement] = next
      let point = evaluate(prices)
      // Nothing below the two lines: this is the top.
      let line = low.value(without: requirement) + next * gLow
      if next == crossing, point.bound >= line - 1e-9 * line.magnitude { return }
      if point.excess[requirement] > 0 {
        if point.labels == low.labels, next != crossing, to - next < 1e-6 * to { return }
        missed = point
      } else {
        if point.labels == high.labels, next != crossing, next - from < 1e-6 * to { return }
        met = point
      }
      if to - from < (passing.isForest ? 1e-7 : 1e-4) * to { return }
    }
  }
}
