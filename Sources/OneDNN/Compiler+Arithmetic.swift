import CKernels
import Execution
import Networks

extension Compiler {
  // MARK: Functions of one value

  mutating func forwardUnary(_ function: ElementFunction, _ x: ValueID, _ y: ValueID) throws(ExecutionError) {
    let from = try operand(x)
    append(UnaryStep(function: function, from: from, to: try makeResult(y, from.layout)))
  }

  mutating func backwardUnary(_ function: ElementFunction, _ gradient: Tensor, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let known = try operand(function.needsResult ? y : x)
    let destination = try begin(x)
    append(
      UnaryGradientStep(
        function: function, gradient: gradient, known: known, to: destination.tensor,
        accumulates: destination.accumulates))
    try finish(destination)
  }

  // MARK: Normalisation with fixed statistics

  mutating func forwardNormalization(_ epsilon: Double, _ node: Node, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let (scale, shift) = try affine(epsilon, node)
    let from = try operand(x)
    append(
      AffineStep(
        from: from, to: try makeResult(y, from.layout), scale: try parameters(scale, node),
        shift: try parameters(shift, node), accumulates: false))
  }

  mutating func backwardNormalization(_ epsilon: Double, _ node: Node, _ gradient: Tensor, _ x: ValueID)
    throws(ExecutionError)
  {
    let (scale, _) = try affine(epsilon, node)
    let destination = try begin(x, in: gradient.layout)
    append(
      AffineStep(
        from: gradient, to: destination.tensor, scale: try parameters(scale, node), shift: nil,
        accumulates: destination.accumulates))
    try finish(destination)
  }

  private func affine(_ epsilon: Double, _ node: Node) throws(ExecutionError) -> (scale: [Double], shift: [Double]) {
    let known = node.inputs.dropFirst().compactMap { id in id.flatMap { network[$0].constant?.doubles } }
    guard known.count == 4 else { throw ExecutionError(.unsupported, node.name, "its parameters are no constants") }
    let (gamma, beta, mean, variance) = (known[0], known[1], known[2], known[3])
    let scale = gamma.indices.map { gamma[$0] / (variance[$0] + epsilon).squareRoot() }
    return (scale, scale.indices.map { beta[$0] - mean[$0] * scale[$0] })
  }

  private mutating func parameters(_ values: [Double], _ node: Node) throws(ExecutionError) -> AlignedMemory {
    let memory = try AlignedMemory(copying: values.map(Float.init), for: node.name)
    parameterBytes += memory.bytes.count
    return memory
  }

  // MARK: Two operands

  mutating func forwardBinary(_ function: BinaryFunction, _ node: Node, _ y: ValueID) throws(ExecutionError) {
    let (a, b) = try operands(of: node)
    let shape = network[y].shape
    // The layout of the operand that is not repeated; of two such, the one that is computed.
    let full = [a, b].filter { network[$0].shape == shape }
    let leader = full.first { network[$0].constant == nil } ?? full.first
    let layout: Layout = if let leader { try operand(leader).layout } else { .rowMajor }
    let left = try operand(a).view.broadcast(to: shape)
    let right = try operand(b).view.broadcast(to: shape)
    try appendBinary(function.kernel, left, right, to: try makeResult(y, layout).view, place: node.name)
  }

  mutating func backwardBinary(_ function: BinaryFunction, _ node: Node, _ gradient: Tensor) throws(ExecutionError) {
    let (a, b) = try operands(of: node)
    if wantsGradient(a) {
      switch function {
      case .add, .subtract: try passReduced(gradient, to: a, factor: 1, node)
      case .multiply: try passProduct(pc_multiply, gradient, with: b, to: a, node)
      case .divide: try passProduct(pc_divide, gradient, with: b, to: a, node)
      }
    }
    if wantsGradient(b) {
      switch function {
      case .add: try passReduced(gradient, to: b, factor: 1, node)
      case .subtract: try passReduced(gradient, to: b, factor: -1, node)
      case .multiply: try passProduct(pc_multiply, gradient, with: a, to: b, node)
      case .divide:
        // ∂(a ÷ b)/∂b = −a ÷ b²
        let product = try combined(pc_multiply, gradient, with: a, node)
        let quotient = try combined(pc_divide, product, with: b, node)
        try passReduced(try combined(pc_divide, quotient, with: b, node), to: b, factor: -1, node)
      }
    }
  }

  private func operands(of node: Node) throws(ExecutionError) -> (ValueID, ValueID) {
    guard let a = node.inputs[0], let b = node.inputs[1] else {
      throw ExecutionError(.unsupported, node.name, "needs two operands")
    }
    return (a, b)
  }

