package import Foundation

/// The small trained network that ships in `configs/`, with its calibration data.
package enum DemoNetwork {
  /// The folder of the ready examples.
  package static let directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("configs").path

  /// The model file.
  package static let model = directory + "/fashion-resnet/fashion-resnet.onnx"
  /// Its 512 calibration images, [512, 28, 28] bytes.
  package static let images = directory + "/fashion-resnet/calibration-images.idx3-ubyte.gz"
  /// Their classes.
  package static let labels = directory + "/fashion-resnet/calibration-labels.idx1-ubyte.gz"

  /// A configuration on it: the shipped example with other values.
  ///
  /// - Parameters:
  ///   - output: the output directory.
  ///   - changes: members by dotted path, such as `calibration.samples`, with their JSON text; `nil` removes one.
  package static func configuration(output: String, changes: [(path: String, json: String?)] = []) throws -> Data {
    let text = try Data(contentsOf: URL(fileURLWithPath: directory + "/fashion-resnet.json"))
    var document = try JSONSerialization.jsonObject(with: text) as? [String: Any] ?? [:]
    set(&document, ["model"], model)
    set(&document, ["calibration", "inputs"], images)
    set(&document, ["calibration", "labels"], labels)
    set(&document, ["output", "directory"], output)
    for (path, json) in changes {
      let value = try json.map { try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed) }
      set(&document, path.split(separator: ".")[...], value)
    }
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
