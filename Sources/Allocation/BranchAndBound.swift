/// Closes the gap between a plan and the bound: bounds over parts of the problem, the least promising looked at never.
///
/// A part admits an interval of labels for each variable. The part of the lowest bound is taken up: prices are chosen
/// anew for it, its near-minimisers repaired into plans, all its plans tried if they are few, else it is split where
/// the minimisers above and below the limit differ most.
struct BranchAndBound {
  private struct Part {
    let lows: [Int]
    let highs: [Int]
    let bound: Double
    let prices: [Double]
  }

  let model: LagrangianModel
  let passing: MessagePassing
  /// Best plan so far.
  private(set) var rungs: [Int]
  private(set) var options: [Int]
  private(set) var loss: Double
  private(set) var bound = -Double.infinity
  private(set) var prices: [Double]
  private var repaired: Set<[Int]> = []
  private var visits = 20_000

  init(_ model: LagrangianModel, start: WorkingWidths) {
    self.model = model
    passing = MessagePassing(model)
    rungs = start.rungs
    options = start.options
    loss = start.loss
    prices = [Double](repeating: 0, count: model.scales.count)
  }

  /// Sums are rounded; a bound this close to a loss is not below it.
  private var slack: Double {
    1e-12 * prices.reduce(model.lossSpan + loss.magnitude, +)
  }

  /// The bound; the loss itself where rounding alone keeps them apart.
  var provenBound: Double { bound >= loss - slack ? loss : bound }

  /// Repairs labels into a plan, and keeps it if it is the best.
  mutating func offer(_ labels: [Int]) {
    guard repaired.insert(labels).inserted else { return }
    var widths = WorkingWidths(
      model.problem, rungs: model.rungs(labels), options: Array(labels[model.groupCount...]))
    if !widths.meetsAll { GreedyAllocator.meetAll(&widths) }
    guard widths.meetsAll else { return }
    GreedyAllocator.repair(&widths)
    passing.count(work: 4 * widths.work)
    keep(widths.rungs, widths.options, loss: widths.loss)
  }

  private mutating func keep(_ rungs: [Int], _ options: [Int], loss: Double) {
    guard loss < self.loss else { return }
    self.rungs = rungs
    self.options = options
    self.loss = loss
  }

  /// The bound over the whole problem, from some prices.
  mutating func solveRoot(from start: [Double], evaluations: Int, work: Int) {
    var search = DualSearch(
      passing, lows: [Int](repeating: 0, count: model.variableCount), highs: model.counts.map { $0 - 1 },
      goal: loss - slack, mostWork: work)
    search.climb(from: start, evaluations: evaluations, sweeps: 12)
    guard let best = search.best else { return }
    bound = best.bound
    prices = best.prices
    for point in [search.nearestMet, search.nearestMissed, best] { if let point { offer(point.labels) } }
  }

  /// Splits the problem until the bound meets the loss, comes near enough, or the work is done.
  /// - Parameters:
  ///   - work: label operations at most, and within `exactWork` of them until both are equal.
  ///   - tolerance: the gap, relative to the loss, that is near enough after `exactWork`.
  mutating func close(work: Int, exactWork: Int, tolerance: Double) {
    var parts = [
      Part(
        lows: [Int](repeating: 0, count: model.variableCount), highs: model.counts.map { $0 - 1 }, bound: bound,
        prices: prices)
    ]
    let rootBound = bound
    var open = rootBound
    while let number = parts.indices.min(by: { parts[$0].bound < parts[$1].bound }) {
      let part = parts.remove(at: number)
      open = part.bound
      if part.bound >= loss - slack {
        open = loss
        break
      }
      if passing.work > work { break }
      if passing.work > exactWork, loss - part.bound <= tolerance * loss.magnitude { break }
      parts += split(part)
      open = loss
    }
    bound = max(rootBound, min(open, loss))
  }

  private mutating func split(_ part: Part) -> [Part] {
    guard mayMeetLimits(part) else { return [] }
    let slack = slack
    var search = DualSearch(passing, lows: part.lows, highs: part.highs, goal: loss - slack, mostWork: .max)
    search.climb(from: part.prices, evaluations: 8 * max(1, part.prices.count), sweeps: 4)
    guard let best = search.best else { return [] }
    let bound = max(part.bound, best.bound)
    for point in [search.nearestMet, search.nearestMissed] { if let point { offer(point.labels) } }
    if bound >= loss - slack { return [] }
    let (partBound, labels) = passing.evaluate(
      prices: best.prices, lows: part.lows, highs: part.highs, sweeps: 4)
    guard partBound < loss - slack else { return [] }
    var enumeration = Enumeration(
      passing, afterForward: passing.isForest, beating: loss, slack: slack, visits: visits)
    let done = enumeration.run()
    // Where one part is too large to be tried out, the next one probably is too; a single plan always gets its turn.
    visits = done ? min(2 * visits, 20_000) : max(visits / 2, 100 + 2 * model.variableCount)
    if let found = enumeration.found { keep(found.rungs, found.options, loss: enumeration.best) }
    if done { return [] }
    guard let (variable, label) = splitPoint(part, labels, search) else { return [] }
    var upperLows = part.lows
    var lowerHighs = part.highs
    lowerHighs[variable] = label
    upperLows[variable] = label + 1
    return [
      Part(lows: part.lows, highs: lowerHighs, bound: bound, prices: best.prices),
      Part(lows: upperLows, highs: part.highs, bound: bound, prices: best.prices),
    ]
  }

  /// Whether the least counts of a part meet the limits, each with the alternatives that are cheapest for it.
  private func mayMeetLimits(_ part: Part) -> Bool {
    let (kept, _) = model.choices(part.lows)
    for requirement in model.problem.requirements {
      let weights = model.problem.optionWeights(of: requirement, kept: kept)
      let cheapest = weights.enumerated().map { option, weights in
        let variable = model.groupCount + option
        return (part.lows[variable]...part.highs[variable]).min { weights[$0] < weights[$1] } ?? 0
      }
      if requirement.cost(kept, options: cheapest) > requirement.limit { return false }
    }
    return true
  }

  /// The variable and the last label of its lower half.
  private func splitPoint(_ part: Part, _ labels: [Int], _ search: DualSearch) -> (Int, Int)? {
    var best: (variable: Int, label: Int, score: Double)?
    if let low = search.nearestMissed, let high = search.nearestMet {
      for variable in part.lows.indices where low.labels[variable] != high.labels[variable] {
        let losses = model.losses[variable]
        let score = (losses[low.labels[variable]] - losses[high.labels[variable]]).magnitude
        let label = (low.labels[variable] + high.labels[variable]) / 2
        if best.map({ score > $0.score }) ?? true { best = (variable, label, score) }
      }
      if let best { return (best.variable, best.label) }
    }
    for variable in part.lows.indices where part.lows[variable] < part.highs[variable] {
      let losses = model.losses[variable][part.lows[variable]...part.highs[variable]]
      let score = (losses.max() ?? 0) - (losses.min() ?? 0)
      let label = max(part.lows[variable], min(labels[variable], part.highs[variable] - 1))
      if best.map({ score > $0.score }) ?? true { best = (variable, label, score) }
    }
    return best.map { ($0.variable, $0.label) }
  }
}
