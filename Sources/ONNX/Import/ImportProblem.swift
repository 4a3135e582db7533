import Networks

/// What is wrong at one node or tensor, before it is known which file and place that is.
struct ImportProblem: Error {
  let kind: ONNXError.Kind
  let text: String

  /// The file breaks ONNX's rules.
  static func bad(_ text: String) -> ImportProblem { ImportProblem(kind: .badContent, text: text) }

  /// Valid ONNX that this importer does not take.
  static func unsupported(_ text: String) -> ImportProblem { ImportProblem(kind: .unsupported, text: text) }

  /// An input whose extents have to be given.
  static func openShape(_ input: ModelInput, _ text: String) -> ImportProblem {
    ImportProblem(kind: .openShape(input), text: text)
  }

  /// Extents that make no shape.
  static func noShape(_ dimensions: [Int]) -> ImportProblem {
    let isShort = dimensions.count <= ImportLimits.axes
    return .bad(
      isShort
        ? "extents \(dimensions) make no shape" : "\(dimensions.count) axes, supported are at most \(ImportLimits.axes)"
    )
  }

  /// A file that is missing or cannot be read.
  static func unreadable(_ text: String) -> ImportProblem { ImportProblem(kind: .unreadable, text: text) }

  /// The same with file and place.
  func error(file: String, place: String = "") -> ONNXError {
    ONNXError(kind, file: file, place: place, problem: text)
  }
}
