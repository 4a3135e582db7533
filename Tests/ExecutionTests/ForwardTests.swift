import Execution
import Networks
import Testing

/// One operation on one input, with constants behind it, and what it yields by hand.
struct ForwardCase: Sendable, CustomStringConvertible {
  let description: String
  let operation: Operation
  let shape: [Int]
  let x: [Float]
  var constants: [(shape: [Int], elements: [Float])] = []
  /// Whether the constants stand in front of the input.
  var isConstantFirst = false
  let result: [Int]
  let expected: [Double]
}

/// The reference's forward pass on numbers worked out by hand: central differences see that gradients belong to the
/// forward pass, these that the forward pass is the right one.
@Suite struct ForwardTests {
  private static let cases =
    ForwardCase.layers + ForwardCase.normalizations + ForwardCase.windows + ForwardCase.movements
    + ForwardCase.functions + ForwardCase.functionsOfTwo

  @Test(arguments: cases.indices)
  func `an operation yields what is worked out by hand`(_ index: Int) throws {
    let test = Self.cases[index]
    var values = [Value(name: "x", shape: Shape(test.shape))]
    for (shape, elements) in test.constants {
      values.append(Value(name: "c", constant: ConstantTensor(shape: Shape(shape), elements: .float(elements))))
    }
    let order = values.indices.map { ValueID($0) }
    let operands = test.isConstantFirst ? Array(order.dropFirst() + order.prefix(1)) : order
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
