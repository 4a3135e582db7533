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
      found.inputGradients[0][$0] / (2 * (Double(found.outputs[0][$0]) - 100) / Double(places.count))
    }
  }

  @Test(
    arguments: [
      (.relu, [0, -0.0], [0, 0]),
      (.leakyRelu(slope: 0.25), [0], [0.25]),
      (.clip(lower: -1, upper: 2), [-1, 2, -1.5, 2.5, 0.5], [0, 0, 0, 0, 1]),
      (.hardSigmoid(alpha: 0.25, beta: 0.5), [-2, 2, 0], [0, 0, 0.25]),
      (.hardSwish, [-3, 3, 0], [0, 1, 0.5]),
      (.elu(alpha: 0.5), [0, 1], [0.5, 1]),
      (.selu(alpha: 0.5, gamma: 3), [0, 1], [1.5, 3]),
      (.celu(alpha: 0.5), [0, 1], [1, 1]),
      (.absolute, [0, -1, 2], [0, -1, 1]),
      (.power(exponent: 0), [0, 2], [0, 0]),
      (.round, [0.5, 0.25], [0, 0]),
      (
        .quantize(Quantization(scale: 0.5, steps: -4...3)), [-2, -1.75, 0.125, 0.25, 1.25, 1.5, -9],
        [0, 1, 1, 1, 1, 0, 0]
      ),
      (.quantize(Quantization(scale: 0.5, steps: 0...255)), [-0.25, 0, 0.125, 50], [0, 0, 1, 1]),
    ] as [(UnaryFunction, [Float], [Double])])
  func `slopes at kinks are those documented`(function: UnaryFunction, places: [Float], expected: [Double]) throws {
    // Quotients of float32 gradients.
    for (found, expected) in zip(try slopes(function, at: places), expected) { #expect(abs(found - expected) < 1e-6) }
  }

  /// What a function of two operands passes to each of them where the gradient at its result is 1.
  private func slopes(_ function: BinaryFunction, at a: Float, _ b: Float) throws -> [Double] {
    var builder = ProblemBuilder(name: "kinks", batchSize: 1, sampleCount: 1, seed: 1)
    let y = builder.binary(function, builder.input([1], [a]), builder.input([1], [b]))
    let request = builder.problem(output: y, loss: .meanSquaredError).request
    let executor = try OneDNNBackend().compile(request)
    func evaluate(_ target: Float) throws -> Evaluation {
      try executor.evaluate(Batch(inputs: [[a], [b]], targets: .dense([target]), sampleCount: 1))
    }
    // ∂L/∂y = 2 (y − t)
    return try evaluate(try evaluate(0).outputs[0][0] - 0.5).inputGradients.map { $0[0] }
  }

  @Test(
    arguments: [
      (.maximum, 2, 2, [0.5, 0.5]), (.maximum, 2, 1, [1, 0]), (.minimum, 2, 2, [0.5, 0.5]), (.minimum, 2, 1, [0, 1]),
      (.parametricRelu, 0, 0.25, [0.25, 0]), (.parametricRelu, -2, 0.25, [0.25, -2]),
      (.power, 0, 2, [0, 0]), (.power, 3, 0, [0, 1.0986123]), (.power, 0, 0, [0, 0]), (.less, 1, 2, [0, 0]),
    ] as [(BinaryFunction, Float, Float, [Double])])
  func `slopes of two operands at kinks are those documented`(
    function: BinaryFunction, a: Float, b: Float, expected: [Double]
  ) throws {
    for (found, expected) in zip(try slopes(function, at: a, b), expected) { #expect(abs(found - expected) < 1e-6) }
  }

  @Test(
    arguments: [
      (.equal, [0, 1, 0]), (.less, [1, 0, 0]), (.lessOrEqual, [1, 1, 0]), (.greater, [0, 0, 1]),
      (.greaterOrEqual, [0, 1, 1]),
    ] as [(BinaryFunction, [Float])])
  func `comparisons tell less, equal and greater apart`(function: BinaryFunction, expected: [Float]) throws {
    var b = ProblemBuilder(name: "comparison", batchSize: 1, sampleCount: 1, seed: 1)
    let y = b.binary(function, b.input([3], [1, 2, 3]), b.input([3], [2, 2, 2]))
    let request = b.problem(output: y, loss: .meanSquaredError).request
    let found = try OneDNNBackend().compile(request)
      .evaluate(Batch(inputs: [[1, 2, 3], [2, 2, 2]], targets: .dense([0, 0, 0]), sampleCount: 1))
    #expect(found.outputs[0] == expected)
    #expect(found.inputGradients == [[0, 0, 0], [0, 0, 0]])
  }

  @Test(arguments: [Reduction.max, .min])
  func `the first of equal elements along the reduced axes takes an extreme's gradient`(_ reduction: Reduction) throws {
    // Behind a convolution channels lie innermost in memory: the first in row-major order is not the first there.
    var b = ProblemBuilder(name: "equals", batchSize: 1, sampleCount: 1, seed: 1)
    let sign: Float = reduction == .max ? 1 : -1
    let elements: [Float] = [0, 3, 3, 1, 3, 3, 0, 0].map { $0 * sign }
    let x = b.pool(.max, b.input([2, 2, 2], elements), kernel: [1, 1], strides: [1, 1])
    let request = b.problem(output: b.reduce(reduction, x, axes: [1, 2, 3], kept: false), loss: .meanSquaredError)
      .request
    let found = try OneDNNBackend().compile(request)
      .evaluate(Batch(inputs: [elements], targets: .dense([0]), sampleCount: 1))
    #expect(found.outputs[0] == [3 * sign])
    #expect(found.inputGradients[0] == [0, 6, 0, 0, 0, 0, 0, 0].map { $0 * Double(sign) })
  }

  @Test(arguments: [Reduction.l1, .l2])
  func `a norm has no gradient at 0`(_ reduction: Reduction) throws {
    var b = ProblemBuilder(name: "norm", batchSize: 1, sampleCount: 1, seed: 1)
    let x = b.input([3], [0, 0, 0])
    let request = b.problem(output: b.reduce(reduction, x, axes: [1]), loss: .meanSquaredError).request
    let found = try OneDNNBackend().compile(request)
      .evaluate(Batch(inputs: [[0, 0, 0]], targets: .dense([1]), sampleCount: 1))
    #expect(found.inputGradients == [[0, 0, 0]])
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
    #expect(found.outputs[0] == [0])
    #expect(found.inputGradients == [[0]])
  }
}
