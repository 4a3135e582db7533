import Execution
import Networks
import Testing

/// The reference's forward pass on numbers worked out by hand: central differences see that gradients belong to the
/// forward pass, these that the forward pass is the right one.
@Suite struct ForwardTests {
  /// One operation on one input, with constants behind it.
  private struct Case: Sendable, CustomStringConvertible {
    let description: String
    let operation: Operation
    let shape: [Int]
    let x: [Float]
    var constants: [(shape: [Int], elements: [Float])] = []
    let result: [Int]
    let expected: [Double]
  }

  private static func convolution(
    _ kernel: [Int], strides: [Int], begin: [Int], end: [Int], dilations: [Int], groups: Int = 1,
    scale: [Double]? = nil
  ) -> Operation {
    .convolution(
      Convolution(
        kernel: kernel, strides: strides, padsBegin: begin, padsEnd: end, dilations: dilations, groups: groups,
        outputScale: scale))
  }

  private static func pool(
    _ kind: Pool.Kind, _ kernel: Int, stride: Int, begin: Int = 0, end: Int = 0, dilation: Int = 1
  ) -> Operation {
    .pool(
      Pool(
        kind: kind, kernel: [kernel], strides: [stride], padsBegin: [begin], padsEnd: [end], dilations: [dilation]))
  }

  private static let layers: [Case] = [
    // 1·w₀ + 2·w₁ …: a correlation, the kernel is not turned round. Pads: one in front.
    Case(
      description: "convolution along one axis",
      operation: convolution([2], strides: [1], begin: [1], end: [0], dilations: [1]), shape: [1, 1, 3], x: [1, 2, 3],
      constants: [([1, 1, 2], [10, 1]), ([1], [100])], result: [1, 1, 3], expected: [101, 112, 123]),
    // Windows at −1 and 1 with elements 2 apart: (x₋₁, x₁), (x₁, x₃).
    Case(
      description: "convolution with stride 2 and dilation 2",
      operation: convolution([2], strides: [2], begin: [1], end: [0], dilations: [2]), shape: [1, 1, 4],
      x: [1, 2, 3, 4], constants: [([1, 1, 2], [10, 1])], result: [1, 1, 2], expected: [2, 24]),
    // Rows (1 2) (3 4), kernel rows (1 10) (100 1000).
    Case(
      description: "convolution of a plane",
      operation: convolution([2, 2], strides: [1, 1], begin: [0, 0], end: [1, 0], dilations: [1, 1]),
      shape: [1, 1, 2, 2], x: [1, 2, 3, 4], constants: [([1, 1, 2, 2], [1, 10, 100, 1000])], result: [1, 1, 2, 1],
      expected: [4321, 43]),
    // Groups of 2 inputs and 1 output; the bias is not scaled.
    Case(
      description: "convolution in groups with output scale",
      operation: convolution([1], strides: [1], begin: [0], end: [0], dilations: [1], groups: 2, scale: [2, 3]),
      shape: [1, 4, 1], x: [1, 2, 3, 4], constants: [([2, 2, 1], [1, 10, 1, 10]), ([2], [0.5, 0.25])],
      result: [1, 2, 1], expected: [42.5, 129.25]),
    // 2 · (1·1 + 2·10) · 3 + 4 · 5 and 2 · (1·100 + 2·1000) · 1 + 4 · 6.
    Case(
      description: "linear, weight [O, I]",
      operation: .linear(Linear(weightIsOutputByInput: true, alpha: 2, beta: 4, outputScale: [3, 1])), shape: [1, 2],
      x: [1, 2], constants: [([2, 2], [1, 10, 100, 1000]), ([2], [5, 6])], result: [1, 2], expected: [146, 4224]),
    // 1·1 + 2·100 and 1·10 + 2·1000.
    Case(
      description: "linear, weight [I, O]", operation: .linear(Linear(weightIsOutputByInput: false)), shape: [1, 2],
      x: [1, 2], constants: [([2, 2], [1, 10, 100, 1000])], result: [1, 2], expected: [201, 2010]),
    // (x − mean) × scale ÷ √(variance + ε) + shift, √(3 + 1) = 2 and √(8 + 1) = 3.
    Case(
      description: "batch normalization", operation: .batchNormalization(epsilon: 1), shape: [1, 2, 2],
      x: [1, 3, 1, 3], constants: [([2], [2, 3]), ([2], [10, 20]), ([2], [1, 0]), ([2], [3, 8])], result: [1, 2, 2],
      expected: [10, 12, 21, 23]),
    // alpha ÷ size = 1, windows over size 2 reach one channel behind: 1 + 1 + 4, 1 + 4 + 9, 1 + 9; beta 1.
    Case(
      description: "response normalization over an even size",
      operation: .localResponseNormalization(LocalResponseNormalization(size: 2, alpha: 2, beta: 1, bias: 1)),
      shape: [1, 3, 1], x: [1, 2, 3], result: [1, 3, 1], expected: [1.0 / 6, 2.0 / 14, 3.0 / 10]),
    // √(1 + (1 + 4)) …: one channel on both sides.
    Case(
      description: "response normalization over an odd size",
      operation: .localResponseNormalization(LocalResponseNormalization(size: 3, alpha: 3, beta: 0.5, bias: 1)),
      shape: [1, 3, 1], x: [1, 2, 3], result: [1, 3, 1],
      expected: [1 / 6.0.squareRoot(), 2 / 15.0.squareRoot(), 3 / 14.0.squareRoot()]),
    Case(
      description: "softmax", operation: .softmax(axis: 1, logarithm: false), shape: [1, 2, 2], x: [0, 1, 0, 1],
      result: [1, 2, 2], expected: [0.5, 0.5, 0.5, 0.5]),
    Case(
      description: "logarithm of softmax", operation: .softmax(axis: 2, logarithm: true), shape: [1, 1, 4],
      x: [1, 1, 1, 1], result: [1, 1, 4], expected: [Double](repeating: -1.386_294_361_119_890_6, count: 4)),
  ]

