/// Why an ONNX file gives no network: which file, where in it, what was expected and what was found.
public struct ONNXError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What sort of fault it is; exit codes hang on it.
  public enum Kind: Hashable, Sendable {
    /// The file, or one that it refers to, cannot be read (exit code 66).
    case unreadable
    /// The file breaks ONNX's rules (exit code 65).
    case badContent
    /// Valid ONNX that this importer does not take (exit code 65).
    case unsupported
    /// The model computes only with the batch size that is written in it (exit code 65); that one can be asked for.
    case fixedBatch(Int)
    /// Extents of an input that the file leaves open, and nobody has given (exit code 65).
    case openShape(ModelInput)
  }

  /// What sort of fault it is.
  public let kind: Kind
  /// The file as the caller named it.
  public let file: String
  /// The node, input or initializer at fault; empty when it is the file as a whole.
  public let place: String
  /// Expected and found.
  public let problem: String

  /// An error in a file.
  public init(_ kind: Kind, file: String, place: String = "", problem: String) {
    self.kind = kind
    self.file = file
    self.place = place
    self.problem = problem
  }

  /// One line: file, place, problem. Control characters of names in a hostile file are escaped, endless lists cut.
  public var description: String {
    let text = (place.isEmpty ? "\(file): \(problem)" : "\(file): \(place): \(problem)").unicodeScalars
    var line = ""
    for scalar in text.prefix(ImportLimits.errorCharacters) {
      let isControl = scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}"
      line += isControl ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return text.count > ImportLimits.errorCharacters ? line + "…" : line
  }
}
