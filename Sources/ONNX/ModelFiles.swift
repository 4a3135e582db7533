/// The bytes of a model: the ONNX file and the external data files that it refers to.
///
/// One rank reads them, all ranks decode them: `serialized` and `init(serialized:)` carry them as one array.
public struct ModelFiles: Sendable, Hashable {
  /// The ONNX file; a part of what other ranks sent is not copied.
  public let model: ArraySlice<UInt8>
  /// External data by the location that the ONNX file gives it.
  public let external: [String: [UInt8]]
  /// The model's name for people: the file name without folder and extension.
  public let name: String
  /// The file as the caller named it; errors start with it.
  public let path: String

  /// Files that are in memory already.
  /// - Parameter path: what errors call the model file; its last component without extension becomes the name.
  public init(model: [UInt8], external: [String: [UInt8]] = [:], path: String) {
    self.init(model: model[...], external: external, path: path)
  }

  /// Files of which the model is a part of a larger run of bytes.
  init(model: ArraySlice<UInt8>, external: [String: [UInt8]], path: String) {
    self.model = model
    self.external = external
    self.path = path
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
    name = stem.isEmpty ? file : stem
  }
}
