import Execution
import ExecutorContract
import Networks
import Testing

/// Gradients are computed where they are needed and nowhere else.
@Suite struct GradientFlowTests {
  /// x → a → tanh → b, whose sum with the frozen branch f(x) goes through a softmax; d reads b and is dead.
  private struct Example {
    let x, a, tanh, b, frozen, dead, sum, output: ValueID
    let network: Network

    init() {
      var builder = ProblemBuilder(name: "flow", batchSize: 1, sampleCount: 1, seed: 1)
      x = builder.input([2, 3, 3])
      a = builder.convolution(x, to: 3, kernel: [1, 1])
      tanh = builder.unary(.tanh, a)
      b = builder.convolution(tanh, to: 2, kernel: [1, 1])
      frozen = builder.convolution(x, to: 2, kernel: [1, 1])
      dead = builder.convolution(b, to: 2, kernel: [1, 1])
      sum = builder.binary(.add, b, frozen)
      output = builder.node(.softmax(axis: 1, logarithm: false), [sum], result: [1, 2, 3, 3])
      network = builder.network(outputs: [output])
    }

    func flow(observed: [ValueID], inputGradients: Bool = false, loss: Loss = .agreement) -> Set<ValueID> {
      let request = ExecutionRequest(
        network: network, loss: loss, observed: observed.map { ObservedValue($0, channelAxis: 1) },
        inputGradients: inputGradients)
      let needed = GradientFlow(request).needsGradient
      return Set(needed.indices.filter { needed[$0] }.map { ValueID($0) })
    }
  }

  @Test func `nothing below the first watched value and no frozen branch needs a gradient`() {
    let example = Example()
    #expect(example.flow(observed: [example.b]) == [example.b, example.sum])
  }

  @Test func `a value between two watched values needs a gradient`() {
    let example = Example()
    #expect(example.flow(observed: [example.a, example.b]) == [example.a, example.tanh, example.b, example.sum])
  }

  @Test func `what does not reach the loss needs no gradient`() {
    let example = Example()
    #expect(example.flow(observed: [example.dead]) == [])
  }

  @Test func `a softmax behind the logits needs a gradient for squared errors only`() {
    let example = Example()
    #expect(
      example.flow(observed: [example.b], loss: .meanSquaredError) == [example.b, example.sum, example.output])
  }

  @Test func `input gradients need every branch, but never a constant`() {
    let example = Example()
    #expect(
      example.flow(observed: [], inputGradients: true)
        == [example.x, example.a, example.tanh, example.b, example.frozen, example.sum])
  }

  /// Which of some values need a gradient, asked for all inputs.
  private static func needed(_ values: [ValueID], _ builder: ProblemBuilder, _ output: ValueID) -> [Bool] {
    let request = ExecutionRequest(
      network: builder.network(outputs: [output]), loss: .meanSquaredError, observed: [], inputGradients: true)
    let needed = GradientFlow(request).needsGradient
    return values.map { needed[$0.index] }
  }

  @Test func `what reaches the loss through a rounding, comparison or condition alone needs no gradient`() {
    var b = ProblemBuilder(name: "steps", batchSize: 1, sampleCount: 1, seed: 1)
    let (x, y, z) = (b.input([3]), b.input([3]), b.input([3]))
    let floor = b.unary(.floor, b.unary(.tanh, x))
    let less = b.binary(.less, y, b.constant([3]))
    let chosen = b.select(less, z, floor)
    let output = b.binary(.multiply, chosen, b.constant([3]))
    #expect(
      Self.needed([x, floor, y, less, z, chosen, output], b, output) == [false, false, false, false, true, true, true])
  }

  @Test func `a value that is a condition and an operand needs its gradient`() {
    var b = ProblemBuilder(name: "both", batchSize: 1, sampleCount: 1, seed: 1)
    let x = b.input([3])
    let output = b.select(x, b.constant([3]), x)
    #expect(Self.needed([x], b, output) == [true])
  }

  @Test func `a watched value behind which only a step stands has products of 0`() throws {
    var b = ProblemBuilder(name: "dead", batchSize: 1, sampleCount: 1, seed: 1)
    let x = b.front([3])
    let output = b.binary(.add, b.unary(.round, x), b.input([3]))
    let problem = b.problem(output: output, loss: .meanSquaredError)
    #expect(try ReferenceBackend().compile(problem.request).evaluate(problem.batch).products == [[0, 0, 0]])
  }
}
