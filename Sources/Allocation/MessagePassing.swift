/// Lower bounds of a Lagrangian model at given prices, by messages between variables and functions.
///
/// Each function lends its variables parts of itself (δ, any numbers give a valid bound): the bound is the sum of the
/// minima of what is left. A pass visits the variables in order, draws the minima of all functions into each (its
/// *belief*) and deals the belief out to the functions that reach further on. Where variables and functions form a
/// forest, one pass is exact dynamic programming; elsewhere passes to and fro are sequential tree-reweighted message
/// passing (Kolmogorov, IEEE TPAMI 28(10), 2006, with functions of up to three variables as in Kolmogorov, arXiv:1309.5655).
///
/// A class, since it owns raw memory that passes write in place.
final class MessagePassing {
  struct Function {
    enum Kind {
      case product, scaledProduct, scaledWidth, staircase, ramp
    }
    let kind: Kind
    /// Index among the model's functions of its kind.
    let index: Int
    let variables: [Int]
    /// Where δ of each variable begins.
    let offsets: [Int]
  }

  /// A variable's place in a function.
  struct Edge {
    let function: Int
    let slot: Int
    /// Whether the function has a variable later in the order, or earlier; leaves do not count.
    let reachesForward: Bool
    let reachesBackward: Bool
  }

  let model: LagrangianModel
  let functions: [Function]
  /// For every variable its functions.
  let incident: [[Edge]]
  /// The variables in the order of a forward pass; without a forest the leaves come last and no pass visits them.
  let order: [Int]
  let visitedCount: Int
  /// Whether one forward pass is exact.
  let isForest: Bool
  /// Labels still admitted: lows[v] ... highs[v].
  private(set) var lows: [Int]
  private(set) var highs: [Int]
  /// Label operations so far: the measure of effort.
  private(set) var work = 0
  private(set) var prices: [Double]

  /// θ + Σ prices · unary costs of every variable, one after the other.
  let unaries: UnsafeMutablePointer<Double>
  let unaryOffsets: [Int]
  let widths: UnsafeMutablePointer<Double>
  let deltas: UnsafeMutablePointer<Double>
  /// The last message of every function to each of its variables.
  let drawn: UnsafeMutablePointer<Double>
  let belief: UnsafeMutablePointer<Double>
  let messages: UnsafeMutablePointer<Double>
  let lifted: UnsafeMutablePointer<Double>
  let reached: UnsafeMutablePointer<Double>
  /// Slopes of each ramp, by label of its first group.
  let slopes: UnsafeMutablePointer<Double>
  let slopeOffsets: [Int]
  let envelope: LowerEnvelope
  /// Weights of the functions at the present prices, by kind.
  private(set) var productWeights: [Double] = []
  private(set) var scaledWeights: [(both: [Double], left: [Double], right: [Double])] = []
  private(set) var widthWeights: [(linear: [Double], quadratic: [Double])] = []
  private(set) var constant = 0.0

