import Execution
import ExecutorContract
import Networks
import Testing

/// Folding changes how a network is computed, never what it computes.
struct FoldingTests {
  private static let seed: UInt64 = 4711

  /// A network, and how many of its nodes folding should leave.
  private struct Case: Sendable, CustomStringConvertible {
    let description: String
    let nodesLeft: Int
    let build: @Sendable (inout ProblemBuilder) -> [ValueID]
  }

  private static let cases: [Case] = [
    Case(description: "normalisation behind a convolution", nodesLeft: 2) { b in
      let x = b.input([3, 5, 5])
      let y = b.normalization(b.convolution(x, to: 4, kernel: [3, 3]))
      return [b.unary(.relu, y)]
    },
    Case(description: "normalisation behind a convolution without bias", nodesLeft: 1) { b in
      [b.normalization(b.convolution(b.input([3, 5, 5]), to: 4, kernel: [3, 3], bias: false))]
    },
    Case(description: "normalisation behind a depthwise convolution", nodesLeft: 1) { b in
      [b.normalization(b.convolution(b.input([4, 5, 5]), to: 4, kernel: [3, 3], groups: 4))]
    },
    Case(description: "normalisation behind a convolution along one axis", nodesLeft: 1) { b in
      [b.normalization(b.convolution(b.input([3, 9]), to: 4, kernel: [3]))]
    },
    Case(description: "normalisation behind a transposed convolution", nodesLeft: 1) { b in
      [b.normalization(b.convolutionTranspose(b.input([3, 4, 4]), to: 5, kernel: [3, 3], strides: [2, 2]))]
    },
    Case(description: "normalisation and factor behind a transposed convolution in groups", nodesLeft: 1) { b in
      let y = b.convolutionTranspose(b.input([4, 5]), to: 6, kernel: [2], strides: [2], groups: 2, bias: false)
      return [b.binary(.multiply, b.normalization(y), b.constant([6, 1]))]
    },
    Case(description: "powers, maxima and comparisons with a constant per channel", nodesLeft: 4) { b in
      var y = b.convolution(b.input([3, 4, 4]), to: 4, kernel: [1, 1])
      y = b.binary(.maximum, y, b.constant([4, 1, 1], in: 0.5...1))
      y = b.binary(.power, y, b.constant([4, 1, 1]))
      return [b.binary(.parametricRelu, y, b.constant([4, 1, 1]))]
    },
    Case(description: "features of a linear layer of four axes times a constant, a layer scale", nodesLeft: 1) { b in
      [b.binary(.multiply, b.constant([6]), b.linear(b.input([2, 3, 4]), to: 6, outputByInput: false))]
    },
    Case(description: "normalisation behind a linear layer", nodesLeft: 1) { b in
      [b.normalization(b.linear(b.input([5]), to: 4, alpha: 0.5, beta: 2))]
    },
    Case(description: "a chain of normalisation, factor, offset, divisor and subtrahend", nodesLeft: 1) { b in
      var y = b.normalization(b.convolution(b.input([3, 4, 4]), to: 4, kernel: [1, 1]))
      y = b.binary(.multiply, b.constant([4, 1, 1]), y)
      y = b.binary(.add, y, b.constant([1, 4, 1, 1]))
      y = b.binary(.divide, y, b.constant([1], in: 1...2))
      return [b.binary(.subtract, y, b.constant([4, 1, 1]))]
    },
    Case(description: "features of a linear layer of three axes times a constant", nodesLeft: 1) { b in
      [b.binary(.multiply, b.linear(b.input([3, 5]), to: 4), b.constant([4]))]
    },
    Case(description: "a constant minus the layer", nodesLeft: 2) { b in
      [b.binary(.subtract, b.constant([4, 1, 1]), b.convolution(b.input([3, 4, 4]), to: 4, kernel: [1, 1]))]
    },
    Case(description: "a constant over the layer", nodesLeft: 2) { b in
      let x = b.input([3, 4, 4], in: 1...2)
      return [b.binary(.divide, b.constant([4, 1, 1]), b.convolution(x, to: 4, kernel: [1, 1]))]
    },
    Case(description: "a constant of every sample", nodesLeft: 2) { b in
      [b.binary(.add, b.convolution(b.input([3, 4, 4]), to: 4, kernel: [1, 1]), b.constant([2, 4, 1, 1]))]
    },
    Case(description: "a constant that widens the layer's output", nodesLeft: 2) { b in
      [b.binary(.add, b.convolution(b.input([3, 4]), to: 1, kernel: [1]), b.constant([5, 1]))]
    },
    Case(description: "a factor of no layer", nodesLeft: 2) { b in
      [b.binary(.multiply, b.unary(.tanh, b.input([3, 4])), b.constant([3, 1]))]
    },
    Case(description: "two layers and their sum", nodesLeft: 3) { b in
      let x = b.input([3, 4, 4])
      let left = b.normalization(b.convolution(x, to: 4, kernel: [1, 1]))
      let right = b.normalization(b.convolution(x, to: 4, kernel: [1, 1], bias: false))
      return [b.binary(.add, left, right)]
    },
    Case(description: "a constant that varies along space", nodesLeft: 2) { b in
      [b.binary(.multiply, b.convolution(b.input([3, 4, 4]), to: 4, kernel: [1, 1]), b.constant([4, 4]))]
    },
    Case(description: "normalisation of another axis than the features", nodesLeft: 2) { b in
      [b.normalization(b.linear(b.input([4, 5]), to: 4))]
    },
    Case(description: "a layer that two nodes read", nodesLeft: 3) { b in
      let y = b.convolution(b.input([3, 4, 4]), to: 4, kernel: [1, 1])
      let z = b.normalization(y)
      return [b.binary(.add, y, z)]
    },
    Case(description: "a layer that is an output itself", nodesLeft: 2) { b in
      let y = b.convolution(b.input([3, 4, 4]), to: 4, kernel: [1, 1])
      return [b.normalization(y), y]
    },
    Case(description: "a layer's square", nodesLeft: 2) { b in
      let y = b.convolution(b.input([3, 4, 4]), to: 4, kernel: [1, 1])
      return [b.binary(.multiply, y, y)]
    },
  ]

