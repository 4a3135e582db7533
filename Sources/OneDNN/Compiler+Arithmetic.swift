import CKernels
import Execution
import Networks

extension Compiler {
  // MARK: Functions of one value

  mutating func forwardUnary(_ function: ElementFunction, _ x: ValueID, _ y: ValueID) throws(ExecutionError) {
    guard parts[x.index] != nil else {
      let from = try operand(x)
      return append(UnaryStep(function: function, from: from, to: try makeResult(y, from.layout)))
    }
    let pieces = try rows(of: x)
    let to = try makeResult(y, .channelsLast)
    let geometry = RowGeometry(to, batchSize: network.batchSize)
    for piece in pieces {
      append(
        ForwardPassStep(
          geometry: geometry.narrowed(to: piece.channels.count), from: piece.rows, function: function,
          to: to.rows.channels(from: piece.channels.lowerBound)))
    }
  }

  mutating func backwardUnary(_ function: ElementFunction, _ index: Int, _ x: ValueID) throws(ExecutionError) {
    let y = network.nodes[index].outputs[0]
    if fusion.isObserved(y) { try appendProducts(of: y) }
    guard wantsGradient(x), gradients[y.index] != nil || !contributions[y.index].isEmpty else { return }
    if gradients[y.index] != nil || parts[x.index] != nil {
      return try backwardUnaryInParts(function, x, y)
    }
    let known = try operand(function.needsResult ? y : x).rows
    // With no other reader the operand's gradient is complete here, and its products cost no pass of their own.
    let isComplete = fusion.soleReader(of: x) == index && lacksProducts(x) && observedAlongRows(x)
    let own = isComplete ? try products(with: x, left: try operand(x).rows) : []
    guard
      let gradient = try completeGradient(y, through: .init(function: function, known: known), products: own)
    else { return }
    try pass(gradient, to: x, place: place)
  }

  /// The general case: the gradient at the result is needed as it is, or the operand is in parts.
  private mutating func backwardUnaryInParts(_ function: ElementFunction, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    guard let gradient = try completeGradient(y) else { return }
    let geometry = RowGeometry(gradient, batchSize: network.batchSize)
    let destination = try begin(x)
    let known = function.needsResult ? [(try operand(y).rows, 0..<geometry.channels)] : try knownRows(of: x)
    for (rows, channels) in known {
      append(
        GradientPassStep(
          geometry: geometry.narrowed(to: channels.count),
          contributions: [.rows(gradient.rows.channels(from: channels.lowerBound))],
          slope: .init(function: function, known: rows),
          to: destination.tensor.rows.channels(from: channels.lowerBound), accumulates: destination.accumulates))
    }
    try finish(destination)
  }

  /// A value as rows: its parts, or all of it.
  private mutating func knownRows(of id: ValueID) throws(ExecutionError) -> [(Rows, Range<Int>)] {
    if parts[id.index] != nil { return try rows(of: id).map { ($0.rows, $0.channels) } }
    let whole = try operand(id).rows
    return [(whole, 0..<whole.stride)]
  }

  /// Whether the products asked for with a value are sums over its rows.
  func observedAlongRows(_ id: ValueID) -> Bool {
    let shape = network[id].shape
    guard shape.rank > 1, shape[0] % network.batchSize == 0, let layout = layouts[id.index] else { return false }
    let innermost = layout.order(rank: shape.rank).last
    return observed.allSatisfy { $0.value != id || $0.channelAxis == innermost }
  }

  // MARK: Normalisation with fixed statistics

  mutating func forwardNormalization(_ epsilon: Double, _ index: Int, _ x: ValueID) throws(ExecutionError) {
    let affine = if let known = affines[index] { known } else { try self.affine(epsilon, index) }
    affines[index] = affine
    let pieces = try normalizedRows(x)
    let to = try makeResult(fusion.result(of: index), network[x].shape.rank > 2 ? .channelsLast : .rowMajor)
    let geometry = RowGeometry(to, batchSize: network.batchSize)
    for piece in pieces {
      append(
        ForwardPassStep(
          geometry: geometry.narrowed(to: piece.channels.count), from: piece.rows,
          affine: affine.channels(from: piece.channels.lowerBound), function: fusion.activations[index]?.function,
          to: to.rows.channels(from: piece.channels.lowerBound)))
    }
  }

  mutating func backwardNormalization(_ epsilon: Double, _ index: Int, _ x: ValueID) throws(ExecutionError) {
    let result = fusion.result(of: index)
    try appendProducts(of: result)
    guard wantsGradient(x), let affine = affines[index], let gradient = try completeGradient(result) else { return }
    let function = fusion.activations[index]?.function
    let geometry = RowGeometry(gradient, batchSize: network.batchSize)
    let pieces = try normalizedRows(x)
    // Each part's gradient takes its share at once: were the shares kept, those of a dense block would add up.
    let targets = parts[x.index] ?? [Part(base: x, channels: 0..<geometry.channels)]
    for (piece, target) in zip(pieces, targets) where wantsGradient(target.base) {
      let own = affine.channels(from: piece.channels.lowerBound)
      var step = GradientPassStep(
        geometry: geometry.narrowed(to: piece.channels.count),
        contributions: [.rows(gradient.rows.channels(from: piece.channels.lowerBound))])
      step.slope = function.map { .init(function: $0, known: piece.rows) }
      step.affine = function == nil ? own.linearPart : own
      let isWhole = target.channels.count == network[target.base].shape[1]
      guard isWhole else {
        let fresh = try makePart(target)
        step.to = fresh.rows
        append(step)
        contribute(.rows(fresh.rows), channels: target.channels, to: target.base)
        continue
      }
      let destination = try begin(target.base, in: gradient.layout)
      step.to = destination.tensor.rows
      step.accumulates = destination.accumulates
      append(step)
      try finish(destination)
    }
  }