  init(_ model: LagrangianModel) {
    self.model = model
    let count = model.variableCount
    var offsets: [Int] = []
    var total = 0
    for labels in model.counts {
      offsets.append(total)
      total += labels
    }
    unaryOffsets = offsets
    unaries = .allocate(capacity: max(total, 1))
    widths = .allocate(capacity: max(total, 1))
    for (variable, values) in model.values.enumerated() {
      for (label, value) in values.enumerated() { widths[offsets[variable] + label] = value }
    }
    var scopes: [(Function.Kind, Int, [Int])] = []
    for (index, f) in model.products.enumerated() { scopes.append((.product, index, [f.first, f.second])) }
    for (index, f) in model.scaledProducts.enumerated() {
      scopes.append((.scaledProduct, index, [f.option, f.first, f.second]))
    }
    for (index, f) in model.scaledWidths.enumerated() { scopes.append((.scaledWidth, index, [f.option, f.group])) }
    for (index, f) in model.staircases.enumerated() { scopes.append((.staircase, index, [f.first, f.second])) }
    for (index, f) in model.ramps.enumerated() { scopes.append((.ramp, index, [f.first, f.second])) }
    var rises: [Int] = []
    var raised = 0
    for ramp in model.ramps {
      rises.append(raised)
      raised += ramp.slopes.count
    }
    slopeOffsets = rises
    slopes = .allocate(capacity: max(raised, 1))
    for (ramp, offset) in zip(model.ramps, rises) {
      for (label, slope) in ramp.slopes.enumerated() { slopes[offset + label] = slope }
    }
    var functions: [Function] = []
    var places = [[(function: Int, slot: Int)]](repeating: [], count: count)
    var lent = 0
    for (kind, index, variables) in scopes {
      var offsets: [Int] = []
      for (slot, variable) in variables.enumerated() {
        places[variable].append((functions.count, slot))
        offsets.append(lent)
        lent += model.counts[variable]
      }
      functions.append(Function(kind: kind, index: index, variables: variables, offsets: offsets))
    }
    self.functions = functions
    deltas = .allocate(capacity: max(lent, 1))
    deltas.initialize(repeating: 0, count: max(lent, 1))
    drawn = .allocate(capacity: max(lent, 1))
    drawn.initialize(repeating: 0, count: max(lent, 1))
    let most = max(model.counts.max() ?? 1, 1)
    belief = .allocate(capacity: most)
    messages = .allocate(capacity: most)
    lifted = .allocate(capacity: most)
    reached = .allocate(capacity: most)
    envelope = LowerEnvelope(capacity: most)
    let visit = VisitOrder(scopes: scopes.map(\.2), variableCount: count, groupCount: model.groupCount)
    order = visit.order
    visitedCount = visit.visitedCount
    isForest = visit.isForest
    incident = places.enumerated().map { variable, places in
      places.map { function, slot in
        let others = functions[function].variables.map { visit.place[$0] }.filter { $0 < visit.visitedCount }
        let here = visit.place[variable]
        return Edge(
          function: function, slot: slot, reachesForward: others.contains { $0 > here },
          reachesBackward: others.contains { $0 < here })
      }
    }
    lows = [Int](repeating: 0, count: count)
    highs = model.counts.map { $0 - 1 }
    prices = [Double](repeating: 0, count: model.scales.count)
    setPrices(prices)
  }

  deinit {
    unaries.deallocate()
    widths.deallocate()
    deltas.deallocate()
    drawn.deallocate()
    slopes.deallocate()
    belief.deallocate()
    messages.deallocate()
    lifted.deallocate()
    reached.deallocate()
  }

  /// Admits only these labels; `setPrices` comes next.
  func setDomain(lows: [Int], highs: [Int]) {
    self.lows = lows
    self.highs = highs
  }

  /// Admits only one label of a variable.
  func fix(_ variable: Int, at label: Int) {
    lows[variable] = label
    highs[variable] = label
  }

  /// Sets the price of each requirement, in loss per limit, ≥ 0; what was lent stays.
  func setPrices(_ prices: [Double]) {
    self.prices = prices
    constant = 0
    for (requirement, price) in prices.enumerated() { constant += price * model.constants[requirement] }
    for variable in 0..<model.variableCount {
      let target = unaries + unaryOffsets[variable]
      let labels = domain(variable)
      let losses = model.losses[variable]
      for l in labels { target[l] = losses[l] }
      for (requirement, price) in prices.enumerated() where price > 0 {
        let costs = model.unaryCosts[requirement][variable]
        guard !costs.isEmpty else { continue }
        for l in labels { target[l] += price * costs[l] }
      }
      work += labels.count * (1 + prices.count)
    }
    func weighted(_ weights: [[Double]]) -> [Double] {
      (weights.first ?? []).indices.map { x in
        prices.indices.reduce(0) { $0 + prices[$1] * weights[$1][x] }
      }
    }
    work += prices.count * 4 * functions.count
    productWeights = model.products.map { product in
      prices.indices.reduce(0) { $0 + prices[$1] * product.weights[$1] }
    }
    scaledWeights = model.scaledProducts.map { (weighted($0.both), weighted($0.left), weighted($0.right)) }
    widthWeights = model.scaledWidths.map { (weighted($0.linear), weighted($0.quadratic)) }
  }

  func domain(_ variable: Int) -> ClosedRange<Int> { lows[variable]...highs[variable] }

  func widths(of variable: Int) -> UnsafePointer<Double> { UnsafePointer(widths + unaryOffsets[variable]) }

  func delta(_ function: Function, _ slot: Int) -> UnsafeMutablePointer<Double> {
    deltas + function.offsets[slot]
  }

  /// Counts work done elsewhere on this one's behalf.
  func count(work more: Int) { work += more }
}
