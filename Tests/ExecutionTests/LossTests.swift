import Execution
import ExecutorContract
import Foundation
import Networks
import Testing

/// The losses on numbers that can be checked by hand, and what they refuse.
@Suite struct LossTests {
  /// A network that yields its input: the loss reads what the test gives.
  private func identity(_ shape: [Int], _ loss: Loss) throws -> ExecutionRequest {
    let network = try Network(
      name: "identity", batchSize: shape[0], values: [Value(name: "x", shape: Shape(shape))], nodes: [],
      inputs: [ValueID(0)], outputs: [ValueID(0)])
    return ExecutionRequest(network: network, loss: loss, observed: [], inputGradients: true)
  }

  private func evaluate(
    _ shape: [Int], _ loss: Loss, _ values: [Double], _ targets: Targets, samples: Int? = nil
  ) throws -> (losses: [Double], gradient: [Double]) {
    let function = try #require(try identity(shape, loss).lossFunction())
    var gradient = [Double](repeating: .nan, count: values.count)
    let batch = Batch(inputs: [], targets: targets, sampleCount: samples ?? shape[0])
    let losses = try function.evaluate(values, batch, gradient: &gradient)
    return (losses, gradient)
  }

  /// A few roundings of float64 figures near 1.
  private func expectClose(_ found: [Double], _ expected: [Double]) throws {
    try Comparison(problem: "loss", tolerance: 1e-14).check("figures", found, expected)
  }

  @Test func `cross-entropy is minus the logarithm of the class's share`() throws {
    // softmax(0, ln 3) = (1/4, 3/4): −ln ¾ for class 1, −ln ¼ for class 0; gradient softmax − one-hot.
    let values = [0, log(3.0), 0, log(3.0)]
    let (losses, gradient) = try evaluate([2, 2], .crossEntropy, values, .classes([1, 0]))
    try expectClose(losses, [log(4.0 / 3), log(4.0)])
    try expectClose(gradient, [0.25, -0.25, -0.75, 0.75])
  }

  @Test func `cross-entropy of maps is the mean over positions`() throws {
    // Classes lie on axis 1: position 0 has logits (0, 0), position 1 (0, ln 3). Class 0 at both:
    // (ln 2 + ln 4) ÷ 2, and gradients (softmax − one-hot) ÷ 2.
    let (losses, gradient) = try evaluate([1, 2, 1, 2], .crossEntropy, [0, 0, 0, log(3.0)], .classes([0, 0]))
    try expectClose(losses, [1.5 * log(2.0)])
    try expectClose(gradient, [-0.25, -0.375, 0.25, 0.375])
  }

  @Test func `cross-entropy of huge logits is finite`() throws {
    // The shares are 1 and e^−1000 = 0 in float64; the loss of the lesser class is the distance.
    let (losses, gradient) = try evaluate([1, 2], .crossEntropy, [1000, 2000], .classes([0]))
    try expectClose(losses, [1000])
    try expectClose(gradient, [-1, 1])
  }

  @Test func `agreement takes the first of the largest outputs as the class`() throws {
    // softmax(2, 2) = (½, ½) with class 0; softmax(0, ln 3) = (¼, ¾) with class 1.
    let (losses, gradient) = try evaluate([2, 2], .agreement, [2, 2, 0, log(3.0)], .none)
    try expectClose(losses, [log(2.0), log(4.0 / 3)])
    try expectClose(gradient, [-0.5, 0.5, 0.25, -0.25])
  }

  @Test func `squared error is the mean over a sample's outputs`() throws {
    // (1 − 0)² = 1, (3 − 4)² = 1, (0 − 2)² = 4, (0 − 0)² = 0; gradient 2 (output − target) ÷ 2.
    let (losses, gradient) = try evaluate([2, 2], .meanSquaredError, [1, 3, 0, 0], .dense([0, 4, 2, 0]))
    try expectClose(losses, [1, 2])
    try expectClose(gradient, [1, -1, -2, 0])
  }

  @Test func `samples that do not count have neither loss nor gradient`() throws {
    let (losses, gradient) = try evaluate([2, 2], .meanSquaredError, [1, 3, 7, 7], .dense([0, 4, 2, 0]), samples: 1)
    try expectClose(losses, [1])
    try expectClose(gradient, [1, -1, 0, 0])

    let executor = try ReferenceBackend().compile(identity([2, 2], .agreement))
    let evaluation = try executor.evaluate(Batch(inputs: [[0, 1, 0, 1]], targets: .none, sampleCount: 1))
    #expect(evaluation.losses.count == 1)
    #expect(evaluation.outputs[0] == [0, 1])
    #expect(evaluation.inputGradients.map(\.count) == [2])
  }

