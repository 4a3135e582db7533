extension MessagePassing {
  /// out[l] = the least of the function plus what it was lent by the others, with label l in the slot.
  func draw(_ function: Function, into slot: Int, _ out: UnsafeMutablePointer<Double>) {
    switch function.kind {
    case .product: drawProduct(function, into: slot, out)
    case .scaledProduct: drawScaledProduct(function, into: slot, out)
    case .scaledWidth: drawScaledWidth(function, into: slot, out)
    case .staircase: drawStaircase(function, into: slot, out)
    case .ramp: drawRamp(function, into: slot, out)
    }
  }

  private func drawProduct(_ function: Function, into slot: Int, _ out: UnsafeMutablePointer<Double>) {
    let target = function.variables[slot]
    let source = function.variables[1 - slot]
    count(work: highs[source] - lows[source])
    envelope.fill(
      out, targets: domain(target), y: widths(of: target), from: delta(function, 1 - slot), sources: domain(source),
      x: widths(of: source), weight: productWeights[function.index])
  }

  private func drawRamp(_ function: Function, into slot: Int, _ out: UnsafeMutablePointer<Double>) {
    let target = function.variables[slot]
    let source = function.variables[1 - slot]
    count(work: highs[source] - lows[source])
    let rise = UnsafePointer(slopes + slopeOffsets[function.index])
    let width = widths(of: function.variables[1])
    envelope.fill(
      out, targets: domain(target), y: slot == 0 ? rise : width, from: delta(function, 1 - slot),
      sources: domain(source), x: slot == 0 ? width : rise, weight: prices[model.ramps[function.index].requirement])
  }

  private func drawScaledProduct(_ function: Function, into slot: Int, _ out: UnsafeMutablePointer<Double>) {
    let weights = scaledWeights[function.index]
    let option = function.variables[0]
    // Messages to the option pass through the second group too.
    let to = slot == 0 ? 2 : slot
    let from = 3 - to
    let (source, target) = (function.variables[from], function.variables[to])
    let (x, y) = (widths(of: source), widths(of: target))
    let (sourceSlopes, targetSlopes) = from == 1 ? (weights.left, weights.right) : (weights.right, weights.left)
    let (lentBySource, lentByTarget) = (delta(function, from), delta(function, to))
    let lentByOption = delta(function, 0)
    if slot != 0 { for l in domain(target) { out[l] = .infinity } }
    for alternative in domain(option) {
      let slope = sourceSlopes[alternative]
      for l in domain(source) { lifted[l] = lentBySource[l] + slope * x[l] }
      envelope.fill(
        reached, targets: domain(target), y: y, from: lifted, sources: domain(source), x: x,
        weight: weights.both[alternative])
      let own = targetSlopes[alternative]
      count(work: highs[source] - lows[source] + highs[target] - lows[target])
      if slot == 0 {
        var least = Double.infinity
        for l in domain(target) { least = min(least, reached[l] + own * y[l] + lentByTarget[l]) }
        out[alternative] = least
      } else {
        let fixed = lentByOption[alternative]
        for l in domain(target) { out[l] = min(out[l], reached[l] + own * y[l] + fixed) }
      }
    }
  }

  private func drawScaledWidth(_ function: Function, into slot: Int, _ out: UnsafeMutablePointer<Double>) {
    let weights = widthWeights[function.index]
    let (option, group) = (function.variables[0], function.variables[1])
    let x = widths(of: group)
    let (lentByOption, lentByGroup) = (delta(function, 0), delta(function, 1))
    if slot == 1 { for l in domain(group) { out[l] = .infinity } }
    for alternative in domain(option) {
      let (linear, quadratic) = (weights.linear[alternative], weights.quadratic[alternative])
      count(work: highs[group] - lows[group])
      if slot == 0 {
        var least = Double.infinity
        for l in domain(group) { least = min(least, lentByGroup[l] + (linear + quadratic * x[l]) * x[l]) }
        out[alternative] = least
      } else {
        for l in domain(group) {
          out[l] = min(out[l], lentByOption[alternative] + (linear + quadratic * x[l]) * x[l])
        }
      }
    }
  }

  private func drawStaircase(_ function: Function, into slot: Int, _ out: UnsafeMutablePointer<Double>) {
    let stairs = model.staircases[function.index]
    let price = prices[stairs.requirement]
    let (target, source) = (function.variables[slot], function.variables[1 - slot])
    let (targetSteps, sourceSteps) = slot == 0 ? (stairs.rows, stairs.columns) : (stairs.columns, stairs.rows)
    let (targetStride, sourceStride) = slot == 0 ? (stairs.columnCount, 1) : (1, stairs.columnCount)
    let lent = delta(function, 1 - slot)
    // The least lent on each step of the source, then one minimum per step of the target.
    let first = sourceSteps[lows[source]]
    let last = sourceSteps[highs[source]]
    var least = [Double](repeating: .infinity, count: last - first + 1)
    for l in domain(source) { least[sourceSteps[l] - first] = min(least[sourceSteps[l] - first], lent[l]) }
    count(work: highs[source] - lows[source])
    var step = -1
    var value = 0.0
    for l in domain(target) {
      if targetSteps[l] != step {
        step = targetSteps[l]
        value = .infinity
        for s in first...last {
          value = min(value, least[s - first] + price * stairs.values[step * targetStride + s * sourceStride])
        }
        count(work: last - first)
      }
      out[l] = value
    }
  }
}
