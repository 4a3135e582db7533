/// The order in which messages visit the variables.
struct VisitOrder {
  let order: [Int]
  /// Position of each variable in `order`.
  let place: [Int]
  /// Whether variables and functions form a forest: then every variable, when visited, has at most one function that
  /// reaches on.
  let isForest: Bool
  /// How many are visited; elsewhere than in a forest, the rest are leaves.
  let visitedCount: Int

  /// - Parameter scopes: the variables of each function.
  init(scopes: [[Int]], variableCount: Int, groupCount: Int) {
    var incident = [[Int]](repeating: [], count: variableCount)
    for (function, variables) in scopes.enumerated() {
      for variable in variables { incident[variable].append(function) }
    }
    if let leavesFirst = Self.eliminationOrder(scopes, incident) {
      order = leavesFirst
      isForest = true
      visitedCount = variableCount
    } else {
      // Options and groups with one function lend it all that they have, as long as someone else asks it.
      var isLeaf = [Bool](repeating: false, count: variableCount)
      for variable in (0..<variableCount).reversed() where incident[variable].count == 1 {
        isLeaf[variable] = scopes[incident[variable][0]].contains { $0 != variable && !isLeaf[$0] }
      }
      // Groups in the order of the network, an option just before the first group that it meets.
      let firsts = (0..<variableCount).map { variable in
        variable < groupCount ? variable : incident[variable].flatMap { scopes[$0] }.min() ?? variable
      }
      let core = (0..<variableCount).filter { !isLeaf[$0] }.sorted { (firsts[$0], -$0) < (firsts[$1], -$1) }
      order = core + (0..<variableCount).filter { isLeaf[$0] }
      isForest = false
      visitedCount = core.count
    }
    var place = [Int](repeating: 0, count: variableCount)
    for (position, variable) in order.enumerated() { place[variable] = position }
    self.place = place
  }

  /// Leaves first; `nil` if there is a cycle.
  private static func eliminationOrder(_ scopes: [[Int]], _ incident: [[Int]]) -> [Int]? {
    var remaining = scopes.map(\.count)
    var open = incident.map(\.count)
    var removed = [Bool](repeating: false, count: incident.count)
    var order = incident.indices.filter { open[$0] <= 1 }
    var next = 0
    while next < order.count {
      let variable = order[next]
      next += 1
      removed[variable] = true
      for function in incident[variable] {
        remaining[function] -= 1
        guard remaining[function] == 1 else { continue }
        for other in scopes[function] where !removed[other] {
          open[other] -= 1
          if open[other] == 1 { order.append(other) }
        }
      }
    }
    return order.count == incident.count ? order : nil
  }
}
