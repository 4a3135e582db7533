import CKernels
import Execution
import Networks

/// Operations that choose between operands, and slopes that depend on both of them.
extension Compiler {
  mutating func forwardSelect(_ node: Node, _ y: ValueID) throws(ExecutionError) {
    let (condition, a, b) = try selectOperands(node)
    let shape = network[y].shape
    // The layout of an operand that is not repeated, rather of a computed one.
    let full = [a, b, condition].filter { network[$0].shape == shape }
    let leader = full.first { network[$0].constant == nil } ?? full.first
    let layout: Layout = if let leader { try operand(leader).layout } else { .rowMajor }
    try appendTernary(
      pc_select, try operand(condition).view.broadcast(to: shape), try operand(a).view.broadcast(to: shape),
      try operand(b).view.broadcast(to: shape), to: try makeResult(y, layout).view, place: node.name)
  }

  mutating func backwardSelect(_ node: Node, _ gradient: Tensor) throws(ExecutionError) {
    let (condition, a, b) = try selectOperands(node)
    let zero = try makeTensor(Shape([1]), .rowMajor, for: node.name)
    append(FillStep(tensor: zero, value: 0))
    let nothing = zero.view.broadcast(to: gradient.shape)
    let chosen = try operand(condition).view.broadcast(to: gradient.shape)
    if wantsGradient(a) { try pass(pc_select, chosen, gradient.view, nothing, like: gradient, to: a, node) }
    if wantsGradient(b) { try pass(pc_select, chosen, nothing, gradient.view, like: gradient, to: b, node) }
  }

  private func selectOperands(_ node: Node) throws(ExecutionError) -> (ValueID, ValueID, ValueID) {
    guard let condition = node.inputs[0], let a = node.inputs[1], let b = node.inputs[2] else {
      throw ExecutionError(.unsupported, node.name, "needs three operands")
    }
    return (condition, a, b)
  }

  /// Adds a slope that two operands decide, times the gradient, to the gradient of one of them.
  mutating func passSlopes(
    _ function: pc_ternary_function, _ gradient: Tensor, _ second: ValueID, _ third: ValueID, to id: ValueID,
    _ node: Node
  ) throws(ExecutionError) {
    try pass(
      function, gradient.view, try operand(second).view.broadcast(to: gradient.shape),
      try operand(third).view.broadcast(to: gradient.shape), like: gradient, to: id, node)
  }

  /// Adds f(first, second, third) of the gradient's shape, summed where the operand was repeated, to its gradient.
  private mutating func pass(
    _ function: pc_ternary_function, _ first: View, _ second: View, _ third: View, like gradient: Tensor,
    to id: ValueID, _ node: Node
  ) throws(ExecutionError) {
    guard network[id].shape == gradient.shape else {
      let whole = try makeTensor(gradient.shape, gradient.layout, for: node.name)
      try appendTernary(function, first, second, third, to: whole.view, place: node.name)
      return try passReduced(whole, to: id, factor: 1, node)
    }
    let destination = try begin(id)
    try appendTernary(
      function, first, second, third, to: destination.tensor.view, accumulates: destination.accumulates,
      place: node.name)
    try finish(destination)
  }

  mutating func appendTernary(
    _ function: pc_ternary_function, _ first: View, _ second: View, _ third: View, to: View,
    accumulates: Bool = false, place: String
  ) throws(ExecutionError) {
    let step = TernaryStep(function, first, second, third, to: to, accumulates: accumulates)
    guard step.fits else { throw Self.tooManyAxes(place) }
    append(step)
  }
}
