extension MessagePassing {
  /// The bound at the prices over the labels lows[v] ... highs[v] of each variable, and labels that come near it.
  /// - Parameter sweeps: most passes to and fro where one pass is not exact.
  func evaluate(prices: [Double], lows: [Int], highs: [Int], sweeps: Int) -> (bound: Double, labels: [Int]) {
    setDomain(lows: lows, highs: highs)
    setPrices(prices)
    if isForest {
      let bound = pass(forward: true, isFirst: true)
      return (bound, decode(afterForward: true))
    }
    var best = -Double.infinity
    for sweep in 0..<sweeps {
      _ = pass(forward: true, isFirst: sweep == 0)
      let bound = pass(forward: false, isFirst: false)
      let gained = bound - best
      best = max(best, bound)
      if gained <= 1e-5 * best.magnitude { break }
    }
    return (best, decode(afterForward: false))
  }

  /// One pass over the variables, forwards or backwards; returns the bound that it proves.
  /// - Parameter isFirst: whether prices or labels changed since the last pass. If not, the message of a function to the
  ///   first variable that meets it still stands, from the pass in the other direction.
  func pass(forward: Bool, isFirst: Bool) -> Double {
    var bound = constant
    if isFirst, !isForest { lendLeaves() }
    for step in 0..<visitedCount {
      let variable = order[forward ? step : visitedCount - 1 - step]
      let labels = domain(variable)
      let edges = incident[variable]
      let own = unaries + unaryOffsets[variable]
      count(work: labels.count * (edges.count + 1))
      var ahead = 0
      var behind = 0
      for l in labels { belief[l] = own[l] }
      for edge in edges {
        let reachesOn = forward ? edge.reachesForward : edge.reachesBackward
        let reachesBack = forward ? edge.reachesBackward : edge.reachesForward
        if reachesOn { ahead += 1 }
        if reachesBack { behind += 1 }
        if reachesOn && isForest { continue }
        let function = functions[edge.function]
        let message = drawn + function.offsets[edge.slot]
        if isFirst || reachesBack { draw(function, into: edge.slot, message) }
        for l in labels { belief[l] += message[l] }
      }
      let share = ahead == 0 ? 0 : isForest ? 1 / Double(ahead) : 1 / Double(max(ahead, behind))
      var least = belief[labels.lowerBound]
      for l in labels { least = min(least, belief[l]) }
      bound += (1 - share * Double(ahead)) * least
      for edge in edges {
        let function = functions[edge.function]
        let target = delta(function, edge.slot)
        let message = drawn + function.offsets[edge.slot]
        if !(forward ? edge.reachesForward : edge.reachesBackward) {
          for l in labels { target[l] = -message[l] }
        } else if isForest {
          for l in labels { target[l] = belief[l] * share }
        } else {
          for l in labels { target[l] = share * belief[l] - message[l] }
        }
      }
    }
    return bound
  }

  /// Leaves lend their only function all they have.
  private func lendLeaves() {
    for variable in order[visitedCount...] {
      let own = unaries + unaryOffsets[variable]
      for edge in incident[variable] {
        let target = delta(functions[edge.function], edge.slot)
        for l in domain(variable) { target[l] = own[l] }
      }
    }
  }

  /// The labels that a dive against the last pass finds, each the best after those before it; exact in a forest.
  func decode(afterForward forward: Bool) -> [Int] {
    let (lowest, highest) = (lows, highs)
    defer { setDomain(lows: lowest, highs: highest) }
    for step in order.indices {
      let variable = order[forward ? order.count - 1 - step : step]
      let labels = domain(variable)
      let own = unaries + unaryOffsets[variable]
      for l in labels { belief[l] = own[l] }
      for edge in incident[variable] {
        draw(functions[edge.function], into: edge.slot, messages)
        for l in labels { belief[l] += messages[l] }
      }
      var best = labels.lowerBound
      for l in labels where belief[l] < belief[best] { best = l }
      fix(variable, at: best)
    }
    return lows
  }

  /// A function's value at labels of all its variables, with what these lent it.
  func value(_ function: Function, at labels: [Int]) -> Double {
    var sum = 0.0
    for (slot, variable) in function.variables.enumerated() { sum += delta(function, slot)[labels[variable]] }
    func width(_ slot: Int) -> Double {
      let variable = function.variables[slot]
      return widths[unaryOffsets[variable] + labels[variable]]
    }
    let chosen = labels[function.variables[0]]
    switch function.kind {
    case .product: return sum + productWeights[function.index] * width(0) * width(1)
    case .scaledProduct:
      let weights = scaledWeights[function.index]
      return sum + (weights.both[chosen] * width(2) + weights.left[chosen]) * width(1) + weights.right[chosen]
        * width(2)
    case .scaledWidth:
      let weights = widthWeights[function.index]
      return sum + (weights.linear[chosen] + weights.quadratic[chosen] * width(1)) * width(1)
    case .ramp:
      let ramp = model.ramps[function.index]
      return sum + prices[ramp.requirement] * ramp.slopes[chosen] * width(1)
    case .staircase:
      let stairs = model.staircases[function.index]
      let at = stairs.rows[chosen] * stairs.columnCount + stairs.columns[labels[function.variables[1]]]
      return sum + prices[stairs.requirement] * stairs.values[at]
    }
  }

  /// The losses and prices of a variable's label, less what it lent.
  func remainder(of variable: Int, at label: Int) -> Double {
    var sum = unaries[unaryOffsets[variable] + label]
    for edge in incident[variable] { sum -= delta(functions[edge.function], edge.slot)[label] }
    return sum
  }
}