  @Test(arguments: [false, true])
  func `a final softmax is not applied twice`(_ logarithm: Bool) throws {
    // As in the first test, with the softmax in the network; the output is the softmax all the same.
    let network = try Network(
      name: "softmax", batchSize: 1,
      values: [Value(name: "x", shape: Shape([1, 2])), Value(name: "y", shape: Shape([1, 2]))],
      nodes: [
        Node(
          name: "end", opType: "Softmax", operation: .softmax(axis: 1, logarithm: logarithm), inputs: [ValueID(0)],
          outputs: [ValueID(1)])
      ], inputs: [ValueID(0)], outputs: [ValueID(1)])
    let request = ExecutionRequest(network: network, loss: .crossEntropy, observed: [], inputGradients: true)
    let batch = Batch(inputs: [[0, 0]], targets: .classes([1]), sampleCount: 1)
    let (evaluation, output) = try ReferenceExecutor(request).evaluate(batch, inputs: [[0, log(3.0)]])
    try expectClose(evaluation.losses, [log(4.0 / 3)])
    try expectClose(evaluation.inputGradients[0], [0.25, -0.25])
    try expectClose(output, logarithm ? [log(0.25), log(0.75)] : [0.25, 0.75])
  }

  @Test(arguments: [
    (Targets.classes([0, 2]), "the class is 2, the output has 2 classes, sample 1"),
    (.classes([-1, 0]), "the class is -1, the output has 2 classes, sample 0"),
    (.classes([0]), "expected 2 class indices"), (.dense([0, 0]), "expected 2 class indices"),
    (.none, "expected 2 class indices"),
  ])
  func `targets that do not fit the classes are bad data`(_ targets: Targets, text: String) throws {
    let error = try #require(throws: ExecutionError.self) {
      try evaluate([2, 2], .crossEntropy, [0, 0, 0, 0], targets)
    }
    #expect(error.kind == .badData)
    #expect(error.description.contains(text))
  }

  @Test(arguments: [Targets.dense([0, 0, 0]), .classes([0, 0, 0, 0]), .none])
  func `targets that do not fit the output are bad data`(_ targets: Targets) throws {
    let error = try #require(throws: ExecutionError.self) {
      try evaluate([2, 2], .meanSquaredError, [0, 0, 0, 0], targets)
    }
    #expect(error.kind == .badData)
  }

  @Test(arguments: [
    ([[Float]](), 1, "0 inputs"), ([[0, 0, 0]], 1, "3 values, expected 4"), ([[0, 0, 0, 0]], 0, "0 samples"),
    ([[0, 0, 0, 0]], 3, "3 samples count in a batch of 2"),
  ])
  func `a batch of the wrong size is bad data`(_ inputs: [[Float]], samples: Int, text: String) throws {
    let executor = try ReferenceBackend().compile(identity([2, 2], .agreement))
    let error = try #require(throws: ExecutionError.self) {
      try executor.evaluate(Batch(inputs: inputs, targets: .none, sampleCount: samples))
    }
    #expect(error.kind == .badData)
    #expect(error.description.contains(text))
  }

  @Test(arguments: [Loss.agreement, .crossEntropy, .meanSquaredError], [Double.nan, .infinity, -.infinity])
  func `a loss that is not finite is an error that names the sample`(_ loss: Loss, value: Double) throws {
    let targets: Targets = loss == .crossEntropy ? .classes([0, 0]) : .dense([0, 0, 0, 0])
    // Minus infinity is an honest logit of any class but the wanted one.
    let values = value == -.infinity && loss == .agreement ? [0, 0, value, value] : [0, 0, value, 0]
    let error = try #require(throws: ExecutionError.self) { try evaluate([2, 2], loss, values, targets) }
    #expect(error.kind == .notFinite)
    #expect(error.description.contains("sample 1"))
  }

  /// No classes on axis 1; three rows for two samples.
  @Test(arguments: [([2], Loss.crossEntropy), ([3, 2], .meanSquaredError)])
  func `an output that the loss cannot take is unsupported`(_ result: [Int], loss: Loss) throws {
    let columns = result.reduce(1, *) / 2
    let network = try Network(
      name: "reshaped", batchSize: 2,
      values: [Value(name: "x", shape: Shape([2, columns])), Value(name: "y", shape: Shape(result))],
      nodes: [Node(name: "r", opType: "Reshape", operation: .reshape, inputs: [ValueID(0)], outputs: [ValueID(1)])],
      inputs: [ValueID(0)], outputs: [ValueID(1)])
    let error = try #require(throws: ExecutionError.self) {
      try ExecutionRequest(network: network, loss: loss, observed: []).lossFunction()
    }
    #expect(error.kind == .unsupported)
  }

  @Test func `channels on the axis of the samples are unsupported`() throws {
    let network = try identity([2, 2], .agreement).network
    let request = ExecutionRequest(
      network: network, loss: .agreement, observed: [ObservedValue(ValueID(0), channelAxis: 0)])
    let error = try #require(throws: ExecutionError.self) { try ReferenceBackend().compile(request) }
    #expect(error.kind == .unsupported)
  }
}
