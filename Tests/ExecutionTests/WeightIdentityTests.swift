import Execution
import ExecutorContract
import Networks
import Testing

/// Identities between products of activations and products of weights (Molchanov et al. 2019; Euler's theorem on
/// homogeneous functions): they tie the whole backward pass to the forward pass.
@Suite struct WeightIdentityTests {
  /// The problems with a watched layer whose weights no other layer uses.
  static let layerProblems = OperatorProblem.all(seed: CentralDifferencesTests.seed).filter { problem in
    problem.hasTrueGradients && !soleLayers(problem.request).isEmpty
  }

  /// Number of the watched value and its layer.
  private static func soleLayers(_ request: ExecutionRequest) -> [(number: Int, layer: Node)] {
    let network = request.network
    let producers = network.producers()
    let readers = network.readers()
    return request.observed.enumerated().compactMap { number, observed in
      guard let producer = producers[observed.value.index] else { return nil }
      let layer = network.nodes[producer]
      let channelAxis: Int
      switch layer.operation {
      case .convolution, .convolutionTranspose: channelAxis = 1
      case .linear: channelAxis = network[observed.value].shape.rank - 1
      default: return nil
      }
      let parameters = layer.inputs.dropFirst().compactMap { $0 }
      guard observed.channelAxis == channelAxis, parameters.allSatisfy({ readers[$0.index].count == 1 }) else {
        return nil
      }
      return (number, layer)
    }
  }

  @Test(arguments: layerProblems)
  func `a unit's products of activations are those of its weights and bias`(_ problem: OperatorProblem) throws {
    let network = problem.request.network
    let products = try ReferenceBackend().compile(problem.request).evaluate(problem.batch).products
    let weights = ScaledWeights(request: problem.request, batch: problem.batch)
    let comparison = Comparison(problem: problem.name, tolerance: CentralDifferences.tolerance, floor: 1e-3)
    for (number, layer) in Self.soleLayers(problem.request) {
      let parameters = layer.inputs.dropFirst().compactMap { $0 }
      let units = products[number].count / problem.batch.sampleCount
      var expected = products[number]
      for unit in 0..<units {
        let derivatives = try weights.derivatives(parameters) { id, element in
          id == parameters[0] ? layer.unitAndInput(of: element, in: network[id].shape)?.unit == unit : element == unit
        }
        for (sample, derivative) in derivatives.enumerated() { expected[sample * units + unit] = derivative }
      }
      try comparison.check("products of \(layer.name)", products[number], expected)
    }
  }

  /// The problems with small layers whose weights nobody else uses.
  static let smallLayerProblems = OperatorProblem.all(seed: CentralDifferencesTests.seed).filter { problem in
    problem.hasTrueGradients && !smallLayers(problem.request).isEmpty
  }

  private static func smallLayers(_ request: ExecutionRequest) -> [Int] {
    let readers = request.network.readers()
    return request.layerNodes.filter { index in
      guard let weight = request.network.nodes[index].inputs[1] else { return false }
      return readers[weight.index].count == 1 && request.network[weight].shape.count <= 60
    }
  }

  @Test(arguments: smallLayerProblems)
  func `products of weights are derivatives by a factor on each of them`(_ problem: OperatorProblem) throws {
    let layers = Self.smallLayers(problem.request)
    let network = problem.request.network
    let request = ExecutionRequest(network: network, loss: problem.request.loss, weighed: layers)
    let found = try ReferenceBackend().compile(request).evaluate(problem.batch).weightProducts
    let weights = ScaledWeights(request: problem.request, batch: problem.batch)
    for (products, index) in zip(found, layers) {
      let node = network.nodes[index]
      let weight = try #require(node.inputs[1])
      let shape = network[weight].shape
      var groups = 1
      switch node.operation {
      case .convolution(let convolution), .convolutionTranspose(let convolution): groups = convolution.groups
      default: break
      }
      var outputs = products.outputMagnitudes.map { _ in 0.0 }
      var (sums, inputs) = (products.inputSums.map { _ in 0.0 }, products.inputSums.map { _ in 0.0 })
      for element in 0..<shape.count {
        let product = try weights.derivatives([weight]) { $1 == element }.reduce(0, +)
        let (unit, own) = try #require(node.unitAndInput(of: element, in: shape))
        let input = unit / (outputs.count / groups) * (inputs.count / groups) + own
        outputs[unit] += abs(product)
        sums[input] += product
        inputs[input] += abs(product)
      }
      // Every term has the error of a difference.
      let comparison = Comparison(
        problem: problem.name, tolerance: CentralDifferences.tolerance, floor: 1e-3 * Double(shape.count))
      try comparison.check("magnitudes by output of \(node.name)", products.outputMagnitudes, outputs)
      try comparison.check("sums by input of \(node.name)", products.inputSums, sums)
      try comparison.check("magnitudes by input of \(node.name)", products.inputMagnitudes, inputs)
    }
  }

