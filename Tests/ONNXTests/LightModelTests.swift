import Foundation
import Networks
import Testing

@testable import ONNX

/// The networks that the `onnx` Python package ships without weights: files that this project did not make.
struct LightModelTests {
  /// The models of the Python that `PRUNE_CLUSTER_PEERS_PYTHON` names, by file name.
  static let models: [String: String] = {
    guard let python = ProcessInfo.processInfo.environment["PRUNE_CLUSTER_PEERS_PYTHON"] else {
      print("PRUNE_CLUSTER_PEERS_PYTHON is not set: the onnx package's light models are not tried")
      return [:]
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", "import onnx, os; print(os.path.dirname(onnx.__file__), end='')"]
    let pipe = Pipe()
    process.standardOutput = pipe
    guard (try? process.run()) != nil else { return [:] }
    let package = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let folder = package + "/backend/test/data/light"
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return Dictionary(
      uniqueKeysWithValues: files.filter { $0.hasSuffix(".onnx") }.map {
        ($0.dropLast(5).description, "\(folder)/\($0)")
      })
  }()

  @Test(
    .enabled(if: !models.isEmpty), .timeLimit(.minutes(30)),
    arguments: [
      ("light_bvlc_alexnet", false), ("light_densenet121", true), ("light_inception_v1", false),
      ("light_inception_v2", false), ("light_resnet50", false), ("light_shufflenet", false), ("light_squeezenet", true),
      ("light_vgg19", false), ("light_zfnet512", false),
    ])
  func `a network for images of 224 × 224 and 1000 classes imports at its batch size`(
    _ name: String, takesOtherBatches: Bool
  ) throws {
    let model = try ONNXModel(contentsOf: try #require(Self.models[name]))
    #expect(model.fixedBatch == 1)
    let network = try model.network(batchSize: 1)
    #expect(network.inputs.map { network[$0].shape } == [Shape([1, 3, 224, 224])])
    #expect(network.result.prefix(2) == [1, 1000])
    if takesOtherBatches {
      #expect(try model.network(batchSize: 2).result.prefix(2) == [2, 1000])
    } else {
      let error = try #require(throws: ONNXError.self) { _ = try model.network(batchSize: 2) }
      #expect(error.kind == .fixedBatch(1))
    }
  }
}
