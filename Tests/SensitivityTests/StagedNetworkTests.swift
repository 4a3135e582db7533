import ArrayFiles
import Channels
import Execution
import Networks
import OneDNN
import ReferenceData
import Sensitivity
import Testing

/// Trained networks in stages: the law is stated, and checked on small networks, in OneDNNTests.
@Suite(.enabled(if: ReferenceData.isPresent)) struct StagedNetworkTests {
  @Test(arguments: ReferenceData.models, [2, 3, 4])
  func `a trained network in stages gives the bits of the whole`(_ model: ReferenceModel, count: Int) throws {
    let network = try model.network(batchSize: 4)
    let request = LayerExecution(network, ChannelStructure(of: network), loss: .crossEntropy).request
    let images = try ReferenceData.calibrationImages().floats(in: 0..<4)
    let batch = Batch(
      inputs: [images], targets: .classes(Array(try ReferenceData.calibrationLabels().prefix(4))), sampleCount: 3)
    let expected = try OneDNNBackend().compile(request).evaluate(batch)
    let stages = try NetworkStages(request, count: count)
    let found = try StagedProgram(request, stages, on: OneDNNBackend()).makeExecutor().evaluate(batch)
    #expect(found.losses == expected.losses)
    #expect(found.outputs == expected.outputs)
    #expect(found.products == expected.products)
  }
}
