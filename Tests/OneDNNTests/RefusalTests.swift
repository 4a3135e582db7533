import Execution
import ExecutorContract
import Networks
import OneDNN
import Testing

@Suite struct RefusalTests {
  private static func problem(_ sampleCount: Int = 2) -> OperatorProblem {
    var b = ProblemBuilder(name: "small", batchSize: 2, sampleCount: sampleCount, seed: 3)
    let logits = b.linear(b.flatten(b.front([2, 3, 3])), to: 4)
    return b.problem(output: logits, loss: .crossEntropy)
  }

  private func expect(_ kind: ExecutionError.Kind, _ place: String, _ run: () throws -> Void) {
    let error = #expect(throws: ExecutionError.self) { try run() }
    #expect(error?.kind == kind)
    #expect(error?.place == place)
  }

  @Test(arguments: [0, 3, -1])
  func `refuses a count of samples outside the batch`(count: Int) throws {
    let problem = Self.problem()
    let executor = try OneDNNBackend().compile(problem.request)
    expect(.badData, "small") {
      _ = try executor.evaluate(
        Batch(inputs: problem.batch.inputs, targets: problem.batch.targets, sampleCount: count))
    }
  }

  @Test func `refuses inputs of a wrong number or size`() throws {
    let problem = Self.problem()
    let executor = try OneDNNBackend().compile(problem.request)
    expect(.badData, "small") {
      _ = try executor.evaluate(Batch(inputs: [], targets: problem.batch.targets, sampleCount: 2))
    }
    expect(.badData, "value_0") {
      _ = try executor.evaluate(Batch(inputs: [[1, 2]], targets: problem.batch.targets, sampleCount: 2))
    }
  }

  @Test func `refuses a class that the network does not have`() throws {
    let problem = Self.problem()
    let executor = try OneDNNBackend().compile(problem.request)
    let error = #expect(throws: ExecutionError.self) {
      try executor.evaluate(Batch(inputs: problem.batch.inputs, targets: .classes([0, 4]), sampleCount: 2))
    }
    #expect(error?.kind == .badData)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `names the sample of an input that is not finite`(value: Float) throws {
    let problem = Self.problem()
    var input = problem.batch.inputs[0]
    input[input.count / 2 + 1] = value
    let error = #expect(throws: ExecutionError.self) {
      try OneDNNBackend().compile(problem.request)
        .evaluate(Batch(inputs: [input], targets: problem.batch.targets, sampleCount: 2))
    }
    #expect(error?.kind == .notFinite && error?.sample == 1 && error?.place == "value_0")
  }

  @Test func `an activation inside a layer hides no overflow`() throws {
    var b = ProblemBuilder(name: "overflow", batchSize: 2, sampleCount: 2, seed: 4)
    let huge = b.input([2, 4, 4], [Float](repeating: 3e38, count: 64))
    let x = b.unary(.relu, b.convolution(huge, to: 4, kernel: [3, 3]))
    let problem = b.problem(output: b.flatten(b.convolution(x, to: 2, kernel: [1, 1])), loss: .meanSquaredError)
    let executor = try OneDNNBackend().compile(problem.request)
    let error = #expect(throws: ExecutionError.self) { try executor.evaluate(problem.batch) }
    #expect(error?.kind == .notFinite)
  }

  @Test(arguments: [Float.nan, .infinity])
  func `says so when a loss is not finite, whatever nonlinearity it went through`(value: Float) throws {
    let functions: [UnaryFunction] = [
      .relu, .leakyRelu(slope: 0.1), .clip(lower: -.infinity, upper: .infinity), .sigmoid, .hardSwish, .tanh,
    ]
    for function in functions where value.isNaN || ![.sigmoid, .tanh].contains(function) {
      var b = ProblemBuilder(name: "not finite", batchSize: 1, sampleCount: 1, seed: 4)
      let x = b.unary(function, b.input([2, 4, 4], [Float](repeating: value, count: 32)))
      let pooled = b.pool(.max, x, kernel: [2, 2], strides: [2, 2])
      let problem = b.problem(output: b.flatten(pooled), loss: .meanSquaredError)
      let executor = try OneDNNBackend().compile(problem.request)
      let error = #expect(throws: ExecutionError.self, "\(function)") { try executor.evaluate(problem.batch) }
      #expect(error?.kind == .notFinite)
    }
  }

  @Test func `says so when only a sensitivity is not finite`() throws {
    // The loss is 10⁴⁰ in float64; the product 10³⁰ · 2·10¹⁰ is beyond float32.
    var b = ProblemBuilder(name: "sensitivity", batchSize: 1, sampleCount: 1, seed: 4)
    let x = b.input([1, 1, 1], [1e30])
    b.observe(x)
    let small = b.binary(.multiply, x, b.constant([1], [1e-10]))
    let problem = b.problem(output: b.flatten(small), loss: .meanSquaredError)
    let executor = try OneDNNBackend().compile(problem.request)
    expect(.notFinite, "value_0") { _ = try executor.evaluate(problem.batch) }
  }

  @Test func `refuses arrays without elements, and arrays of too many axes`() throws {
    let empty = try Network(
      name: "empty", batchSize: 1,
      values: [Value(name: "x", shape: Shape([1, 0])), Value(name: "y", shape: Shape([1, 0]))],
      nodes: [
        Node(name: "act", opType: "Relu", operation: .unary(.relu), inputs: [ValueID(0)], outputs: [ValueID(1)])
      ], inputs: [ValueID(0)], outputs: [ValueID(1)])
    #expect(throws: ExecutionError.self) {
      try OneDNNBackend().compile(ExecutionRequest(network: empty, loss: .meanSquaredError, observed: []))
    }

    let extents = [1] + [Int](repeating: 2, count: 10)
    let permutation = [0] + (1...10).reversed()
    let deep = try Network(
      name: "deep", batchSize: 1,
      values: [Value(name: "x", shape: Shape(extents)), Value(name: "y", shape: Shape(extents))],
      nodes: [
        Node(
          name: "turn", opType: "Transpose", operation: .transpose(permutation: permutation), inputs: [ValueID(0)],
          outputs: [ValueID(1)])
      ], inputs: [ValueID(0)], outputs: [ValueID(1)])
    expect(.unsupported, "turn") {
      _ = try OneDNNBackend().compile(ExecutionRequest(network: deep, loss: .meanSquaredError, observed: []))
    }
  }

  @Test func `refuses more memory than there can be, without a trap`() throws {
    let huge = Shape([1, 1 << 59])
    let network = try Network(
      name: "huge", batchSize: 1, values: [Value(name: "x", shape: huge), Value(name: "y", shape: huge)],
      nodes: [
        Node(name: "act", opType: "Relu", operation: .unary(.relu), inputs: [ValueID(0)], outputs: [ValueID(1)])
      ], inputs: [ValueID(0)], outputs: [ValueID(1)])
    expect(.failed, "huge") {
      _ = try OneDNNBackend().compile(
        ExecutionRequest(
          network: network, loss: .meanSquaredError, observed: [ObservedValue(ValueID(0), channelAxis: 1)]))
    }
  }

  @Test func `names the library, and says what it takes`() throws {
    #expect(OneDNNBackend().description.wholeMatch(of: /oneDNN \d+\.\d+\.\d+ \(.+\)/) != nil)
    let memory = try OneDNNProgram(Self.problem().request).memory
    #expect(memory.shared + memory.perExecutor > 4 * (2 * 18 + 4 * 18))
  }
}
