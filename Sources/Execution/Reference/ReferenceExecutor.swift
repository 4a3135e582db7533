import Networks

/// Plain loops in float64, row-major: the oracle.
///
/// Simple to read before fast, but for the convolution, where whole trained networks have to come through.
public final class ReferenceExecutor: NetworkExecutor {
  let request: ExecutionRequest
  let loss: LossFunction?
  private let kernels: [any ReferenceKernel]
  let needsGradient: [Bool]
  /// By value index; constants from the start.
  var values: [[Double]]
  /// Per weighed node w·∂L/∂w, over the parts of a batch so far.
  private var weightProducts: [[Double]]

  /// Compiles a network.
  /// - Throws: `ExecutionError` when a watched value's first axis does not hold the samples.
  public init(_ request: ExecutionRequest) throws(ExecutionError) {
    let network = request.network
    self.request = request
    loss = try request.lossFunction()
    needsGradient = GradientFlow(request).needsGradient
    values = network.values.map { $0.constant?.doubles ?? [] }
    kernels = network.nodes.map { network.referenceKernel($0) }
    weightProducts = try request.weightAxes().map { [Double](repeating: 0, count: $0.count) }
    for observed in request.observed {
      let shape = network[observed.value].shape
      guard shape.rank >= 2, shape[0] % network.batchSize == 0, (1..<shape.rank).contains(observed.channelAxis) else {
        throw ExecutionError(
          .unsupported, network[observed.value].name,
          "shape \(shape) does not hold \(network.batchSize) samples along axis 0 and channels behind it")
      }
    }
  }

  /// Runs one batch.
  public func evaluate(_ batch: Batch) throws(ExecutionError) -> Evaluation {
    try evaluate(batch, inputs: batch.inputs.map { $0.map(Double.init) }).evaluation
  }

  /// Runs one batch with inputs in float64, for finite differences.
  ///
  /// - Parameter inputs: in place of `batch.inputs`.
  /// - Returns: the evaluation, and the first output unrounded.
  public func evaluate(
    _ batch: Batch, inputs: [[Double]]
  ) throws(ExecutionError) -> (evaluation: Evaluation, output: [Double]) {
    let network = request.network
    try batch.check(against: network)
    for (id, elements) in zip(network.inputs, inputs) { values[id.index] = elements }
    forward(network.nodes.indices)
    var losses: [Double] = []
    var gradients = [[Double]?](repeating: nil, count: network.values.count)
    if let loss {
      let head = values[loss.head.index]
      var headGradient = [Double](repeating: 0, count: head.count)
      losses = try loss.evaluate(head, batch, gradient: &headGradient)
      gradients[loss.head.index] = headGradient
      spread(&gradients, network.nodes.indices)
    }
    let samples = batch.sampleCount
    let outputs = outputs(samples)
    let evaluation = Evaluation(
      losses: losses, outputs: outputs.map { $0.map { Float($0) } },
      products: request.observed.map { products(of: $0, gradients[$0.value.index], samples: samples) },
      inputGradients: inputGradients(gradients, samples), weightProducts: try weigh(gradients, batch.part))
    return (evaluation, outputs[0])
  }

  /// Adds what a part of a batch says of the weights; the sums behind the last one.
  private func weigh(_ gradients: [[Double]?], _ part: BatchPart) throws(ExecutionError) -> [WeightProducts] {
    for (number, index) in request.weighed.enumerated() {
      let node = request.network.nodes[index]
      if part.isFirst { weightProducts[number] = weightProducts[number].map { _ in 0 } }
      guard let kernel = kernels[index] as? any ReferenceLayerKernel, let gradient = gradients[node.outputs[0].index]
      else { continue }
      let operands = node.inputs.map { id in id.map { values[$0.index] } ?? [] }
      for (element, product) in kernel.weightProducts(operands, gradient).enumerated() {
        weightProducts[number][element] += product
      }
    }
    guard part.isLast else { return [] }
    return zip(try request.weightAxes(), weightProducts).map { axes, products in
      products.withUnsafeBufferPointer { WeightProducts(axes, products: $0) }
    }
  }

  /// Computes the results of some nodes.
  func forward(_ nodes: Range<Int>) {
    for index in nodes {
      let node = request.network.nodes[index]
      let results = kernels[index].forward(node.inputs.map { id in id.map { values[$0.index] } ?? [] })
      for (id, result) in zip(node.outputs, results) { values[id.index] = result }
    }
  }

  /// The elements of the request's outputs that count.
  func outputs(_ samples: Int) -> [[Double]] {
    request.outputs.map { id in
      Array(values[id.index].prefix(request.network[id].shape.count / request.network.batchSize * samples))
    }
  }

  /// The gradients at the inputs, if asked for.
  func inputGradients(_ gradients: [[Double]?], _ samples: Int) -> [[Double]] {
    guard request.inputGradients else { return [] }
    return request.network.inputs.map { id in
      let elements = request.network[id].shape.count
      let gradient = gradients[id.index] ?? [Double](repeating: 0, count: elements)
      return Array(gradient.prefix(elements / request.network.batchSize * samples))
    }
  }

  /// From ∂L/∂value of what some nodes yield to that of what they read, by value index, where it is needed and something
  /// arrives.
  func spread(_ gradients: inout [[Double]?], _ nodes: Range<Int>) {
    let network = request.network
    for index in nodes.reversed() {
      let (node, kernel) = (network.nodes[index], kernels[index])
      guard node.inputs.contains(where: { $0.map { needsGradient[$0.index] } ?? false }),
        node.outputs.contains(where: { gradients[$0.index] != nil })
      else { continue }
      let operands = node.inputs.map { id in id.map { values[$0.index] } ?? [] }
      let arrived = node.outputs.map { id in
        gradients[id.index] ?? [Double](repeating: 0, count: network[id].shape.count)
      }
      for (position, id) in node.inputs.enumerated() {
        guard let id, needsGradient[id.index], node.operation.carriesGradient(to: position) else { continue }
        let gradient = kernel.backward(operands, results: node.outputs.map { values[$0.index] }, arrived, to: position)
        if let sum = gradients[id.index] {
          gradients[id.index] = zip(sum, gradient).map { $0 + $1 }
        } else {
          gradients[id.index] = gradient
        }
      }
    }
  }

  /// Σ a·∂L/∂a per sample and channel.
  func products(of observed: ObservedValue, _ gradient: [Double]?, samples: Int) -> [Double] {
    let network = request.network
    let shape = network[observed.value].shape
    let channels = shape[observed.channelAxis]
    var products = [Double](repeating: 0, count: samples * channels)
    guard let gradient else { return products }
    let activation = values[observed.value.index]
    let inner = shape.dimensions[(observed.channelAxis + 1)...].reduce(1, *)
    let perSample = shape.count / network.batchSize
    for sample in 0..<samples {
      for offset in 0..<perSample {
        let element = sample * perSample + offset
        products[sample * channels + offset / inner % channels] += activation[element] * gradient[element]
      }
    }
    return products
  }
}
