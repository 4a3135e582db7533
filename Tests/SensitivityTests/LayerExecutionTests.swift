import Channels
import Execution
import Networks
import OneDNN
import Sensitivity
import Testing

/// Layers of attention hold the samples behind the tokens.
struct LayerExecutionTests {
  private static let (tokens, features, hidden, results, samples) = (4, 6, 8, 5, 3)

  /// A number in −1 … 1 that follows from its index alone.
  private static func number(_ index: Int, _ seed: Int) -> Float { Float((index * 37 + seed * 101) % 67 - 33) / 33 }

  /// [N, T, F] turned to [T, N, F], two layers there, the first with the bias as an Add of its own; a third on rows
  /// [N, T × R].
  private static func network(batchSize: Int) throws -> Network {
    var values: [Value] = []
    var nodes: [Node] = []
    func constant(_ extents: [Int]) -> ValueID {
      let shape = Shape(extents)
      let elements = (0..<shape.count).map { number($0, values.count) }
      values.append(Value(name: "c\(values.count)", constant: ConstantTensor(shape: shape, elements: .float(elements))))
      return ValueID(values.count - 1)
    }
    func apply(_ name: String, _ operation: Operation, _ operands: [ValueID?], _ extents: [Int]) -> ValueID {
      values.append(Value(name: "\(name).out", shape: Shape(extents)))
      nodes.append(
        Node(name: name, opType: "Op", operation: operation, inputs: operands, outputs: [ValueID(values.count - 1)]))
      return ValueID(values.count - 1)
    }
    values.append(Value(name: "x", shape: Shape([batchSize, tokens, features])))
    let linear = Operation.linear(Linear(weightIsOutputByInput: false))
    let turned = apply("turn", .transpose(permutation: [1, 0, 2]), [ValueID(0)], [tokens, batchSize, features])
    let wide = [tokens, batchSize, hidden]
    let product = apply("first", linear, [turned, constant([features, hidden])], wide)
    let sum = apply("bias", .binary(.add), [product, constant([hidden])], wide)
    let active = apply("act", .unary(.tanh), [sum], wide)
    let second = apply(
      "second", linear, [active, constant([hidden, results]), constant([results])], [tokens, batchSize, results])
    let back = apply("back", .transpose(permutation: [1, 0, 2]), [second], [batchSize, tokens, results])
    let rows = apply("rows", .reshape, [back], [batchSize, tokens * results])
    let y = apply("head", linear, [rows, constant([tokens * results, 3])], [batchSize, 3])
    return try Network(
      name: "tokens", batchSize: batchSize, values: values, nodes: nodes, inputs: [ValueID(0)], outputs: [y])
  }

  private static func execution(batchSize: Int) throws -> LayerExecution {
    let network = try network(batchSize: batchSize)
    return LayerExecution(network, ChannelStructure(of: network), loss: .meanSquaredError)
  }

  /// Inputs and targets of one sample.
  private static func sample(_ index: Int) -> (input: [Float], target: [Float]) {
    ((0..<tokens * features).map { number($0, 7 + index) }, (0..<3).map { number($0, 50 + index) })
  }

  /// By sample the products of all layers, each sample run alone: with a batch of one there is nothing to bring forward.
  private static func alone() throws -> [[[Double]]] {
    let executor = try ReferenceBackend().compile(execution(batchSize: 1).request)
    return try (0..<samples).map { index in
      let (input, target) = sample(index)
      return try executor.evaluate(Batch(inputs: [input], targets: .dense(target), sampleCount: 1)).products
    }
  }

  /// Double loops agree to rounding, float32 to its own.
  private static let backends: [(backend: any ExecutionBackend, tolerance: Double)] = [
    (ReferenceBackend(), 1e-12), (OneDNNBackend(), 1e-5),
  ]

  @Test(arguments: backends.indices, [samples, samples - 1])
  func `samples behind the tokens have the products that they have alone`(_ index: Int, count: Int) throws {
    let (backend, tolerance) = Self.backends[index]
    let executor = try backend.compile(Self.execution(batchSize: Self.samples).request)
    let data = (0..<Self.samples).map { Self.sample(min($0, count - 1)) }
    let found = try executor.evaluate(
      Batch(inputs: [data.flatMap(\.input)], targets: .dense(data.flatMap(\.target)), sampleCount: count))
    let expected = try Self.alone()
    #expect(found.products.map(\.count) == [Self.hidden, Self.results, 3].map { $0 * count })
    var largest = 0.0
    for sample in 0..<count {
      for (layer, products) in expected[sample].enumerated() {
        let own = found.products[layer][sample * products.count..<(sample + 1) * products.count]
        let scale = products.reduce(0) { max($0, abs($1)) }
        #expect(scale > 0)
        for (one, other) in zip(own, products) { largest = max(largest, abs(one - other) / scale) }
      }
    }
    #expect(largest <= tolerance, "\(backend.description): \(largest)")
  }

  @Test func `the products are taken behind a bias that is a node of its own`() throws {
    // Σ a·∂L/∂a of one output is (a + b)·∂L/∂a and not a·∂L/∂a: the folded bias belongs to the layer.
    let request = try Self.execution(batchSize: 2).request
    let first = request.network.nodes.first { $0.name == "first" }
    #expect(first?.inputs.count == 3)
    #expect(request.observed[0].value == first?.outputs[0])
    #expect(request.network.nodes.allSatisfy { $0.name != "bias" })
  }
}