  private static let windows: [Case] = [
    Case(
      description: "maximum, pads never win", operation: pool(.max, 2, stride: 1, begin: 1), shape: [1, 1, 3],
      x: [-3, -1, -2], result: [1, 1, 3], expected: [-3, -1, -1]),
    // Windows (x₀, x₂), (x₁, x₃).
    Case(
      description: "maximum of a dilated window", operation: pool(.max, 2, stride: 1, dilation: 2), shape: [1, 1, 4],
      x: [4, 1, 2, 3], result: [1, 1, 2], expected: [4, 3]),
    Case(
      description: "average without pads", operation: pool(.average(countsPads: false), 2, stride: 2, begin: 1, end: 1),
      shape: [1, 1, 4], x: [2, 4, 6, 8], result: [1, 1, 3], expected: [2, 5, 8]),
    Case(
      description: "average with pads", operation: pool(.average(countsPads: true), 2, stride: 2, begin: 1, end: 1),
      shape: [1, 1, 4], x: [2, 4, 6, 8], result: [1, 1, 3], expected: [1, 5, 4]),
    // The last window holds 8, a pad and what ceil mode adds behind the pads: it divides by 2.
    Case(
      description: "average whose last window reaches past the pads",
      operation: pool(.average(countsPads: true), 3, stride: 4, begin: 0, end: 1), shape: [1, 1, 5],
      x: [3, 6, 9, 1, 8], result: [1, 1, 2], expected: [6, 4]),
    Case(
      description: "average without pads whose last window reaches past the end",
      operation: pool(.average(countsPads: false), 3, stride: 2), shape: [1, 1, 4], x: [3, 6, 9, 1], result: [1, 1, 2],
      expected: [6, 5]),
    Case(
      description: "mean over two axes, dropped", operation: .reduceMean(axes: [1, 3]), shape: [1, 2, 2, 2],
      x: [1, 2, 3, 4, 5, 6, 7, 8], result: [1, 2], expected: [3.5, 5.5]),
  ]