  @Test(arguments: UInt64(0)..<24)
  func `producers' products of activations are consumers' products of weights`(seed: UInt64) throws {
    let network = HomogeneousNetwork(seed: seed)
    let request = network.problem.request
    let products = try ReferenceBackend().compile(request).evaluate(network.problem.batch).products
    let channels = HomogeneousNetwork.channels
    let sums = products[0].indices.map { index in products.reduce(0) { $0 + $1[index] } }

    let weights = ScaledWeights(request: request, batch: network.problem.batch)
    var expected = sums
    for channel in 0..<channels {
      let derivatives = try weights.derivatives(network.consumers.compactMap { $0.inputs[1] }) { id, element in
        network.consumers.contains { layer in
          guard layer.inputs[1] == id, let read = layer.unitAndInput(of: element, in: request.network[id].shape)
          else { return false }
          // A layer behind flatten reads a channel as a run of inputs; a layer by depth reads its own channel.
          if case .convolution(let convolution) = layer.operation {
            return convolution.groups == 1 ? read.input == channel : read.unit == channel
          }
          return read.input / (request.network[id].shape[1] / channels) == channel
        }
      }
      for (sample, derivative) in derivatives.enumerated() { expected[sample * channels + channel] = derivative }
    }
    try Comparison(problem: "seed \(seed)", tolerance: CentralDifferences.tolerance, floor: 1e-3)
      .check("products of channels", sums, expected)
  }
}

/// Watched producers, a path that is homogeneous in every channel, and consumers of all that comes out of it.
private struct HomogeneousNetwork {
  static let channels = 4
  let problem: OperatorProblem
  let consumers: [Node]

  init(seed: UInt64) {
    var builder = ProblemBuilder(name: "seed \(seed)", batchSize: 2, sampleCount: 2, seed: seed)
    let x = builder.input([3, 9, 9])
    var value = builder.convolution(x, to: Self.channels, kernel: [3, 3], padsBegin: [1, 1])
    builder.observe(value)
    for _ in 0..<Int.random(in: 1...4, using: &builder.random) {
      switch Int.random(in: 0..<5, using: &builder.random) {
      case 0: value = builder.unary(.relu, value)
      case 1: value = builder.unary(.leakyRelu(slope: 0.25), value)
      case 2 where builder.shape(value)[2] == 9:
        value = builder.pool(.max, value, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1])
      case 3:
        let countsPads = Bool.random(using: &builder.random)
        value = builder.pool(
          .average(countsPads: countsPads), value, kernel: [3, 3], strides: [1, 1], padsBegin: [1, 1])
      default:
        // A further producer, coupled by the sum.
        let side = builder.shape(value)[2]
        let step = side == 9 ? 1 : 2
        // 9 → 9 with pads; 9 → 5 as the pool does.
        let other = builder.convolution(
          x, to: Self.channels, kernel: [3, 3], strides: [step, step], padsBegin: [1, 1])
        builder.observe(other)
        value = builder.binary(.add, value, other)
      }
    }
    let first = builder.nodes.count
    var ends: [ValueID] = []
    for kind in 0..<4 where kind == Int(seed % 4) || Bool.random(using: &builder.random) {
      switch kind {
      case 0: ends.append(builder.convolution(value, to: 3, kernel: [3, 3]))
      case 1: ends.append(builder.convolution(value, to: Self.channels, kernel: [2, 2], groups: Self.channels))
      case 2: ends.append(builder.linear(builder.flatten(value), to: 5))
      default: ends.append(builder.linear(builder.mean(value, axes: [2, 3], kept: false), to: 5))
      }
    }
    consumers = builder.nodes[first...].filter { $0.inputs.count == 3 }
    let outputs = ends.map { builder.unary(.tanh, builder.flatten($0)) }
    let joined = builder.concat(outputs, axis: 1)
    problem = builder.problem(output: joined, loss: .meanSquaredError)
  }
}
