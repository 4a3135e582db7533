import ArgumentParser
import ONNX
import Search

/// `NAME=3,224,224`, or the extents alone.
struct InputShape: ExpressibleByArgument {
  private let name: String
  private let extents: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    name = parts.count == 2 ? String(parts[0]) : ""
    let numbers = (parts.last ?? "").split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !numbers.isEmpty, numbers.allSatisfy({ $0.map { $0 > 0 } ?? false }) else { return nil }
    extents = numbers.compactMap { $0 }
  }

  /// By input the extents that were given last, "" for the only input.
  static func extents(_ shapes: [InputShape]) -> [String: [Int]] {
    Dictionary(shapes.map { ($0.name, $0.extents) }, uniquingKeysWith: { $1 })
  }

  /// Runs what needs the extents of a model's inputs; where some are missing, the error says how they are given.
  static func advising<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ONNXError {
      guard case .openShape(let input) = error.kind else { throw error }
      throw SearchError(
        .badContent, file: error.file,
        "\(error.place): \(error.problem), such as --input-shape \(input.name)=\(example(of: input))")
    }
  }

  /// Extents of a sample, those that the file has among them.
  private static func example(of input: ModelInput) -> String {
    let extents = input.extents?.dropFirst() ?? [.open("channels"), .open("height"), .open("width")]
    return extents.enumerated().map { axis, extent in
      switch extent {
      case .known(let known): "\(known)"
      case .open: axis == 0 ? "3" : "224"
      }
    }.joined(separator: ",")
  }
}
