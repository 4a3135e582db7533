import Networks

extension Network {
  /// The same function with activations that exporters spell out as one node each: x × σ(x) as swish, x × tanh(softplus(x))
  /// as mish, x × ½ × (1 + erf(x ÷ √2)) as gelu.
  ///
  /// A spelled-out form becomes one node only where nothing else reads its inner values. The node takes name, op type and
  /// result of the last node of the form.
  func joiningActivations() -> Network {
    var patterns = ActivationPatterns(self)
    let joined = patterns.join()
    return joined.count == nodes.count ? self : replacingNodes(joined)
  }

  /// The same values with other nodes.
  /// - Precondition: the nodes fit the values.
  func replacingNodes(_ nodes: [Node], values: [Value]? = nil) -> Network {
    guard
      let network = try? Network(
        name: name, batchSize: batchSize, values: values ?? self.values, nodes: nodes, inputs: inputs,
        outputs: outputs)
    else { preconditionFailure("rewriting broke \(name)") }
    return network
  }
}

/// A search for activations among the nodes of a network.
private struct ActivationPatterns {
  private let network: Network
  private let producers: [Int?]
  private let readers: [[Int]]
  private let outputs: Set<ValueID>

  /// What a product is taken of.
  private struct Factors {
    var values: [ValueID] = []
    /// The product of the constant factors.
    var constant = 1.0
    /// The inner nodes that only this product reads.
    var nodes: [Int] = []
  }

  init(_ network: Network) {
    self.network = network
    producers = network.producers()
    readers = network.readers()
    outputs = Set(network.outputs)
  }

  mutating func join() -> [Node] {
    var nodes: [Node?] = network.nodes
    for (index, node) in network.nodes.enumerated() {
      guard node.operation == .binary(.multiply), let (x, function, inner) = activation(index),
        network[x].shape == network[node.outputs[0]].shape, inner.allSatisfy({ nodes[$0] != nil })
      else { continue }
      for replaced in inner { nodes[replaced] = nil }
      nodes[index] = Node(
        name: node.name, opType: node.opType, operation: .unary(function), inputs: [x], outputs: node.outputs)
    }
    return nodes.compactMap { $0 }
  }

  /// The activation that a product completes: of which value, and through which nodes.
  private func activation(_ index: Int) -> (x: ValueID, function: UnaryFunction, inner: [Int])? {
    let factors = factors(of: index)
    guard factors.values.count == 2 else { return nil }
    for (x, other) in [(factors.values[0], factors.values[1]), (factors.values[1], factors.values[0])] {
      guard let producer = innerProducer(of: other) else { continue }
      let inner = factors.nodes + [producer]
      switch network.nodes[producer].operation {
      case .unary(.sigmoid) where factors.constant == 1 && operand(producer) == x: return (x, .swish, inner)
      case .unary(.tanh) where factors.constant == 1:
        guard let softplus = operand(producer).flatMap({ innerProducer(of: $0) }),
          network.nodes[softplus].operation == .unary(.softplus), operand(softplus) == x
        else { continue }
        return (x, .mish, inner + [softplus])
      case .binary(.add) where isClose(factors.constant, 0.5):
        guard let nodes = errorFunction(addedToOneBy: producer, of: x) else { continue }
        return (x, .gelu(isApproximate: false), inner + nodes)
      default: continue
      }
    }
    return nil
  }

  /// The nodes behind erf(x ÷ √2) + 1.
  private func errorFunction(addedToOneBy sum: Int, of x: ValueID) -> [Int]? {
    let (value, constant) = split(sum)
    guard let value, constant == 1, let erf = innerProducer(of: value), network.nodes[erf].operation == .unary(.erf),
      let scaled = operand(erf), let scaling = innerProducer(of: scaled)
    else { return nil }
    let (operand, factor) = split(scaling)
    guard operand == x, let factor else { return nil }
    let root = 2.0.squareRoot()
    switch network.nodes[scaling].operation {
    case .binary(.divide) where network.nodes[scaling].inputs[0] == x && isClose(factor, root): return [erf, scaling]
    case .binary(.multiply) where isClose(factor, 1 / root): return [erf, scaling]
    default: return nil
    }
  }

  /// The factors of a product of products.
  private func factors(of index: Int) -> Factors {
    var factors = Factors()
    var open = network.nodes[index].inputs.compactMap { $0 }
    while let value = open.popLast() {
      if let constant = scalar(value) {
        factors.constant *= constant
      } else if factors.nodes.count < 2, let producer = innerProducer(of: value),
        network.nodes[producer].operation == .binary(.multiply)
      {
        factors.nodes.append(producer)
        open += network.nodes[producer].inputs.compactMap { $0 }
      } else {
        factors.values.append(value)
      }
    }
    return factors
  }

  /// The value and the constant that a node joins.
  private func split(_ index: Int) -> (value: ValueID?, constant: Double?) {
    let inputs = network.nodes[index].inputs.compactMap { $0 }
    guard inputs.count == 2 else { return (nil, nil) }
    if let constant = scalar(inputs[1]) { return (inputs[0], constant) }
    return (inputs[1], scalar(inputs[0]))
  }

  private func operand(_ index: Int) -> ValueID? { network.nodes[index].inputs[0] }

  /// The node that yields a value which one node reads and nobody asks for.
  private func innerProducer(of value: ValueID) -> Int? {
    readers[value.index].count == 1 && !outputs.contains(value) ? producers[value.index] : nil
  }

  private func scalar(_ value: ValueID) -> Double? {
    guard let constant = network[value].constant, constant.shape.count == 1 else { return nil }
    return constant.doubles[0]
  }

  /// Equal but for float32's rounding.
  private func isClose(_ left: Double, _ right: Double) -> Bool { (left - right).magnitude < 1e-6 * right.magnitude }
}
