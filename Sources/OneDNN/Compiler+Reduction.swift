import CKernels
import Execution
import Networks

/// Reductions: one kernel for sums, one for extremes, the others put together from these and functions of one value.
extension Compiler {
  mutating func forwardReduction(_ reduction: Reduction, _ axes: [Int], _ node: Node, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let from = try operand(x)
    let shape = network[y].shape
    let to = try makeResult(y, shape.rank == from.shape.rank ? from.layout : .rowMajor)
    switch reduction {
    case .mean: try appendSum(of: from, to: to, axes, factor: meanFactor(axes, from.shape), node)
    case .sum: try appendSum(of: from, to: to, axes, node)
    case .max, .min: try appendExtreme(of: from, to: to, axes, largest: reduction == .max, node)
    case .l1: try appendSum(of: try mapped(from, .absolute, node), to: to, axes, node)
    case .sumOfSquares: try appendSum(of: try mapped(from, .power(exponent: 2), node), to: to, axes, node)
    case .l2:
      let sum = try makeTensor(to.shape, to.layout, for: node.name)
      try appendSum(of: try mapped(from, .power(exponent: 2), node), to: sum, axes, node)
      append(UnaryStep(function: ElementFunction(.squareRoot), from: sum, to: to))
    case .logSumExp:
      // m + ln Σ e^(x − m) with the largest element m: no power overflows.
      let largest = try makeTensor(to.shape, to.layout, for: node.name)
      try appendExtreme(of: from, to: largest, axes, largest: true, node)
      let powers = try powers(of: from, minus: largest, axes, node)
      let sum = try makeTensor(to.shape, to.layout, for: node.name)
      try appendSum(of: powers, to: sum, axes, node)
      try appendBinary(pc_add, largest.view, try mapped(sum, .log, node).view, to: to.view, place: node.name)
    }
  }

  mutating func backwardReduction(
    _ reduction: Reduction, _ axes: [Int], _ node: Node, _ gradient: Tensor, _ x: ValueID, _ y: ValueID
  ) throws(ExecutionError) {
    let shape = network[x].shape
    switch reduction {
    case .mean: try passRepeated(gradient, to: x, axes, factor: meanFactor(axes, shape), node)
    case .sum: try passRepeated(gradient, to: x, axes, factor: 1, node)
    case .max, .min:
      let from = try operand(x)
      let result = expanded(try operand(y), over: axes, of: shape)
      let destination = try beginAdding(x)
      let step = ExtremeGradientStep(
        gradient: expanded(gradient, over: axes, of: shape), result: result, from: from.view,
        to: destination.tensor.view, axes: axes)
      guard step.fits else { throw Self.tooManyAxes(node.name) }
      append(step)
      try finish(destination)
    case .l1: try passRepeated(gradient, times: try mapped(try operand(x), .sign, node), to: x, axes, node)
    case .sumOfSquares:
      let twice = try makeTensor(gradient.shape, gradient.layout, for: node.name)
      try appendCopy(from: gradient.view, to: twice.view, factor: 2, place: node.name)
      try passRepeated(twice, times: try operand(x), to: x, axes, node)
    case .l2:
      // ∂√(Σ x²)/∂x = x ÷ √(Σ x²)
      let result = try operand(y)
      let quotient = try makeTensor(gradient.shape, gradient.layout, for: node.name)
      try appendTernary(
        pc_guarded_quotient, gradient.view, result.view, result.view, to: quotient.view, place: node.name)
      try passRepeated(quotient, times: try operand(x), to: x, axes, node)
    case .logSumExp:
      let powers = try powers(of: try operand(x), minus: try operand(y), axes, node)
      try passRepeated(gradient, times: powers, to: x, axes, node)
    }
  }

  private func meanFactor(_ axes: [Int], _ shape: Shape) -> Double { 1 / Double(axes.reduce(1) { $0 * shape[$1] }) }

  private mutating func appendSum(of from: Tensor, to: Tensor, _ axes: [Int], factor: Double = 1, _ node: Node)
    throws(ExecutionError)
  {
    try appendReduction(
      from: from, to: expanded(to, over: axes, of: from.shape), axes: axes, factor: factor, accumulates: false,
      place: node.name)
  }

  private mutating func appendExtreme(of from: Tensor, to: Tensor, _ axes: [Int], largest: Bool, _ node: Node)
    throws(ExecutionError)
  {
    let step = ExtremeStep(
      from: from.view, to: expanded(to, over: axes, of: from.shape), axes: axes, isLargest: largest)
    guard step.fits else { throw Self.tooManyAxes(node.name) }
    append(step)
  }

  /// f(x) in a new array.
  private mutating func mapped(_ from: Tensor, _ function: UnaryFunction, _ node: Node) throws(ExecutionError)
    -> Tensor
  {
    let result = try makeTensor(from.shape, from.layout, for: node.name)
    append(UnaryStep(function: ElementFunction(function), from: from, to: result))
    return result
  }

  /// e^(x − offset), an offset for each reduced part.
  private mutating func powers(of from: Tensor, minus offset: Tensor, _ axes: [Int], _ node: Node)
    throws(ExecutionError) -> Tensor
  {
    let difference = try makeTensor(from.shape, from.layout, for: node.name)
    try appendBinary(
      pc_subtract, from.view, expanded(offset, over: axes, of: from.shape), to: difference.view, place: node.name)
    return try mapped(difference, .exp, node)
  }

  /// Adds factor × a reduced gradient, repeated along the reduced axes, to the operand's gradient.
  private mutating func passRepeated(
    _ gradient: Tensor, to x: ValueID, _ axes: [Int], factor: Double, _ node: Node
  ) throws(ExecutionError) {
    let shape = network[x].shape
    if parts[x.index] == nil, shape.rank > 2, axes == Array(2..<shape.rank), try layout(of: x) == .channelsLast,
      shape[0] == network.batchSize
    {
      // One value per sample and channel: whoever needs the sum of all contributions spreads it.
      let values = try reordered(gradient, .rowMajor, for: node.name).buffer
      let sums = ChannelFactors(buffer: values, first: 0, stride: shape[1])
      return try contribute(.spread(sums, factor: Float(factor)), to: x)
    }
    let destination = try begin(x)
    try appendCopy(
      from: expanded(gradient, over: axes, of: shape), to: destination.tensor.view, factor: Float(factor),
      accumulates: destination.accumulates, place: node.name)
    try finish(destination)
  }

  /// Adds a reduced gradient, repeated along the reduced axes, times factors of the operand's shape.
  private mutating func passRepeated(
    _ gradient: Tensor, times factors: Tensor, to x: ValueID, _ axes: [Int], _ node: Node
  ) throws(ExecutionError) {
    let destination = try begin(x)
    try appendBinary(
      pc_multiply, expanded(gradient, over: axes, of: network[x].shape), factors.view, to: destination.tensor.view,
      accumulates: destination.accumulates, place: node.name)
    try finish(destination)
  }

  /// What was reduced, its axes kept or squeezed, as a view of the operand's shape that stands still along them.
  private func expanded(_ reduced: Tensor, over axes: [Int], of shape: Shape) -> View {
    let own = reduced.view
    let isKept = reduced.shape.rank == shape.rank
    var strides: [Int] = []
    var next = 0
    for axis in shape.dimensions.indices {
      let isReduced = axes.contains(axis)
      strides.append(isReduced ? 0 : own.strides[isKept ? axis : next])
      if !isReduced { next += 1 }
    }
    return View(buffer: own.buffer, offset: own.offset, extents: shape.dimensions, strides: strides)
  }
}
