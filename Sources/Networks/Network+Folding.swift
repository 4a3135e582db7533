extension Network {
  /// The same function with fewer operations: every BatchNormalization, and every Mul or Add with a per-channel
  /// constant, that alone reads a convolution, transposed convolution or linear layer (directly or behind another folded one) becomes part of it.
  ///
  /// Values keep their identifiers; the layer node keeps its name and now yields what the last folded node yielded, so a
  /// layer's output here is "after the normalisation, before the nonlinearity". Weights are not touched: the factor is
  /// kept as `outputScale`, the offset as a new bias constant in float64.
  public func foldingNormalizations() -> Network {
    var folding = Folding(self)
    return folding.run()
  }
}

/// One pass over the nodes, carrying layers that may still take in what follows.
private struct Folding {
  private let network: Network
  private let readers: [[Int]]
  private var values: [Value]
  private var nodes: [Node?]
  /// By layer how many nodes it took in.
  private var taken: [Int: Int] = [:]
  /// More in a row is no network that somebody trained, and each leaves a bias behind.
  private static let mostTaken = 16

  init(_ network: Network) {
    self.network = network
    readers = network.readers()
    values = network.values
    nodes = network.nodes.map { $0 }
  }

  mutating func run() -> Network {
    // Which node now yields a value: a layer that took its successor in yields the successor's result.
    var layerYielding: [ValueID: Int] = [:]
    let isOutput = Set(network.outputs)
    for (index, node) in network.nodes.enumerated() {
      switch node.operation {
      case .convolution, .convolutionTranspose, .linear:
        layerYielding[node.outputs[0]] = index
      default:
        guard let operand = node.inputs.compactMap({ $0 }).first(where: { layerYielding[$0] != nil }),
          let layer = layerYielding[operand], readers[operand.index].count == 1, !isOutput.contains(operand),
          let (scale, shift) = affine(node, on: operand, channelAxis: channelAxis(of: layer)),
          absorb(scale, shift, into: layer, yielding: node.outputs[0])
        else { continue }
        nodes[index] = nil
        layerYielding[operand] = nil
        layerYielding[node.outputs[0]] = layer
      }
    }
    let kept = nodes.compactMap { $0 }
    guard
      let folded = try? Network(
        name: network.name, batchSize: network.batchSize, values: values, nodes: kept, inputs: network.inputs,
        outputs: network.outputs)
    else { preconditionFailure("folding broke \(network.name)") }
    return folded
  }

  private func channelAxis(of layer: Int) -> Int {
    let node = network.nodes[layer]
    if case .linear = node.operation { return network[node.outputs[0]].shape.rank - 1 }
    return 1
  }

  /// A node as out = operand × scale + shift per channel, or `nil` when it is no such thing.
  private func affine(_ node: Node, on operand: ValueID, channelAxis: Int) -> (scale: [Double]?, shift: [Double]?)? {
    switch node.operation {
    case .batchNormalization(let epsilon):
      let parameters = node.inputs.dropFirst().compactMap { id in id.flatMap { network[$0].constant?.doubles } }
      guard node.inputs[0] == operand, channelAxis == 1, parameters.count == 4 else { return nil }
      let (gamma, beta, mean, variance) = (parameters[0], parameters[1], parameters[2], parameters[3])
      let scale = gamma.indices.map { gamma[$0] / (variance[$0] + epsilon).squareRoot() }
      return (scale, scale.indices.map { beta[$0] - mean[$0] * scale[$0] })
    case .binary(let function):
      let constantIsLeft = node.inputs[1] == operand
      guard let other = constantIsLeft ? node.inputs[0] : node.inputs[1], let constant = network[other].constant,
        network[node.outputs[0]].shape == network[operand].shape,
        let perChannel = perChannelValues(constant, over: network[operand].shape, axis: channelAxis)
      else { return nil }
      switch function {
      case .add: return (nil, perChannel)
      case .multiply: return (perChannel, nil)
      case .subtract: return constantIsLeft ? nil : (nil, perChannel.map { -$0 })
      case .divide: return constantIsLeft || perChannel.contains(0) ? nil : (perChannel.map { 1 / $0 }, nil)
      default: return nil
      }
    default:
      return nil
    }
  }

  /// A constant that varies along the channel axis alone, as one value per channel.
  private func perChannelValues(_ constant: ConstantTensor, over shape: Shape, axis: Int) -> [Double]? {
    let offset = shape.rank - constant.shape.rank
    guard offset >= 0 else { return nil }
    for own in constant.shape.dimensions.indices where constant.shape[own] != 1 && own + offset != axis { return nil }
    let elements = constant.doubles
    return elements.count == 1 ? [Double](repeating: elements[0], count: shape[axis]) : elements
  }

  /// Takes out × scale + shift into a layer; false when the channel counts do not agree.
  private mutating func absorb(_ scale: [Double]?, _ shift: [Double]?, into layer: Int, yielding output: ValueID)
    -> Bool
  {
    guard let node = nodes[layer], let weight = node.inputs[1], taken[layer, default: 0] < Self.mostTaken else {
      return false
    }
    let channels: Int
    var operation = node.operation
    let beta: Double
    switch operation {
    case .convolution(var convolution):
      channels = values[weight.index].shape[0]
      convolution.outputScale = Self.product(convolution.outputScale, scale)
      operation = .convolution(convolution)
      beta = 1
    case .convolutionTranspose(var convolution):
      channels = values[weight.index].shape[1] * convolution.groups
      convolution.outputScale = Self.product(convolution.outputScale, scale)
      operation = .convolutionTranspose(convolution)
      beta = 1
    case .linear(var linear):
      channels = linear.features(of: values[weight.index].shape).outputs
      beta = linear.beta
      linear.outputScale = Self.product(linear.outputScale, scale)
      linear.beta = 1
      operation = .linear(linear)
    default: return false
    }
    guard (scale ?? shift)?.count == channels else { return false }
    taken[layer, default: 0] += 1
    let oldBias = node.inputs.dropFirst(2).first.flatMap { $0 }.flatMap { values[$0.index].constant?.doubles }
    var bias = [Double](repeating: 0, count: channels)
    for channel in 0..<channels {
      if let oldBias { bias[channel] = oldBias[channel] * beta }
      if let scale { bias[channel] *= scale[channel] }
      if let shift { bias[channel] += shift[channel] }
    }
    values.append(
      Value(
        name: node.name + ".folded_bias", constant: ConstantTensor(shape: Shape([channels]), elements: .double(bias))))
    nodes[layer] = Node(
      name: node.name, opType: node.opType, operation: operation,
      inputs: [node.inputs[0], weight, ValueID(values.count - 1)], outputs: [output])
    return true
  }

  private static func product(_ left: [Double]?, _ right: [Double]?) -> [Double]? {
    guard let left else { return right }
    guard let right else { return left }
    return left.indices.map { left[$0] * right[$0] }
  }
}
