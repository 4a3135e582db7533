package import Execution
package import Networks

/// Lays out a network node by node; shapes follow from the operations where that is simple.
///
/// A mistake in a layout is a mistake of the tests: it ends in a trap that names the problem.
package struct ProblemBuilder {
  package var random: SeededGenerator
  package let name: String
  package let batchSize: Int
  package private(set) var values: [Value] = []
  package private(set) var nodes: [Node] = []
  package private(set) var inputs: [ValueID] = []
  package private(set) var observed: [ObservedValue] = []
  /// Outputs of the network behind the one that the loss reads.
  private var furtherOutputs: [ValueID] = []
  private let sampleCount: Int
  private var data: [[Float]] = []

  package init(name: String, batchSize: Int, sampleCount: Int, seed: UInt64) {
    self.name = name
    self.batchSize = batchSize
    self.sampleCount = sampleCount
    random = SeededGenerator(seed: seed)
  }

  package func shape(_ id: ValueID) -> Shape { values[id.index].shape }

  // MARK: Values

  /// An input of the given extents behind the batch.
  package mutating func input(_ sample: [Int], in range: ClosedRange<Float> = -2...2) -> ValueID {
    let count = batchSize * sample.reduce(1, *)
    return input(sample, random.floats(count, in: range))
  }

  /// An input of multiples of ¼.
  package mutating func gridInput(_ sample: [Int]) -> ValueID {
    let count = batchSize * sample.reduce(1, *)
    return input(sample, random.quarters(count))
  }

  /// An input whose samples hold the given numbers.
  package mutating func input(_ sample: [Int], _ elements: [Float]) -> ValueID {
    let id = computed([batchSize] + sample)
    inputs.append(id)
    let perSample = elements.count / batchSize
    // What fills a short batch up repeats its last sample.
    data.append(
      (0..<batchSize).flatMap { sample in
        let source = min(sample, sampleCount - 1)
        return elements[source * perSample..<(source + 1) * perSample]
      })
    return id
  }

  package mutating func constant(_ shape: [Int], in range: ClosedRange<Float> = -1...1) -> ValueID {
    let elements = random.floats(shape.reduce(1, *), in: range)
    return constant(shape, elements)
  }

  package mutating func constant(_ shape: [Int], _ elements: [Float]) -> ValueID {
    values.append(
      Value(name: "constant_\(values.count)", constant: ConstantTensor(shape: Shape(shape), elements: .float(elements)))
    )
    return ValueID(values.count - 1)
  }

  private mutating func computed(_ shape: [Int]) -> ValueID {
    values.append(Value(name: "value_\(values.count)", shape: Shape(shape)))
    return ValueID(values.count - 1)
  }

  /// Watches a value.
  package mutating func observe(_ value: ValueID, axis: Int = 1) {
    observed.append(ObservedValue(value, channelAxis: axis))
  }

  /// Makes a value an output of the network behind the first.
  package mutating func yield(_ value: ValueID) { furtherOutputs.append(value) }

  // MARK: Nodes

  /// A node with results of the given extents, the batch included.
  package mutating func node(_ operation: Operation, _ operands: [ValueID?], results: [[Int]]) -> [ValueID] {
    let outputs = results.map { computed($0) }
    nodes.append(
      Node(
        name: "node_\(nodes.count)", opType: operation.label, operation: operation, inputs: operands, outputs: outputs))
    return outputs
  }

  /// A node with one result.
  package mutating func node(_ operation: Operation, _ operands: [ValueID?], result: [Int]) -> ValueID {
    node(operation, operands, results: [result])[0]
  }

  /// A convolution with a random weight; all lists have one entry per axis of space.
  package mutating func convolution(
    _ x: ValueID, to outputs: Int, kernel: [Int], strides: [Int]? = nil, padsBegin: [Int]? = nil,
    padsEnd: [Int]? = nil, dilations: [Int]? = nil, groups: Int = 1, bias: Bool = true, scaled: Bool = false,
    scales: ClosedRange<Float> = 0.5...1.5
  ) -> ValueID {
    let inputs = shape(x)[1] / groups
    let ones = kernel.map { _ in 1 }
    let zeros = kernel.map { _ in 0 }
    var convolution = Convolution(
      kernel: kernel, strides: strides ?? ones, padsBegin: padsBegin ?? zeros, padsEnd: padsEnd ?? padsBegin ?? zeros,
      dilations: dilations ?? ones, groups: groups)
    if scaled { convolution.outputScale = random.floats(outputs, in: scales).map(Double.init) }
    let reach = 1.5 / Float(inputs * kernel.reduce(1, *)).squareRoot()
    let weight = constant([outputs, inputs] + kernel, in: -reach...reach)
    let operands = bias ? [x, weight, constant([outputs])] : [x, weight]
    guard let result = convolution.outputShape(input: shape(x), weight: shape(weight)) else {
      preconditionFailure("\(name): no window fits")
    }
    return node(.convolution(convolution), operands, result: result.dimensions)
  }

  /// A linear layer over the last axis with a random weight.
  package mutating func linear(
    _ x: ValueID, to outputs: Int, outputByInput: Bool = true, alpha: Double = 1, beta: Double = 1, bias: Bool = true,
    scaled: Bool = false
  ) -> ValueID {
    let extents = shape(x).dimensions
    let inputs = extents[extents.count - 1]
    let reach = 1.5 / Float(inputs).squareRoot()
    let weight = constant(outputByInput ? [outputs, inputs] : [inputs, outputs], in: -reach...reach)
    var linear = Linear(weightIsOutputByInput: outputByInput, alpha: alpha, beta: beta)
    if scaled { linear.outputScale = random.floats(outputs, in: 0.5...1.5).map(Double.init) }
    return node(
      .linear(linear), bias ? [x, weight, constant([outputs])] : [x, weight], result: extents.dropLast() + [outputs])
  }

  /// A fresh input behind a watched layer that keeps its extents: a 1×1 convolution, or a linear layer for [N, C].
  package mutating func front(_ sample: [Int]) -> ValueID {
    let x = input(sample)
    let y =
      sample.count == 1
      ? linear(x, to: sample[0]) : convolution(x, to: sample[0], kernel: sample.dropFirst().map { _ in 1 })
    observe(y)
    return y
  }

  /// A value behind a layer whose operand is watched. Where each channel alone is normalised, the sums of the channel
  /// itself are nothing but rounding: what does not depend on a scale has none with its own gradient.
  package mutating func mixedFront(_ sample: [Int]) -> ValueID {
    let x = input(sample)
    observe(x)
    return sample.count == 1
      ? linear(x, to: sample[0]) : convolution(x, to: sample[0], kernel: sample.dropFirst().map { _ in 1 })
  }

  /// A watched value of positive elements, ¼ to 4.
  package mutating func positiveFront(_ sample: [Int]) -> ValueID {
    let x = input(sample, in: 0.5...2)
    let factors = constant(sample.indices.map { $0 == 0 ? sample[0] : 1 }, in: 0.5...2)
    let result = binary(.multiply, x, factors)
    observe(result)
    return result
  }

  package mutating func unary(_ function: UnaryFunction, _ x: ValueID) -> ValueID {
    node(.unary(function), [x], result: shape(x).dimensions)
  }

  package mutating func binary(_ function: BinaryFunction, _ left: ValueID, _ right: ValueID) -> ValueID {
    guard let result = shape(left).broadcast(with: shape(right)) else {
      preconditionFailure("\(name): operands do not broadcast")
    }
    return node(.binary(function), [left, right], result: result.dimensions)
  }

  package mutating func normalization(_ x: ValueID, epsilon: Double = 1e-3) -> ValueID {
    let channels = shape(x)[1]
    let parameters = [
      constant([channels], in: 0.5...1.5), constant([channels]), constant([channels]),
      constant([channels], in: 0.25...2),
    ]
    return node(.batchNormalization(epsilon: epsilon), [x] + parameters, result: shape(x).dimensions)
  }

  package mutating func reshape(_ x: ValueID, _ result: [Int]) -> ValueID { node(.reshape, [x], result: result) }

  package mutating func flatten(_ x: ValueID) -> ValueID { reshape(x, [batchSize, shape(x).count / batchSize]) }

  package mutating func concat(_ operands: [ValueID], axis: Int) -> ValueID {
    var result = shape(operands[0]).dimensions
    result[axis] = operands.reduce(0) { $0 + shape($1)[axis] }
    return node(.concat(axis: axis), operands, result: result)
  }

  package mutating func transpose(_ x: ValueID, _ permutation: [Int]) -> ValueID {
    node(.transpose(permutation: permutation), [x], result: permutation.map { shape(x)[$0] })
  }

  /// A pool; the extents of the result are told where ceil mode makes them larger.
  package mutating func pool(
    _ kind: Pool.Kind, _ x: ValueID, kernel: [Int], strides: [Int], padsBegin: [Int]? = nil, padsEnd: [Int]? = nil,
    dilations: [Int]? = nil, ceil: Bool = false
  ) -> ValueID {
    let zeros = kernel.map { _ in 0 }
    let pool = Pool(
      kind: kind, kernel: kernel, strides: strides, padsBegin: padsBegin ?? zeros,
      padsEnd: padsEnd ?? padsBegin ?? zeros, dilations: dilations ?? kernel.map { _ in 1 })
    let space = kernel.indices.map { axis in
      let room =
        shape(x)[axis + 2] + pool.padsBegin[axis] + pool.padsEnd[axis] - (kernel[axis] - 1) * pool.dilations[axis] - 1
      return (room + (ceil ? strides[axis] - 1 : 0)) / strides[axis] + 1
    }
    return node(.pool(pool), [x], result: [shape(x)[0], shape(x)[1]] + space)
  }

  // MARK: The end

  /// The network with `outputs`.
  package func network(outputs: [ValueID]) -> Network {
    do {
      return try Network(
        name: name, batchSize: batchSize, values: values, nodes: nodes, inputs: inputs, outputs: outputs)
    } catch {
      preconditionFailure("\(name): \(error)")
    }
  }

  /// The problem whose loss reads `output`, with random targets.
  package mutating func problem(output: ValueID, loss: Loss) -> OperatorProblem {
    let network = network(outputs: [output] + furtherOutputs)
    let count = shape(output).count
    let targets: Targets
    switch loss {
    case .meanSquaredError: targets = .dense(random.floats(count, in: -2...2))
    case .agreement: targets = .none
    case .crossEntropy:
      let classes = shape(output)[1]
      targets = .classes((0..<count / classes).map { _ in Int.random(in: 0..<classes, using: &random) })
    }
    return OperatorProblem(
      name: name,
      request: ExecutionRequest(network: network, loss: loss, observed: observed, inputGradients: true),
      batch: Batch(inputs: data, targets: targets, sampleCount: sampleCount))
  }
}

extension Operation {
  /// A word for it where a node needs an op type.
  fileprivate var label: String { String(String(describing: self).prefix { $0 != "(" }) }
}
