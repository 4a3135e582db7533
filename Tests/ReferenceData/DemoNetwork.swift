import Foundation
import ONNX
package import Networks
package import Search

/// The small trained network that ships in `configs/`, with its calibration data.
package enum DemoNetwork {
  /// The folder of the ready examples.
  package static let directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("configs").path

  /// The model file.
  package static let model = directory + "/fashion-resnet/fashion-resnet.onnx"

  /// A configuration on it: the shipped example with other values.
  ///
  /// - Parameters:
  ///   - output: the output directory.
  ///   - changes: members by dotted path, such as `calibration.samples`; `nil` removes one.
  package static func configuration(output: String, changes: [(path: String, value: Any?)] = []) throws -> Data {
    let text = try Data(contentsOf: URL(fileURLWithPath: directory + "/fashion-resnet.json"))
    var document = try JSONSerialization.jsonObject(with: text) as? [String: Any] ?? [:]
    let files = [
      ("model", "fashion-resnet.onnx"), ("calibration.inputs", "calibration-images.idx3-ubyte.gz"),
      ("calibration.labels", "calibration-labels.idx1-ubyte.gz"),
    ]
    for (path, name) in files { set(&document, path.split(separator: ".")[...], "\(directory)/fashion-resnet/\(name)") }
    set(&document, ["output", "directory"], output)
    for change in changes { set(&document, change.path.split(separator: ".")[...], change.value) }
    return try JSONSerialization.data(withJSONObject: document)
  }

  private static func set(_ object: inout [String: Any], _ path: ArraySlice<Substring>, _ value: Any?) {
    guard let first = path.first.map(String.init) else { return }
    guard path.count > 1 else {
      object[first] = value
      return
    }
    var inner = object[first] as? [String: Any] ?? [:]
    set(&inner, path.dropFirst(), value)
    object[first] = inner
  }
}

/// ONNX files for a search that runs in a test.
package struct ONNXFiles: ModelFormat {
  package init() {}

  package func read(_ path: String) throws -> ModelSource {
    let files = try ModelFiles.read(path)
    return ModelSource(message: files.serialized, digests: [FileDigest(path: path, bytes: files.model)])
  }

  package func network(from message: [UInt8], batchSize: Int, sampleShapes: [String: [Int]]) throws -> Network {
    try ONNXModel(files: ModelFiles(serialized: message)).network(batchSize: batchSize, inputShapes: [:])
  }
}
