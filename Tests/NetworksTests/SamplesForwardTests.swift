import Execution
import ExecutorContract
import Networks
import Testing

/// Samples are brought to axis 0 of what linear layers read and yield.
struct SamplesForwardTests {
  /// Four tokens of three features per sample; the layers see the samples along the axis to which `permutation` moves
  /// axis 0, or, merged with the tokens behind them, in runs.
  private static func problem(_ permutation: [Int], merged: Bool = false) -> OperatorProblem {
    var b = ProblemBuilder(name: "tokens", batchSize: 3, sampleCount: 2, seed: 5)
    var x = b.transpose(b.input([4, 2, 3]), permutation)
    if merged {
      let extents = b.shape(x).dimensions
      x = b.reshape(x, [extents[0], extents[1] * extents[2], extents[3]])
    }
    let hidden = b.unary(.tanh, b.linear(x, to: 5, scaled: true))
    let y = b.linear(hidden, to: 2, outputByInput: false, bias: false)
    let axis = permutation.firstIndex(of: 0) ?? 0
    let others = b.shape(y).dimensions.indices.filter { $0 != axis }
    let output = b.flatten(b.transpose(y, [axis] + others))
    return b.problem(output: output, loss: .meanSquaredError)
  }

  private static let layouts: [(permutation: [Int], merged: Bool)] = [
    ([1, 0, 2, 3], false), ([1, 2, 0, 3], false), ([2, 0, 1, 3], false), ([1, 0, 2, 3], true),
  ]

  @Test(arguments: layouts.indices)
  func `every linear layer then holds the samples along axis 0, and the function is the same`(_ index: Int) throws {
    let (permutation, merged) = Self.layouts[index]
    let problem = Self.problem(permutation, merged: merged)
    let (request, network) = (problem.request, problem.request.network)
    let forward = network.bringingSamplesForward()
    let samples = SampleAxes(of: forward)
    let layers = forward.nodes.filter { if case .linear = $0.operation { true } else { false } }
    #expect(layers.map(\.name) == network.nodes.filter { $0.opType == "linear" }.map(\.name))
    for layer in layers {
      #expect(layer.inputs[0].flatMap { samples[$0] } == 0)
      #expect(samples[layer.outputs[0]] == 0)
    }
    #expect(forward.outputs == network.outputs && forward.inputs == network.inputs)
    let before = try ReferenceExecutor(request).evaluate(problem.batch)
    let after = try ReferenceExecutor(
      ExecutionRequest(network: forward, loss: request.loss, inputGradients: true)
    ).evaluate(problem.batch)
    // Only whole elements move: not a bit changes.
    #expect(after.outputs == before.outputs && after.losses == before.losses)
    #expect(after.inputGradients == before.inputGradients)
  }

  @Test func `where samples lie along axis 0 already, or are mixed, nothing changes`() {
    for mixed in [false, true] {
      var b = ProblemBuilder(name: "rows", batchSize: 2, sampleCount: 2, seed: 3)
      var x = b.input([4, 3])
      if mixed { x = b.transpose(b.binary(.subtract, x, b.mean(x, axes: [0])), [1, 0, 2]) }
      let y = b.linear(x, to: 2)
      let network = b.network(outputs: [y])
      #expect(network.bringingSamplesForward().nodes.map(\.name) == network.nodes.map(\.name))
    }
  }

  @Test func `a layer whose features are the samples stays as it is`() {
    var b = ProblemBuilder(name: "mixing", batchSize: 2, sampleCount: 2, seed: 3)
    let y = b.linear(b.transpose(b.input([6]), [1, 0]), to: 3)
    let output = b.transpose(y, [1, 0])
    let network = b.network(outputs: [output])
    #expect(network.bringingSamplesForward().nodes.map(\.name) == network.nodes.map(\.name))
  }
}
