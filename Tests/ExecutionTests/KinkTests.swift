import Execution
import Networks
import Testing

@Suite struct KinkTests {
  /// Gradients at x of one node, seen through L = (f(x) − target)² with f(x) − target = ½, so that ∂L/∂f = 1.
  private func slopes(_ function: UnaryFunction, at x: [Float], values: [Float]) throws -> [Double] {
    let shape = Shape([x.count, 1])
    let network = try Network(
      name: "kink", batchSize: x.count, values: [Value(name: "x", shape: shape), Value(name: "y", shape: shape)],
      nodes: [Node(name: "f", opType: "f", operation: .unary(function), inputs: [ValueID(0)], outputs: [ValueID(1)])],
      inputs: [ValueID(0)], outputs: [ValueID(1)])
    let request = ExecutionRequest(network: network, loss: .meanSquaredError, observed: [], inputGradients: true)
    let batch = Batch(inputs: [x], targets: .dense(values.map { $0 - 0.5 }), sampleCount: x.count)
    let evaluation = try ReferenceBackend().compile(request).evaluate(batch)
    #expect(evaluation.outputs[0] == values)
    return evaluation.inputGradients[0]
  }

  @Test func `relu has slope 0 at 0`() throws {
    #expect(try slopes(.relu, at: [-1, 0, 1], values: [0, 0, 1]) == [0, 0, 1])
  }

  @Test func `leaky relu has its slope at 0`() throws {
    #expect(try slopes(.leakyRelu(slope: 0.25), at: [-1, 0, 1], values: [-0.25, 0, 1]) == [0.25, 0.25, 1])
  }

  @Test func `clip passes the gradient strictly inside its bounds only`() throws {
    let slopes = try slopes(
      .clip(lower: -1, upper: 2), at: [-1.5, -1, 0, 2, 2.5], values: [-1, -1, 0, 2, 2])
    #expect(slopes == [0, 0, 1, 0, 0])
  }

  @Test func `quantisation passes the gradient strictly inside its ends only`() throws {
    // −1.25 and 1.25 lie between the ends and are brought to them; halves go to the even multiple.
    let slopes = try slopes(
      .quantize(Quantization(scale: 1, steps: -2...2)), at: [-2.5, -2, -1.75, -0.5, 0, 0.5, 1.5, 1.75, 2, 3],
      values: [-2, -2, -2, 0, 0, 0, 2, 2, 2, 2])
    #expect(slopes == [0, 0, 1, 1, 1, 1, 1, 1, 0, 0])
  }

  @Test func `exponential units take the side of negative numbers at 0`() throws {
    #expect(try slopes(.elu(alpha: 0.5), at: [0, 1], values: [0, 1]) == [0.5, 1])
    #expect(try slopes(.selu(alpha: 0.5, gamma: 2), at: [0, 1], values: [0, 2]) == [1, 2])
    #expect(try slopes(.celu(alpha: 0.5), at: [0, 1], values: [0, 1]) == [1, 1])
  }

  @Test func `a magnitude has slope 0 at 0`() throws {
    #expect(try slopes(.absolute, at: [-2, 0, 2], values: [2, 0, 2]) == [-1, 0, 1])
  }

  @Test(arguments: [
    (UnaryFunction.floor, [-2, -1, 0, 1, 2]), (.ceiling, [-1, 0, 0, 2, 3]), (.round, [-2, 0, 0, 2, 2]),
    (.sign, [-1, -1, 0, 1, 1]), (.logicalNot, [0, 0, 1, 0, 0]),
  ])
  func `steps have slope 0 everywhere`(_ function: UnaryFunction, _ values: [Float]) throws {
    #expect(try slopes(function, at: [-1.5, -0.5, 0, 1.5, 2.5], values: values) == [0, 0, 0, 0, 0])
  }

  /// Gradients of one node's inputs a and b, each of three elements, seen through ∂L/∂f = 1.
  private func slopes(
    _ function: BinaryFunction, _ a: [Float], _ b: [Float], values: [Float]
  ) throws -> [[Double]] {
    let shape = Shape([a.count, 1])
    let network = try Network(
      name: "kink", batchSize: a.count, values: ["a", "b", "y"].map { Value(name: $0, shape: shape) },
      nodes: [
        Node(
          name: "f", opType: "f", operation: .binary(function), inputs: [ValueID(0), ValueID(1)], outputs: [ValueID(2)])
      ], inputs: [ValueID(0), ValueID(1)], outputs: [ValueID(2)])
    let request = ExecutionRequest(network: network, loss: .meanSquaredError, observed: [], inputGradients: true)
    let batch = Batch(inputs: [a, b], targets: .dense(values.map { $0 - 0.5 }), sampleCount: a.count)
    let evaluation = try ReferenceBackend().compile(request).evaluate(batch)
    #expect(evaluation.outputs[0] == values)
    return evaluation.inputGradients
  }

