import Execution
import ExecutorContract
import Networks
import Surgery
import Testing

/// A network of one layer.
struct LayerCase: Sendable, CustomTestStringConvertible {
  static let seed: UInt64 = 20_26

  let testDescription: String
  let hasIntercept: Bool
  let network: Network
  /// Numbers for tests of this case.
  let random: SeededGenerator

  init(
    _ name: String, batchSize: Int = 6, hasIntercept: Bool = true, _ build: (inout ProblemBuilder) -> ValueID
  ) {
    var seed = Self.seed
    for byte in name.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var builder = ProblemBuilder(name: name, batchSize: batchSize, sampleCount: batchSize, seed: seed)
    let output = build(&builder)
    testDescription = "\(name), seed \(Self.seed)"
    self.hasIntercept = hasIntercept
    network = builder.network(outputs: [output])
    random = builder.random
  }

  static let all: [LayerCase] = [
    LayerCase("1-D convolution, stride 2, uneven pads") { b in
      b.convolution(b.input([3, 11]), to: 2, kernel: [3], strides: [2], padsBegin: [2], padsEnd: [1])
    },
    LayerCase("2-D convolution, all attributes") { b in
      b.convolution(
        b.input([2, 7, 8]), to: 3, kernel: [2, 3], strides: [2, 1], padsBegin: [1, 0], padsEnd: [0, 2],
        dilations: [1, 2])
    },
    LayerCase("2-D convolution without bias", hasIntercept: false) { b in
      b.convolution(b.input([2, 5, 5]), to: 3, kernel: [3, 3], padsBegin: [1, 1], bias: false)
    },
    LayerCase("pointwise convolution behind a folded normalisation") { b in
      b.convolution(b.input([4, 4, 4]), to: 3, kernel: [1, 1], scaled: true)
    },
    LayerCase("convolution in two groups, scaled") { b in
      b.convolution(b.input([4, 6, 5]), to: 6, kernel: [3, 2], padsBegin: [1, 1], groups: 2, scaled: true)
    },
    LayerCase("depthwise convolution") { b in
      b.convolution(b.input([5, 6, 6]), to: 5, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1], groups: 5)
    },
    LayerCase("depthwise convolution of two outputs per channel", hasIntercept: false) { b in
      b.convolution(b.input([3, 12]), to: 6, kernel: [4], groups: 3, bias: false)
    },
    LayerCase("transposed convolution, output padding") { b in
      b.convolutionTranspose(
        b.input([3, 5, 4]), to: 2, kernel: [3, 2], strides: [2, 2], padsBegin: [1, 0], outputPadding: [1, 1])
    },
    LayerCase("transposed convolution in groups") { b in
      b.convolutionTranspose(
        b.input([4, 7]), to: 6, kernel: [3], strides: [2], padsBegin: [1], dilations: [2], groups: 2, scaled: true)
    },
    LayerCase("linear layer, output by input, alpha and beta", batchSize: 30) { b in
      b.linear(b.input([7]), to: 4, alpha: 0.5, beta: 2)
    },
    LayerCase("linear layer, input by output, two leading axes") { b in
      b.linear(b.input([3, 2, 5]), to: 4, outputByInput: false, scaled: true)
    },
    LayerCase("linear layer without bias", batchSize: 20, hasIntercept: false) { b in
      b.linear(b.input([6]), to: 3, outputByInput: false, bias: false)
    },
    LayerCase("convolution of windows of a sample") { b in
      b.convolution(b.reshape(b.input([3, 2, 4, 4]), [18, 2, 4, 4]), to: 2, kernel: [2, 2])
    },
  ]

  // MARK: What tests ask of it

  var node: Node { network.nodes[network.nodes.count - 1] }
  var input: Shape { network[node.inputs[0] ?? ValueID(0)].shape }
  var output: Shape { network[node.outputs[0]].shape }
  var batchSize: Int { network.batchSize }
  var weight: [Float] { network[node.inputs[1] ?? ValueID(0)].constant?.floats ?? [] }
  var bias: [Float]? { node.inputs.dropFirst(2).first.flatMap { $0 }.flatMap { network[$0].constant?.floats } }

  var isLinear: Bool { if case .linear = node.operation { true } else { false } }
  var channels: (inputs: Int, outputs: Int) {
    isLinear ? (input[input.rank - 1], output[output.rank - 1]) : (input[1], output[1])
  }
  var groups: Int {
    switch node.operation {
    case .convolution(let convolution), .convolutionTranspose(let convolution): convolution.groups
    default: 1
    }
  }

  /// Input and output channel of a weight's element, all groups counted.
  func channels(of element: Int) -> (input: Int, output: Int) {
    let (inputs, outputs) = (channels.inputs / groups, channels.outputs / groups)
    let kernel = weight.count / (channels.outputs * inputs)
    switch node.operation {
    case .convolutionTranspose:
      let input = element / kernel / outputs
      return (input, input / inputs * outputs + element / kernel % outputs)
    case .linear(let linear) where !linear.weightIsOutputByInput: return (element / outputs, element % outputs)
    default:
      let output = element / kernel / inputs
      return (output / outputs * inputs + element / kernel % inputs, output)
    }
  }

  /// Elements of an output channel, by sample and position.
  func elements(ofOutput channel: Int) -> [Int] {
    let inner = isLinear ? 1 : output.dimensions[2...].reduce(1, *)
    return (0..<output.count).filter { $0 / inner % channels.outputs == channel }
  }

  func problem(samples: Int? = nil, limit: Int = .max) throws -> Reconstruction {
    try Reconstruction(
      node.operation, input: input, output: output, batchSize: batchSize, hasIntercept: hasIntercept, layer: 3,
      samples: samples ?? batchSize, rowLimit: limit)
  }

  /// The layer's results with other parameters.
  func results(_ inputs: [Float], weight: [Float], bias: [Float]?) throws -> [Double] {
    try network.replacing([(node.inputs[1], weight), (node.inputs.dropFirst(2).first ?? nil, bias)])
      .referenceOutput([inputs.map(Double.init)])
  }
}