  @Test(arguments: cases.indices)
  func `a folded network computes the same with fewer nodes`(_ index: Int) throws {
    let test = Self.cases[index]
    var builder = ProblemBuilder(name: test.description, batchSize: 2, sampleCount: 2, seed: Self.seed)
    let outputs = test.build(&builder)
    let folded = try Self.checkedFolding(&builder, outputs)
    #expect(folded.nodes.count == test.nodesLeft, "\(test), seed \(Self.seed)")
  }

  @Test(arguments: UInt64(0)..<48)
  func `any chain of normalisations and constants behind a layer becomes part of it`(seed: UInt64) throws {
    var builder = ProblemBuilder(name: "seed \(seed)", batchSize: 2, sampleCount: 2, seed: seed)
    let outputByInput = Bool.random(using: &builder.random)
    let bias = Bool.random(using: &builder.random)
    let scaled = Bool.random(using: &builder.random)
    var value: ValueID
    switch seed % 6 {
    case 0: value = builder.convolution(builder.input([3, 4, 4]), to: 6, kernel: [3, 3], bias: bias, scaled: scaled)
    case 1:
      value = builder.convolution(
        builder.input([3, 4, 4]), to: 6, kernel: [2, 2], groups: 3, bias: bias, scaled: scaled)
    case 2: value = builder.convolution(builder.input([4, 7]), to: 6, kernel: [3], bias: bias, scaled: scaled)
    case 3:
      value = builder.linear(
        builder.input([5]), to: 6, outputByInput: outputByInput, alpha: 0.5, beta: -2, bias: bias, scaled: scaled)
    case 5:
      value = builder.convolutionTranspose(
        builder.input([4, 3, 3]), to: 6, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1], groups: 2, bias: bias,
        scaled: scaled)
    default:
      value = builder.linear(
        builder.input([3, 5]), to: 6, outputByInput: outputByInput, alpha: 2, beta: 3, bias: bias, scaled: scaled)
    }
    let layer = builder.nodes[0].name
    for _ in 0..<Int.random(in: 1...4, using: &builder.random) {
      value = Self.extended(&builder, value, isRowWise: seed % 6 == 4)
    }
    let folded = try Self.checkedFolding(&builder, [value])
    #expect(folded.nodes.map(\.name) == [layer])
    #expect(folded.nodes[0].outputs == [value])
  }

  /// A value with a random normalisation or constant behind it that folding takes in.
  private static func extended(_ b: inout ProblemBuilder, _ x: ValueID, isRowWise: Bool) -> ValueID {
    let rank = b.shape(x).rank
    let channels = isRowWise ? [6] : [6] + [Int](repeating: 1, count: rank - 2)
    let forms = [channels, [1] + channels, [], [1]]
    let constant = b.constant(forms.randomElement(using: &b.random) ?? [], in: 0.5...2)
    switch Int.random(in: 0..<7, using: &b.random) {
    case 0: return b.binary(.add, x, constant)
    case 1: return b.binary(.add, constant, x)
    case 2: return b.binary(.subtract, x, constant)
    case 3: return b.binary(.multiply, x, constant)
    case 4: return b.binary(.multiply, constant, x)
    case 5: return b.binary(.divide, x, constant)
    default: return isRowWise ? b.binary(.multiply, x, constant) : b.normalization(x)
    }
  }

  /// Folds, and compares what both networks compute.
  private static func checkedFolding(_ builder: inout ProblemBuilder, _ outputs: [ValueID]) throws -> Network {
    let network = builder.network(outputs: outputs)
    let batch = builder.problem(output: outputs[0], loss: .meanSquaredError).batch
    let folded = network.foldingNormalizations()
    #expect(folded.inputs == network.inputs && folded.outputs == network.outputs)
    #expect(folded.nodes[0].name == network.nodes[0].name)
    #expect(folded.values.prefix(network.values.count).map(\.name) == network.values.map(\.name))

    // Every value that the folded network still computes, watched in both.
    let watched = folded.nodes.flatMap(\.outputs).map { ObservedValue($0, channelAxis: 1) }
    let figures = try [network, folded].map { network in
      let request = ExecutionRequest(network: network, loss: .meanSquaredError, observed: watched, inputGradients: true)
      return try ReferenceExecutor(request).evaluate(batch, inputs: batch.inputs.map { $0.map(Double.init) })
    }
    let (plain, short) = (figures[0], figures[1])
    // Float64 rounding of a handful of factors.
    let comparison = Comparison(problem: network.name, tolerance: 1e-12)
    try comparison.check("output", short.output, plain.output)
    try comparison.check("losses", short.evaluation.losses, plain.evaluation.losses)
    try comparison.check("gradient", short.evaluation.inputGradients[0], plain.evaluation.inputGradients[0])
    for (one, other) in zip(short.evaluation.products, plain.evaluation.products) {
      try comparison.check("products", one, other)
    }
    return folded
  }

  @Test func `a divisor with a zero is not folded`() throws {
    var builder = ProblemBuilder(name: "zero", batchSize: 1, sampleCount: 1, seed: 1)
    let y = builder.convolution(builder.input([2, 3, 3]), to: 2, kernel: [1, 1])
    let quotient = builder.binary(.divide, y, builder.constant([2, 1, 1], [1, 0]))
    let network = builder.network(outputs: [quotient])
    #expect(network.foldingNormalizations().nodes.count == 2)
  }
}