  private static let movements: [Case] = [
    Case(
      description: "reflection", operation: .pad(Pad(before: [0, 2], behind: [0, 1], mode: .reflect)), shape: [1, 3],
      x: [1, 2, 3], result: [1, 6], expected: [3, 2, 1, 2, 3, 2]),
    Case(
      description: "edge", operation: .pad(Pad(before: [0, 2], behind: [0, 1], mode: .edge)), shape: [1, 3],
      x: [1, 2, 3], result: [1, 6], expected: [1, 1, 1, 2, 3, 3]),
    Case(
      description: "constant", operation: .pad(Pad(before: [0, 0, 1], behind: [0, 1, 0], mode: .constant(7))),
      shape: [1, 1, 2], x: [1, 2], result: [1, 2, 3], expected: [7, 1, 2, 7, 7, 7]),
    Case(
      description: "slice backwards", operation: .slice(starts: [0, 1, 3], steps: [1, -1, -2]), shape: [1, 2, 4],
      x: [0, 1, 2, 3, 10, 11, 12, 13], result: [1, 2, 2], expected: [13, 11, 3, 1]),
    // y[0, j, k, i] = x[0, i, j, k].
    Case(
      description: "transposition", operation: .transpose(permutation: [0, 2, 3, 1]), shape: [1, 2, 1, 3],
      x: [1, 2, 3, 4, 5, 6], result: [1, 1, 3, 2], expected: [1, 4, 2, 5, 3, 6]),
    Case(
      description: "join with a constant in front of the last axis", operation: .concat(axis: 1), shape: [1, 1, 2],
      x: [1, 2], constants: [([1, 2, 2], [3, 4, 5, 6])], result: [1, 3, 2], expected: [1, 2, 3, 4, 5, 6]),
    Case(
      description: "join along the last axis", operation: .concat(axis: 2), shape: [1, 2, 1], x: [1, 2],
      constants: [([1, 2, 2], [3, 4, 5, 6])], result: [1, 2, 3], expected: [1, 3, 4, 2, 5, 6]),
    Case(
      description: "difference from a constant per channel", operation: .binary(.subtract), shape: [1, 2, 2],
      x: [1, 2, 3, 4], constants: [([2, 1], [10, 20])], result: [1, 2, 2], expected: [-9, -8, -17, -16]),
    Case(
      description: "quotient that widens both", operation: .binary(.divide), shape: [1, 2, 1], x: [6, 12],
      constants: [([2], [2, 3])], result: [1, 2, 2], expected: [3, 2, 6, 4]),
  ]

  private static let functions: [Case] = [
    Case(
      description: "hard sigmoid", operation: .unary(.hardSigmoid(alpha: 0.25, beta: 0.5)), shape: [1, 3],
      x: [-3, 1, 3], result: [1, 3], expected: [0, 0.75, 1]),
    Case(
      description: "hard swish", operation: .unary(.hardSwish), shape: [1, 3], x: [-4, 1, 5], result: [1, 3],
      expected: [0, 4.0 / 6, 5]),
    Case(
      description: "sigmoid", operation: .unary(.sigmoid), shape: [1, 3], x: [-100, 0, 100], result: [1, 3],
      expected: [0, 0.5, 1]),
    Case(
      description: "tanh", operation: .unary(.tanh), shape: [1, 2], x: [0, 1], result: [1, 2],
      expected: [0, 0.761_594_155_955_764_9]),
  ]

  private static let cases = layers + windows + movements + functions

  @Test(arguments: cases.indices)
  func `an operation yields what is worked out by hand`(_ index: Int) throws {
    let test = Self.cases[index]
    var values = [Value(name: "x", shape: Shape(test.shape))]
    for (shape, elements) in test.constants {
      values.append(Value(name: "c", constant: ConstantTensor(shape: Shape(shape), elements: .float(elements))))
    }
    let operands = values.indices.map { ValueID($0) }
    let result = ValueID(values.count)
    values.append(Value(name: "y", shape: Shape(test.result)))
    let network = try Network(
      name: test.description, batchSize: 1, values: values,
      nodes: [
        Node(name: "node", opType: "Op", operation: test.operation, inputs: operands, outputs: [result])
      ], inputs: [ValueID(0)], outputs: [result])
    let executor = try ReferenceExecutor(ExecutionRequest(network: network, loss: .meanSquaredError, observed: []))
    let targets = [Float](repeating: 0, count: test.expected.count)
    let batch = Batch(inputs: [test.x], targets: .dense(targets), sampleCount: 1)
    let found = try executor.evaluate(batch, inputs: [test.x.map(Double.init)]).output
    #expect(found.count == test.expected.count)
    for (one, other) in zip(found, test.expected) {
      // A few roundings of float64.
      #expect(abs(one - other) <= 1e-14 * max(1, abs(other)), "\(test): \(found), expected \(test.expected)")
    }
  }
}
