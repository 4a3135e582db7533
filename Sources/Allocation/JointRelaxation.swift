/// Lower bounds of a joint problem from tangents of its loss, and the plans that minimise these.
///
/// The form is convex in the shifts y, so at any point y the tangent φ(y) + ∇φ(y)·(y_R − y) lies below φ(y_R) for every
/// set R, and y_R = Σ t(u) makes it a sum over the units: an additive problem under the same costs and rules, whose
/// proven lower bound bounds the joint problem. The best tangent is the one at the minimum of the loss over the convex
/// hull of all admissible plans; it is approached by minimising over the hull of the plans found so far, whose tangent
/// gives the next (Frank and Wolfe 1956, in the fully corrective form).
struct JointRelaxation {
  /// A plan, or a mixture of some.
  struct Point {
    var shifts: [Double]
    /// Linear terms of the units, and losses of the options.
    var linear: Double
  }

  let problem: AllocationProblem
  let layout: JointLayout
  let columns: SetLossColumns
  /// The largest bound so far.
  private(set) var bound = -Double.infinity
  /// Prices of the tangent that proved it.
  private(set) var prices: [Double] = []
  /// The plans found so far, without repetition: which units they remove, and their options.
  private(set) var plans: [(removed: [Bool], options: [Int], loss: Double)] = []
  var points: [Point] = []
  /// Of each point in the mixture; they add up to 1.
  var shares: [Double] = []
  var mixture: Point
  /// Of a quadratic form, for every two points Σ weight · y · y.
  private(set) var products: [[Double]] = []

  init(_ problem: AllocationProblem, _ layout: JointLayout, _ columns: SetLossColumns) {
    self.problem = problem
    self.layout = layout
    self.columns = columns
    mixture = Point(shifts: [Double](repeating: 0, count: columns.rowCount), linear: 0)
  }

  /// Adds a plan to the hull; `false` if it is there already.
  @discardableResult
  mutating func add(_ removed: [Bool], options: [Int]) -> Bool {
    guard !plans.contains(where: { $0.removed == removed && $0.options == options }) else { return false }
    var point = Point(shifts: [Double](repeating: 0, count: columns.rowCount), linear: 0)
    for unit in removed.indices where removed[unit] {
      columns.add(unit, times: 1, to: &point.shifts)
      point.linear += columns.linear[unit]
    }
    for (option, chosen) in zip(problem.options, options) { point.linear += option.losses[chosen] }
    plans.append((removed, options, value(point)))
    if !columns.isSoftmax { addProducts(of: point) }
    points.append(point)
    shares.append(points.count == 1 ? 1 : 0)
    if points.count == 1 { mixture = point }
    return true
  }

  private mutating func addProducts(of point: Point) {
    let rows = columns.slopes(at: point.shifts).rows
    func product(_ other: Point) -> Double {
      var sum = 0.0
      for row in rows.indices { sum += rows[row] * other.shifts[row] }
      return sum
    }
    let row = points.map { product($0) }
    for (number, value) in row.enumerated() { products[number].append(value) }
    products.append(row + [product(point)])
  }

  /// Whether further tangents would raise the bound by little of its distance from a plan's loss.
  ///
  /// The least loss of mixtures, which the bound approaches, is no more than that of the mixture now.
  func isConverged(below loss: Double) -> Bool { value(mixture) - bound <= 0.01 * (loss - bound) }

  private func value(_ point: Point) -> Double { columns.slopes(at: point.shifts).value + point.linear }

  /// Solves the tangent at the mixture, raises the bound, and adds the plan that minimises it to the hull.
  /// - Returns: whether the plan is new.
  mutating func takeTangent(_ effort: OptimalAllocator.Effort) throws(AllocationError) -> Bool {
    let (value, rows) = columns.slopes(at: mixture.shifts)
    var constant = value
    for row in rows.indices { constant -= rows[row] * mixture.shifts[row] }
    let (plan, gone) = try solve(columns.gradient(rows), effort)
    if let lowest = plan.lowerBound, constant + gone + lowest > bound {
      bound = constant + gone + lowest
      prices = plan.prices
    }
    return add(layout.removed(by: plan), options: plan.options)
  }

  /// Adds a plan near the mixture: the best one for the slopes of the loss to be expected if every unit went with the
  /// share that it has in the mixture, by chance and independently; to second order.
  mutating func addNearest() throws(AllocationError) {
    var portions = [Double](repeating: 0, count: layout.unitCount)
    for (plan, share) in zip(plans, shares) where share > 0 {
      for unit in portions.indices where plan.removed[unit] { portions[unit] += share }
    }
    var rows: [Float] = []
    _ = columns.settle(mixture.shifts, rows: &rows)
    let losses = rows.withUnsafeBufferPointer { rows in
      portions.indices.map { unit in
        guard let rows = rows.baseAddress else { return 0.0 }
        let (slope, curvature) = columns.derivatives(of: unit, rows)
        return slope + curvature * (0.5 - portions[unit])
      }
    }
    let (plan, _) = try solve(losses, .quick)
    add(layout.removed(by: plan), options: plan.options)
  }

  /// The best plan for losses that add up, and what the units gone before lose beside it.
  func solve(
    _ losses: [Double], _ effort: OptimalAllocator.Effort
  ) throws(AllocationError) -> (plan: AllocationPlan, gone: Double) {
    var losses = losses
    var gone = 0.0
    for unit in layout.goneBefore {
      gone += losses[unit]
      losses[unit] = 0
    }
    var groups: [ChoiceGroup] = []
    for (group, place) in zip(problem.groups, layout.groups) {
      groups.append(try group.with(losses: Array(losses[place.units])))
    }
    let additive = try AllocationProblem(groups: groups, options: problem.options, requirements: problem.requirements)
    return (try OptimalAllocator(effort: effort, startingPrices: prices).allocate(additive), gone)
  }
}

extension ChoiceGroup {
  /// This group with other losses under the same rules.
  func with(losses: [Double]) throws(AllocationError) -> ChoiceGroup {
    try ChoiceGroup(
      name: name, losses: losses, partitions: partitions, minimumKept: minimumKept, maximumRemoved: maximumRemoved,
      multiple: multiple, widths: widths, alreadyRemoved: alreadyRemoved, fixedRemoved: fixedRemoved)
  }
}
