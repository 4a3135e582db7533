import Execution
import Foundation
import Networks
import ProgramRuns
import Testing

@testable import ONNX

/// Operators that are imported and run in float64, against onnxruntime.
struct RuntimeTests {
  @Test(.enabled(if: PythonPeer.python != nil), .timeLimit(.minutes(30)), arguments: RuntimeCase.all)
  func `an imported operator computes what onnxruntime computes`(_ one: RuntimeCase) throws {
    let answer = try #require(try RuntimePeer.answers.get()[one.name])
    #expect(answer.error == nil)
    let expected = try #require(answer.elements)
    let (network, found) = try one.run()
    #expect(network.result == answer.shape)
    try #require(found.count == expected.count)
    // float32 on the other side: 7 digits of the largest number that a sum is made of, not of the result.
    let scale = max(1, expected.map(abs).max() ?? 1)
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= 4e-6 * scale, "off by \(worst) of \(scale)")
  }

  @Test(arguments: RuntimeCase.all)
  func `an imported operator runs, and is the same network at every import`(_ one: RuntimeCase) throws {
    let (network, elements) = try one.run()
    #expect(elements.count == network.result.reduce(1, *))
    #expect(!elements.contains { !$0.isFinite })
    let again = try one.model.network(batch: Int(one.shape[0]))
    #expect(again.nodes.map(\.operation) == network.nodes.map(\.operation))
    #expect(again.nodes.map(\.name) == network.nodes.map(\.name))
    #expect(Set(network.nodes.map(\.name)).count == network.nodes.count)
  }
}

extension RuntimeCase {
  /// Imports the model and runs it on the input.
  func run() throws -> (network: Network, elements: [Double]) {
    let network = try model.network(batch: Int(shape[0]))
    let executor = try ReferenceExecutor(ExecutionRequest(network: network, loss: .meanSquaredError, observed: []))
    let count = network.result.reduce(1, *)
    let batch = Batch(
      inputs: [input], targets: .dense([Float](repeating: 0, count: count)), sampleCount: Int(shape[0]))
    return (network, try executor.evaluate(batch, inputs: [input.map(Double.init)]).output)
  }
}
