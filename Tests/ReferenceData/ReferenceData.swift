package import ArrayFiles
import Foundation
package import Networks
import ONNX

/// Trained networks with numbers that torch's autograd gave for them in float64; they stand beside the checkout.
package enum ReferenceData {
  /// The folder, or `nil` where it is absent: tests that need it then skip.
  package static let directory: String? = {
    let checkout = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let candidate = checkout.appendingPathComponent("../shared/reference").standardizedFileURL.path
    guard FileManager.default.fileExists(atPath: candidate) else {
      print("no reference networks beside the checkout (../shared/reference): the tests against them are skipped")
      return nil
    }
    return candidate
  }()

  /// Whether the tests against it can run.
  package static var isPresent: Bool { directory != nil }

  /// The networks: each with normalisations folded by the exporter, and as nodes.
  package static let models = ["vgg_small", "resnet20", "mobilenetv2_small"].flatMap { name in
    ["folded", "bn"].map { ReferenceModel(name: name, variant: $0) }
  }

  /// A file's path.
  package static func path(_ relative: String) -> String { (directory ?? "") + "/" + relative }

  /// The 512 calibration images, [512, 1, 28, 28].
  package static func calibrationImages() throws -> ArrayFile { try ArrayFile.open(path("data/calib_images.npy")) }

  /// Their classes.
  package static func calibrationLabels() throws -> [Int] {
    try ArrayFile.open(path("data/calib_labels.npy")).int64s().map { Int($0) }
  }
}

/// One exported network of the reference.
package struct ReferenceModel: Sendable, CustomStringConvertible {
  /// The architecture.
  package let name: String
  /// `folded` or `bn`.
  package let variant: String

  /// Name and variant, as test output shows them.
  package var description: String { "\(name).\(variant)" }

  /// The ONNX file.
  package var path: String { ReferenceData.path("models/\(name)/\(description).onnx") }

  /// The network at a batch size.
  package func network(batchSize: Int) throws -> Network {
    try ONNXModel(files: ModelFiles.read(path)).network(batchSize: batchSize, inputShapes: [:])
  }

  /// What golden.json says of it.
  package func golden() throws -> Golden {
    try decode(Golden.self, "models/\(name)/\(description).golden.json")
  }

  /// The arrays of golden.npz.
  package func arrays() throws -> NumPyArchive {
    try NumPyArchive(ReferenceData.path("models/\(name)/\(description).golden.npz"))
  }

  /// The groups of coupling.json.
  package func coupling() throws -> Coupling {
    try decode(Coupling.self, "models/\(name)/\(description).coupling.json")
  }

  /// The groups that Torch-Pruning found.
  package func torchPruningGroups() throws -> TorchPruningGroups {
    try decode(TorchPruningGroups.self, "models/\(name)/\(name).tp_groups.json")
  }

  private func decode<Document: Decodable>(_ type: Document.Type, _ file: String) throws -> Document {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(contentsOf: URL(fileURLWithPath: ReferenceData.path(file))))
  }
}

/// golden.json.
package struct Golden: Decodable, Sendable {
  /// A Conv or Gemm.
  package struct Layer: Decodable, Sendable {
    package let key: String
    package let node: String
    package let op: String
    package let output: String
    package let weight: String
    package let outChannels: Int
    package let inChannels: Int
    package let group: Int
    package let outShape: [Int]
    package let macs: Int
    package let flops: Int
    package let weightParams: Int
    package let biasParams: Int
  }

  /// A BatchNormalization.
  package struct Norm: Decodable, Sendable {
    package let key: String
    package let input: String
    package let bias: String
  }

  package let meanLoss: Double
  package let calibAccuracy: Double
  package let totalMacs: Int
  package let totalFlops: Int
  package let totalParams: Int
  package let layers: [Layer]
  package let norms: [Norm]?
}

/// coupling.json.
package struct Coupling: Decodable, Sendable {
  /// Channels of one node in a group.
  package struct Entry: Decodable, Sendable {
    package let role: String
    package let node: String
    package let index: [[Int]]
  }

  /// Channels that go together.
  package struct Group: Decodable, Sendable {
    package let units: Int
    package let prunable: Bool
    package let entries: [Entry]
    package let macsOfOneUnit: Int?
  }

  package let groups: [Group]
}

/// tp_groups.json.
package struct TorchPruningGroups: Decodable, Sendable {
  /// One layer of one group: `index[i]` goes with `rootIndex[i]`.
  package struct Member: Decodable, Sendable {
    package let role: String
    package let node: String
    package let rootIndex: [Int]?
    package let index: [Int]
  }

  package let groups: [[Member]]
}