  @Test func `equal operands of a maximum or minimum get half of the gradient each`() throws {
    #expect(try slopes(.maximum, [1, 2, 3], [2, 2, 2], values: [2, 2, 3]) == [[0, 0.5, 1], [1, 0.5, 0]])
    #expect(try slopes(.minimum, [1, 2, 3], [2, 2, 2], values: [1, 2, 2]) == [[1, 0.5, 0], [0, 0.5, 1]])
  }

  @Test func `relu with slopes takes the slope at 0`() throws {
    #expect(
      try slopes(.parametricRelu, [-2, 0, 2], [0.25, 0.5, 0.75], values: [-0.5, 0, 2]) == [
        [0.25, 0.5, 1], [-2, 0, 0],
      ])
  }

  @Test func `a power of 0 has no gradient by its exponent, an exponent of 0 none by its base`() throws {
    #expect(
      try slopes(.power, [0, 0, 3], [2, 1, 0], values: [0, 0, 1]) == [[0, 1, 0], [0, 0, 1.0986122886681098]])
  }

  @Test(arguments: BinaryFunction.comparisons)
  func `comparisons and logic have no gradient`(_ function: BinaryFunction, _ values: [Float]) throws {
    #expect(try slopes(function, [0, 2, 3], [1, 2, 0], values: values) == [[0, 0, 0], [0, 0, 0]])
  }

  /// Gradients of one reduction of a row, ∂L/∂y being 2 y.
  private func slopes(_ reduction: Reduction, _ x: [Float]) throws -> [Double] {
    let network = try Network(
      name: "ties", batchSize: 1,
      values: [Value(name: "x", shape: Shape([1, x.count])), Value(name: "y", shape: Shape([1, 1]))],
      nodes: [
        Node(
          name: "f", opType: "f", operation: .reduce(reduction, axes: [1]), inputs: [ValueID(0)], outputs: [ValueID(1)])
      ], inputs: [ValueID(0)], outputs: [ValueID(1)])
    let request = ExecutionRequest(network: network, loss: .meanSquaredError, observed: [], inputGradients: true)
    let batch = Batch(inputs: [x], targets: .dense([0]), sampleCount: 1)
    return try ReferenceBackend().compile(request).evaluate(batch).inputGradients[0]
  }

  @Test func `the gradient of a largest or smallest element goes to the first of equals`() throws {
    #expect(try slopes(.max, [1, 3, 3, 2]) == [0, 6, 0, 0])
    #expect(try slopes(.min, [3, 1, 2, 1]) == [0, 2, 0, 0])
  }

  @Test func `norms of zeros have no gradient`() throws {
    #expect(try slopes(.l2, [0, 0]) == [0, 0])
    #expect(try slopes(.l1, [0, -2, 1]) == [0, -6, 6])
  }

  @Test func `hard sigmoid is flat at its bounds`() throws {
    let slopes = try slopes(
      .hardSigmoid(alpha: 0.5, beta: 0.5), at: [-2, -1, 0, 1, 2], values: [0, 0, 0.5, 1, 1])
    #expect(slopes == [0, 0, 0.5, 0, 0])
  }

  @Test func `hard swish takes the outer side's slope at its bounds`() throws {
    // In between x × (x ÷ 6 + ½), slope x ÷ 3 + ½.
    #expect(try slopes(.hardSwish, at: [-4, -3, 0, 3, 4], values: [0, 0, 0, 3, 4]) == [0, 0, 0.5, 1, 1])
  }

  @Test func `the gradient of a maximum goes to the first of equals in row-major order`() throws {
    let network = try Network(
      name: "ties", batchSize: 1,
      values: [Value(name: "x", shape: Shape([1, 1, 2, 4])), Value(name: "y", shape: Shape([1, 1, 1, 2]))],
      nodes: [
        Node(
          name: "pool", opType: "MaxPool",
          operation: .pool(
            Pool(
              kind: .max, kernel: [2, 2], strides: [2, 2], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1])),
          inputs: [ValueID(0)], outputs: [ValueID(1)])
      ], inputs: [ValueID(0)], outputs: [ValueID(1)])
    let request = ExecutionRequest(network: network, loss: .meanSquaredError, observed: [], inputGradients: true)
    // Windows (3 3 / 3 3) and (1 2 / 2 2); ∂L/∂y = 2 (y − 0) ÷ 2 = (3, 2).
    let batch = Batch(inputs: [[3, 3, 1, 2, 3, 3, 2, 2]], targets: .dense([0, 0]), sampleCount: 1)
    let evaluation = try ReferenceBackend().compile(request).evaluate(batch)
    #expect(evaluation.inputGradients[0] == [3, 0, 0, 2, 0, 0, 0, 0])
  }
}

extension BinaryFunction {
  /// Every step of two operands with its values at (0, 1), (2, 2) and (3, 0).
  fileprivate static let comparisons: [(BinaryFunction, [Float])] = [
    (.equal, [0, 1, 0]), (.less, [1, 0, 0]), (.lessOrEqual, [1, 1, 0]), (.greater, [0, 0, 1]),
    (.greaterOrEqual, [0, 1, 1]), (.logicalAnd, [0, 1, 0]), (.logicalOr, [1, 1, 1]), (.logicalXor, [1, 0, 1]),
  ]
}