  private mutating func appendBinary(
    _ function: pc_binary_function, _ left: View, _ right: View, to: View, accumulates: Bool = false, place: String
  ) throws(ExecutionError) {
    let step = BinaryStep(function, left, right, to: to, accumulates: accumulates)
    guard step.fits else { throw Self.tooManyAxes(place) }
    append(step)
  }

  /// gradient ∘ other in the gradient's shape.
  private mutating func combined(
    _ function: pc_binary_function, _ gradient: Tensor, with other: ValueID, _ node: Node
  ) throws(ExecutionError) -> Tensor {
    let result = try makeTensor(gradient.shape, gradient.layout, for: node.name)
    let right = try operand(other).view.broadcast(to: gradient.shape)
    try appendBinary(function, gradient.view, right, to: result.view, place: node.name)
    return result
  }

  /// Adds gradient ∘ other to an operand's gradient.
  private mutating func passProduct(
    _ function: pc_binary_function, _ gradient: Tensor, with other: ValueID, to id: ValueID, _ node: Node
  ) throws(ExecutionError) {
    guard network[id].shape == gradient.shape else {
      return try passReduced(try combined(function, gradient, with: other, node), to: id, factor: 1, node)
    }
    let right = try operand(other).view.broadcast(to: gradient.shape)
    let destination = try begin(id)
    try appendBinary(
      function, gradient.view, right, to: destination.tensor.view, accumulates: destination.accumulates,
      place: node.name)
    try finish(destination)
  }

  /// Adds factor × an array, summed over the axes along which an operand was repeated, to the operand's gradient.
  private mutating func passReduced(_ gradient: Tensor, to id: ValueID, factor: Float, _ node: Node)
    throws(ExecutionError)
  {
    let shape = network[id].shape
    if shape == gradient.shape, factor == 1 { return try pass(gradient, to: id, place: node.name) }
    let destination = try begin(id)
    if shape == gradient.shape {
      try appendCopy(
        from: gradient.view, to: destination.tensor.view, factor: factor, accumulates: destination.accumulates,
        place: node.name)
    } else {
      let missing = gradient.shape.rank - shape.rank
      let repeated = gradient.shape.dimensions.indices.filter {
        $0 < missing || shape[$0 - missing] != gradient.shape[$0]
      }
      try appendReduction(
        from: gradient, to: destination.tensor.view.broadcast(to: gradient.shape), axes: repeated,
        factor: Double(factor), accumulates: destination.accumulates, place: node.name)
    }
    try finish(destination)
  }

  // MARK: Mean

  mutating func forwardMean(_ axes: [Int], _ node: Node, _ x: ValueID, _ y: ValueID) throws(ExecutionError) {
    let from = try operand(x)
    let shape = network[y].shape
    let to = try makeResult(y, shape.rank == from.shape.rank ? from.layout : .rowMajor)
    try appendReduction(
      from: from, to: expanded(to, over: axes, of: from.shape), axes: axes, factor: meanFactor(axes, from.shape),
      accumulates: false, place: node.name)
  }

  mutating func backwardMean(_ axes: [Int], _ node: Node, _ gradient: Tensor, _ x: ValueID) throws(ExecutionError) {
    let shape = network[x].shape
    let destination = try begin(x)
    try appendCopy(
      from: expanded(gradient, over: axes, of: shape), to: destination.tensor.view,
      factor: Float(meanFactor(axes, shape)), accumulates: destination.accumulates, place: node.name)
    try finish(destination)
  }

  private func meanFactor(_ axes: [Int], _ shape: Shape) -> Double { 1 / Double(axes.reduce(1) { $0 * shape[$1] }) }

  /// A mean, kept or squeezed, as a view of the operand's shape that stands still along the reduced axes.
  private func expanded(_ mean: Tensor, over axes: [Int], of shape: Shape) -> View {
    let own = mean.view
    let isKept = mean.shape.rank == shape.rank
    var strides: [Int] = []
    var next = 0
    for axis in shape.dimensions.indices {
      let isReduced = axes.contains(axis)
      strides.append(isReduced ? 0 : own.strides[isKept ? axis : next])
      if !isReduced { next += 1 }
    }
    return View(buffer: own.buffer, offset: own.offset, extents: shape.dimensions, strides: strides)
  }

  private mutating func appendReduction(
    from: Tensor, to: View, axes: [Int], factor: Double, accumulates: Bool, place: String
  ) throws(ExecutionError) {
    let step = ReduceStep(from: from, to: to, axes: Set(axes), factor: factor, accumulates: accumulates)
    guard step.fits else { throw Self.tooManyAxes(place) }
    append(step)
  }
}

extension BinaryFunction {
  /// The kernel's name for it.
  fileprivate var kernel: pc_binary_function {
    switch self {
    case .add: pc_add
    case .subtract: pc_subtract
    case .multiply: pc_multiply
    case .divide: pc_divide
    }
  }
}