  /// The operand of a normalisation as rows, its channels innermost.
  private mutating func normalizedRows(_ x: ValueID) throws(ExecutionError) -> [(rows: Rows, channels: Range<Int>)] {
    if parts[x.index] != nil { return try rows(of: x) }
    let whole = try operand(x, in: network[x].shape.rank > 2 ? .channelsLast : .rowMajor).rows
    return [(whole, 0..<network[x].shape[1])]
  }

  private mutating func affine(_ epsilon: Double, _ index: Int) throws(ExecutionError) -> Affine {
    let node = network.nodes[index]
    if isForeign { return Affine(scale: nil, shift: nil) }
    let (scale, shift) = try factors(epsilon, node)
    return Affine(scale: try parameters(scale, node), shift: try parameters(shift, node))
  }

  /// An array of a part's shape.
  private mutating func makePart(_ part: Part) throws(ExecutionError) -> Tensor {
    var dimensions = network[part.base].shape.dimensions
    dimensions[1] = part.channels.count
    return try makeTensor(Shape(dimensions), .channelsLast, for: place)
  }

  private func factors(_ epsilon: Double, _ node: Node) throws(ExecutionError) -> (scale: [Double], shift: [Double]) {
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

  mutating func forwardBinary(_ function: BinaryFunction, _ index: Int, _ y: ValueID) throws(ExecutionError) {
    if let residual = fusion.residuals[index] { return try forwardResidual(residual, index) }
    if let gate = try gate(index) { return try forwardGate(gate, y) }
    let node = network.nodes[index]
    let (a, b) = try operands(of: node)
    let shape = network[y].shape
    // The layout of the operand that is not repeated; of two such, the one that is computed.
    let full = [a, b].filter { network[$0].shape == shape }
    let leader = full.first { network[$0].constant == nil } ?? full.first
    let layout: Layout = if let leader { try operand(leader).layout } else { .rowMajor }
    let left = try operand(a).view.broadcast(to: shape)
    let right = try operand(b).view.broadcast(to: shape)
    let to = try makeResult(y, layout).view
    switch function {
    // The kernels know one direction.
    case .greater: try appendBinary(pc_less, right, left, to: to, place: node.name)
    case .greaterOrEqual: try appendBinary(pc_less_or_equal, right, left, to: to, place: node.name)
    default: try appendBinary(function.kernel, left, right, to: to, place: node.name)
    }
  }

  mutating func backwardBinary(_ function: BinaryFunction, _ index: Int, _ gradient: Tensor) throws(ExecutionError) {
    if let gate = gates[index] { return try backwardGate(gate, gradient) }
    let node = network.nodes[index]
    let (a, b) = try operands(of: node)
    if wantsGradient(a) {
      switch function {
      case .add, .subtract: try passReduced(gradient, to: a, factor: 1, node)
      case .multiply: try passProduct(pc_multiply, gradient, with: b, to: a, node)
      case .divide: try passProduct(pc_divide, gradient, with: b, to: a, node)
      case .maximum: try passSlopes(pc_maximum_slope, gradient, a, b, to: a, node)
      case .minimum: try passSlopes(pc_minimum_slope, gradient, a, b, to: a, node)
      case .power: try passSlopes(pc_power_base_slope, gradient, a, b, to: a, node)
      case .parametricRelu: try passSlopes(pc_rectified_slope, gradient, a, b, to: a, node)
      case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .logicalAnd, .logicalOr, .logicalXor: break
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
      case .maximum: try passSlopes(pc_maximum_slope, gradient, b, a, to: b, node)
      case .minimum: try passSlopes(pc_minimum_slope, gradient, b, a, to: b, node)
      case .power: try passSlopes(pc_power_exponent_slope, gradient, a, b, to: b, node)
      case .parametricRelu: try passSlopes(pc_rectified_parameter_slope, gradient, a, b, to: b, node)
      case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .logicalAnd, .logicalOr, .logicalXor: break
      }
    }
  }

  private func operands(of node: Node) throws(ExecutionError) -> (ValueID, ValueID) {
    guard let a = node.inputs[0], let b = node.inputs[1] else {
      throw ExecutionError(.unsupported, node.name, "needs two operands")
    }
    return (a, b)
  }

  mutating func appendBinary(
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
  mutating func passReduced(_ gradient: Tensor, to id: ValueID, factor: Float, _ node: Node)
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

  mutating func appendReduction(
    from: Tensor, to: View, axes: [Int], factor: Double, accumulates: Bool, place: String
  ) throws(ExecutionError) {
    let step = ReduceStep(from: from, to: to, axes: Set(axes), factor: factor, accumulates: accumulates)
    guard step.fits else { throw Self.tooManyAxes(place) }
    append(step)
  }
}

extension BinaryFunction {
  /// The kernel's name for it; for `greater` and `greaterOrEqual` with the operands exchanged.
  fileprivate var kernel: pc_binary_function {
    switch self {
    case .add: pc_add
    case .subtract: pc_subtract
    case .multiply: pc_multiply
    case .divide: pc_divide
    case .power: pc_power
    case .maximum: pc_maximum
    case .minimum: pc_minimum
    case .parametricRelu: pc_rectified
    case .equal: pc_equal
    case .less, .greater: pc_less
    case .lessOrEqual, .greaterOrEqual: pc_less_or_equal
    case .logicalAnd: pc_and
    case .logicalOr: pc_or
    case .logicalXor: pc_xor
    }
  }
}
