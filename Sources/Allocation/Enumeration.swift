/// Tries out all plans that a Lagrangian bound cannot exclude, depth first.
///
/// After a pass of messages every function's least, beyond what it lent, is 0, so what is known of a plan in part is a
/// lower bound of the whole: no plan near the best is missed, and in a forest no dead end is entered at all.
struct Enumeration {
  let passing: MessagePassing
  let model: LagrangianModel
  private let order: [Int]
  /// Functions that are known once the variable at a position is.
  private let completed: [[Int]]
  /// Least remainders of the variables from a position on.
  private var least: [Double]
  private let base: Double
  private let remainders: [[Double]]
  private var labels: [Int]
  private var widths: WorkingWidths
  private var visits: Int
  private let slack: Double
  /// The least loss that a plan must beat.
  private(set) var best: Double
  private(set) var found: (rungs: [Int], options: [Int])?

  /// - Parameter visits: the most plans in part to look at.
  init(_ passing: MessagePassing, afterForward forward: Bool, beating loss: Double, slack: Double, visits: Int) {
    self.passing = passing
    model = passing.model
    order = forward ? passing.order.reversed() : passing.order
    var position = [Int](repeating: 0, count: order.count)
    for (number, variable) in order.enumerated() { position[variable] = number }
    var completed = [[Int]](repeating: [], count: order.count)
    for (number, function) in passing.functions.enumerated() {
      completed[function.variables.map { position[$0] }.max() ?? 0].append(number)
    }
    self.completed = completed
    var base = 0.0
    for (requirement, price) in passing.prices.enumerated() { base += price * passing.model.constants[requirement] }
    self.base = base
    remainders = order.map { variable in
      (passing.lows[variable]...passing.highs[variable]).map { passing.remainder(of: variable, at: $0) }
    }
    least = [Double](repeating: 0, count: order.count + 1)
    for number in order.indices.reversed() { least[number] = least[number + 1] + (remainders[number].min() ?? 0) }
    labels = passing.lows
    widths = WorkingWidths(
      passing.model.problem, rungs: passing.model.rungs(labels), options: Array(labels[passing.model.groupCount...]))
    self.visits = visits
    self.slack = slack
    best = loss
  }

  /// Whether all plans could be looked at within the visits.
  mutating func run() -> Bool {
    let allowed = visits
    search(0, base)
    passing.count(work: 12 * (allowed - max(visits, 0)) + 2 * widths.work)
    return visits >= 0
  }

  private mutating func search(_ position: Int, _ known: Double) {
    guard position < order.count else {
      if widths.meetsAll, widths.loss < best {
        best = widths.loss
        found = (widths.rungs, widths.options)
      }
      return
    }
    let variable = order[position]
    let low = passing.lows[variable]
    let isGroup = variable < model.groupCount
    // Without options, whatever is open stands at its least: a cost above its limit stays there.
    let checks = model.problem.options.isEmpty
    for label in low...passing.highs[variable] {
      visits -= 1
      if visits < 0 { break }
      labels[variable] = label
      var sum = known + remainders[position][label - low]
      if sum + least[position + 1] >= best - slack { continue }
      for function in completed[position] { sum += passing.value(passing.functions[function], at: labels) }
      if sum + least[position + 1] >= best - slack { continue }
      if isGroup {
        widths.move(variable, toRung: model.flipped(label, of: variable))
        if checks, !widths.meetsAll { break }
      } else {
        widths.choose(label, ofOption: variable - model.groupCount)
      }
      search(position + 1, sum)
    }
    labels[variable] = low
    if isGroup { widths.move(variable, toRung: model.flipped(low, of: variable)) }
  }
}
