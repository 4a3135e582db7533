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
    #expect(evaluation.output == values)
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
