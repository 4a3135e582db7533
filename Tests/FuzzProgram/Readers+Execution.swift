import Channels
import Execution
import Networks
import ONNX
import OneDNN
import Sensitivity

/// ONNX files that import: the networks are compiled and run, forward and backward, by both backends.
extension FuzzReader {
  /// - Parameter models: sound models.
  static func execution(_ models: [[UInt8]]) -> FuzzReader {
    FuzzReader(
      name: "execution", seeds: models, damaged: { damagedModel(&$0, $1) },
      accepts: { bytes, _ in runs(ModelFiles(model: bytes, path: "input.onnx")) })
  }

  /// Work beyond this is no failure of anybody's: a model may ask for as much as it likes.
  private static let mostWork = 0x1p22

  private static func runs(_ files: ModelFiles) -> Bool {
    do {
      let model = try ONNXModel(files: files)
      let network = try model.network(batchSize: model.fixedBatch ?? 2)
      guard work(of: network) <= mostWork else { return false }
      let structure = ChannelStructure(of: network)
      var isSound = false
      for loss in [Loss.meanSquaredError, .agreement] {
        let request = LayerExecution(network, structure, loss: loss).request
        for backend in [OneDNNBackend(), ReferenceBackend()] as [any ExecutionBackend] {
          do {
            _ = try backend.compile(request).evaluate(batch(for: request))
            isSound = true
          } catch {
            _ = "\(error)"
          }
        }
      }
      return isSound
    } catch {
      _ = "\(error)"
      return false
    }
  }

  /// Samples that all differ, one less than a run takes.
  private static func batch(for request: ExecutionRequest) -> Batch {
    let network = request.network
    let inputs = network.inputs.map { input in
      (0..<network[input].shape.count).map { Float($0 % 11) / 8 - 0.5 }
    }
    let targets: Targets =
      request.loss == .meanSquaredError
      ? .dense([Float](repeating: 0.25, count: network[network.outputs[0]].shape.count)) : .none
    return Batch(inputs: inputs, targets: targets, sampleCount: max(1, network.batchSize - 1))
  }

  /// No operation does more per node than to bring every operand's elements together with every result's.
  private static func work(of network: Network) -> Double {
    network.nodes.reduce(0) { work, node in
      let results = node.outputs.reduce(0.0) { $0 + Double(network[$1].shape.count) }
      let operands = node.inputs.reduce(1.0) { $0 + Double($1.map { network[$0].shape.count } ?? 0) }
      return work + results * operands
    }
  }
}
