import Execution
import ExecutorContract
import Networks
import OneDNN
import Testing

/// Slopes exactly at kinks, where the contract's problems do not go: `UnaryFunction` and `Pool` say what holds there.
@Suite struct KinkTests {
  /// ∂L/∂x for L = the mean of (f(x) − t)² with targets far off, divided by ∂L/∂f(x): the slopes themselves.
  private func slopes(_ function: UnaryFunction, at places: [Float]) throws -> [Double] {
    var b = ProblemBuilder(name: "kinks", batchSize: 1, sampleCount: 1, seed: 1)
    let y = b.unary(function, b.input([places.count], places))
    let request = b.problem(output: y, loss: .meanSquaredError).request
    let targets = [Float](repeating: 100, count: places.count)
    let found = try OneDNNBackend().compile(request)
      .evaluate(Batch(inputs: [places], targets: .dense(targets), sampleCount: 1))
    return found.inputGradients[0].indices.map {
      found.inputGradients[0][$0] / (2 * (Double(found.output[$0]) - 100) / Double(places.count))
    }
  }

  @Test(
    arguments: [
      (.relu, [0, -0.0], [0, 0]),
      (.leakyRelu(slope: 0.25), [0], [0.25]),
      (.clip(lower: -1, upper: 2), [-1, 2, -0.5, 2.5], [0, 0, 1, 0]),
      (.hardSigmoid(alpha: 0.25, beta: 0.5), [-2, 2, 0], [0, 0, 0.25]),
      (.hardSwish, [-3, 3, 0], [0, 1, 0.5]),
    ] as [(UnaryFunction, [Float], [Double])])
  func `slopes at kinks are those documented`(function: UnaryFunction, places: [Float], expected: [Double]) throws {
    // Quotients of float32 gradients.
    for (found, expected) in zip(try slopes(function, at: places), expected) { #expect(abs(found - expected) < 1e-6) }
  }

  @Test func `the first of equal elements takes a maximum's gradient`() throws {
    var b = ProblemBuilder(name: "equals", batchSize: 1, sampleCount: 1, seed: 1)
    let plane: [Float] = [
      1, 1, 0, 3,
      1, 1, 3, 3,
      0, 0, -1, 0,
      5, 5, 0, 0,
    ]
    let x = b.input([1, 4, 4], plane)
    let request = b.problem(
      output: b.pool(.max, x, kernel: [2, 2], strides: [2, 2]), loss: .meanSquaredError
    ).request
    let found = try OneDNNBackend().compile(request)
      .evaluate(Batch(inputs: [plane], targets: .dense([0, 0, 0, -2]), sampleCount: 1))
    // ∂L/∂y = 2 (y − t) ÷ 4 for y = 1, 3, 5, 0.
    #expect(
      found.inputGradients[0] == [
        0.5, 0, 0, 1.5,
        0, 0, 0, 0,
        0, 0, 0, 1,
        2.5, 0, 0, 0,
      ])
  }

  @Test func `a window that dilation leads past every element is 0 on average`() throws {
    var b = ProblemBuilder(name: "past", batchSize: 1, sampleCount: 1, seed: 1)
    let x = b.input([1, 1], [7])
    let y = b.pool(.average(countsPads: false), x, kernel: [2], strides: [1], padsBegin: [1], dilations: [2])
    let request = b.problem(output: y, loss: .meanSquaredError).request
    let found = try OneDNNBackend().compile(request)
      .evaluate(Batch(inputs: [[7]], targets: .dense([1]), sampleCount: 1))
    #expect(found.output == [0])
    #expect(found.inputGradients == [[0]])
  }
}
