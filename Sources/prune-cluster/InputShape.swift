import ArgumentParser
import ONNX
import Search

/// `NAME=3,224,224`, or the extents alone.
struct InputShape: OptionValue {
  static let expected = "extents above 0 as in 3,224,224, of several inputs behind a name as in image=3,224,224"

  fileprivate let name: String
  fileprivate let extents: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    name = parts.count == 2 ? String(parts[0]) : ""
    let numbers = (parts.last ?? "").split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !numbers.isEmpty, numbers.allSatisfy({ $0.map { $0 > 0 } ?? false }) else { return nil }
    extents = numbers.compactMap { $0 }
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

/// The option of commands that take a model alone.
struct InputShapeOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Extents of one sample of an input, where the model leaves them open; NAME= may be left out for a single input.",
      valueName: "[name=]extents"), transform: InputShape.parsed)
  var inputShape: [InputShape] = []

  /// By input the extents that were given last, "" for the only input.
  var extents: [String: [Int]] {
    Dictionary(inputShape.map { ($0.name, $0.extents) }, uniquingKeysWith: { $1 })
  }
}
