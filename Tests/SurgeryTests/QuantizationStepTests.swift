import ExecutorContract
import Networks
import Surgery
import Testing

struct QuantizationStepTests {
  @Test func `quantisation without steps is the Clip between its ends, and nothing else changes`() throws {
    var builder = ProblemBuilder(name: "steps", batchSize: 2, sampleCount: 2, seed: 3)
    let x = builder.input([4])
    let y = builder.unary(.quantize(Quantization(scale: 0.5, steps: -4...3)), builder.unary(.tanh, x))
    let network = builder.network(outputs: [y]).leavingOutQuantizationSteps()
    #expect(network.nodes.map(\.operation) == [.unary(.tanh), .unary(.clip(lower: -2, upper: 1.5))])
  }
}
