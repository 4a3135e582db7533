import CKernels
import Execution
import Networks

/// Residual additions and the gates of squeeze-and-excitation.
extension Compiler {
  // MARK: Residual additions

  /// The branch's result becomes the sum, in its place.
  mutating func forwardResidual(_ residual: Fusion.Residual, _ index: Int) throws(ExecutionError) {
    let branch = try operand(residual.branch)
    let stem = try operand(residual.stem, in: branch.layout)
    let sum = Tensor(buffer: branch.buffer, shape: branch.shape, layout: branch.layout)
    drop(residual.branch)
    define(fusion.result(of: index), as: sum)
    append(
      ForwardPassStep(
        geometry: RowGeometry(sum, batchSize: network.batchSize), from: branch.rows, addend: stem.rows,
        function: fusion.activations[index]?.function, to: sum.rows))
  }

  /// Both operands take the sum's gradient; the branch's products come from the sum less the stem.
  mutating func backwardResidual(_ index: Int) throws(ExecutionError) {
    guard let residual = fusion.residuals[index] else { return }
    let result = fusion.result(of: index)
    try appendProducts(of: result)
    guard gradients[result.index] != nil || !contributions[result.index].isEmpty else { return }
    var own: [GradientPassStep.Product] = []
    if lacksProducts(residual.branch) {
      let known = try operand(result)
      let stem = try operand(residual.stem, in: known.layout)
      own = try products(with: residual.branch, left: known.rows, minus: stem.rows)
    }
    let isComplete = gradients[result.index] != nil
    var slope: GradientPassStep.Slope?
    if let activation = fusion.activations[index] {
      slope = .init(function: activation.function, known: try operand(result).rows)
    }
    guard let gradient = try completeGradient(result, through: slope, products: own) else { return }
    if isComplete, !own.isEmpty {
      append(
        GradientPassStep(
          geometry: RowGeometry(gradient, batchSize: network.batchSize), contributions: [.rows(gradient.rows)],
          products: own))
    }
    try pass(gradient, to: residual.branch, place: place)
    try pass(gradient, to: residual.stem, place: place)
  }

  // MARK: Gates

  /// A product of an array with one value per sample and channel.
  struct Gate {
    /// The array, channels last.
    let gated: ValueID
    /// The factors, [N, C, 1 …].
    let factor: ValueID
    /// Where the array is a function of one that stays in memory: that function, and its operand.
    let source: (function: ElementFunction, operand: ValueID)?
  }

  /// Whether a node is a gate.
  mutating func gate(_ index: Int) throws(ExecutionError) -> Gate? {
    let node = network.nodes[index]
    guard case .binary(.multiply) = node.operation, let a = node.inputs[0], let b = node.inputs[1] else { return nil }
    for (gated, factor) in [(a, b), (b, a)] {
      let shape = network[gated].shape
      guard shape.rank > 2, network[factor].constant == nil, shape[0] == network.batchSize,
        network[factor].shape.dimensions == [shape[0], shape[1]] + [Int](repeating: 1, count: shape.rank - 2),
        shape.count > shape[0] * shape[1], parts[gated.index] == nil, parts[factor.index] == nil,
        try isInChannelsLast(gated)
      else { continue }
      if let known = gates[index] { return known }
      let gate = Gate(gated: gated, factor: factor, source: try source(of: gated, index))
      gates[index] = gate
      return gate
    }
    return nil
  }

  /// The function that yields an array nobody else needs in backward, so that it can be computed again.
  private mutating func source(of id: ValueID, _ index: Int) throws(ExecutionError) -> (ElementFunction, ValueID)? {
    guard !fusion.isObserved(id), fusion.isLastReader(index, of: id),
      fusion.readers(of: id).allSatisfy({ $0 == index || network.nodes[$0].operation.needsNoOperandBackward }),
      let producer = fusion.producer(of: id), case .unary(let unary) = producer.operation,
      let operand = producer.inputs[0], parts[operand.index] == nil,
      layouts[operand.index] == .channelsLast
    else { return nil }
    let function = ElementFunction(unary)
    return function.needsResult ? nil : (function, operand)
  }

  mutating func forwardGate(_ gate: Gate, _ y: ValueID) throws(ExecutionError) {
    let from = try operand(gate.gated)
    let factors = try operand(gate.factor, in: .rowMajor)
    let to: Tensor
    if gate.source == nil {
      to = try makeResult(y, .channelsLast)
    } else {
      // The array itself is not needed again.
      to = Tensor(buffer: from.buffer, shape: from.shape, layout: from.layout)
      drop(gate.gated)
      define(y, as: to)
    }
    append(
      ForwardPassStep(
        geometry: RowGeometry(from, batchSize: network.batchSize), from: from.rows, factors: factors.buffer,
        to: to.rows))
  }

  mutating func backwardGate(_ gate: Gate, _ gradient: Tensor) throws(ExecutionError) {
    let factors = try operand(gate.factor, in: .rowMajor)
    if wantsGradient(gate.factor) {
      let shape = network[gate.factor].shape
      let sums = try makeTensor(shape, .rowMajor, for: place)
      let left = try operand(gate.source?.operand ?? gate.gated).rows
      append(
        GradientPassStep(
          geometry: RowGeometry(gradient, batchSize: network.batchSize), contributions: [.rows(gradient.rows)],
          products: [.init(left: left, function: gate.source?.function, sums: sums.buffer, isFloat: true)]))
      try pass(sums, to: gate.factor, place: place)
    }
    if wantsGradient(gate.gated) {
      let factors = ChannelFactors(buffer: factors.buffer, first: 0, stride: gradient.shape[1])
      try contribute(.scaled(gradient.rows, factors: factors), to: gate.gated)
    }
  }
}

extension Operation {
  /// Whether the way back through it needs nothing of its operand.
  fileprivate var needsNoOperandBackward: Bool {
    switch self {
    case .convolution, .linear, .reduce(.mean, _), .reduce(.sum, _): true
    default: false
    }
  }
}