extension Network {
  /// The same network with other elements in some constants.
  func replacing(_ replacements: [(id: ValueID?, elements: [Float]?)]) throws -> Network {
    var values = self.values
    for case let (id?, elements?) in replacements {
      values[id.index] = Value(
        name: self[id].name, constant: ConstantTensor(shape: self[id].shape, elements: .float(elements)))
    }
    return try Network(
      name: name, batchSize: batchSize, values: values, nodes: nodes, inputs: inputs, outputs: outputs)
  }

  /// The first output for a full batch, from the reference executor, unrounded.
  func referenceOutput(_ inputs: [[Double]]) throws -> [Double] {
    // Its mean squared error takes any output whose samples lie along axis 0 in equal runs; one of k × N rows is cut up.
    let count = self[outputs[0]].shape.count
    var nodes = self.nodes
    let flat = Value(name: "flat", shape: Shape([batchSize, count / batchSize]))
    nodes.append(
      Node(
        name: "flat", opType: "Reshape", operation: .reshape, inputs: [outputs[0]], outputs: [ValueID(values.count)]))
    let network = try Network(
      name: name, batchSize: batchSize, values: values + [flat], nodes: nodes, inputs: self.inputs,
      outputs: [ValueID(values.count)])
    let executor = try ReferenceExecutor(ExecutionRequest(network: network, loss: .meanSquaredError, observed: []))
    let batch = Batch(
      inputs: inputs.map { $0.map { Float($0) } }, targets: .dense([Float](repeating: 0, count: count)),
      sampleCount: batchSize)
    return try executor.evaluate(batch, inputs: inputs).output
  }
}

/// The solution of a square system by Gaussian elimination with row pivoting.
func gaussianElimination(_ matrix: [[Double]], _ side: [Double]) -> [Double] {
  var (a, b) = (matrix, side)
  for column in b.indices {
    let pivot = (column..<b.count).max { abs(a[$0][column]) < abs(a[$1][column]) } ?? column
    a.swapAt(column, pivot)
    b.swapAt(column, pivot)
    for row in (column + 1)..<max(b.count, column + 1) {
      let factor = a[row][column] / a[column][column]
      for other in column..<b.count { a[row][other] -= factor * a[column][other] }
      b[row] -= factor * b[column]
    }
  }
  for row in b.indices.reversed() {
    for other in (row + 1)..<max(b.count, row + 1) { b[row] -= a[row][other] * b[other] }
    b[row] /= a[row][row]
  }
  return b
}
