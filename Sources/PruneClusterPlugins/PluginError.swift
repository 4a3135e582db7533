import ArrayFiles
import Configuration

/// Why a plug-in cannot give an answer: one line, which the log of the search shows.
public struct PluginError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The class of the failure, on which the exit code depends.
  enum Kind: Int32, Hashable, Sendable {
    /// Started by hand, without the folder of a request.
    case usage = 64
    /// The request is not what this library reads, or what the criterion gave is no answer to it.
    case badContent = 65
    /// A file of the request cannot be read.
    case cannotBeRead = 66
    /// The criterion or the solver failed.
    case failed = 70
    /// The answer cannot be created.
    case cannotBeCreated = 73
    /// Writing the answer failed.
    case inputOutput = 74
    /// The configuration of the search does not ask for what the criterion needs.
    case configuration = 78
  }

  let kind: Kind
  private let problem: String

  /// An error of a criterion or a solver.
  public init(_ problem: String) { self.init(.failed, problem) }

  init(_ kind: Kind, _ problem: String) { (self.kind, self.problem) = (kind, problem) }

  /// What an error of anything that a plug-in calls says.
  init(_ error: any Error) {
    switch error {
    case let error as PluginError: self = error
    case let error as ConfigurationError: self.init(.badContent, "\(error)")
    case let error as ArrayFileError: self.init(error)
    default: self.init("\(error)")
    }
  }

  init(_ error: ArrayFileError) {
    let kind: Kind =
      switch error.kind {
      case .badContent: .badContent
      case .cannotBeRead: .cannotBeRead
      case .cannotBeCreated: .cannotBeCreated
      case .inputOutput: .inputOutput
      }
    self.init(kind, "\(error)")
  }

  /// What is wrong, on one line.
  public var description: String {
    var line = ""
    for scalar in problem.unicodeScalars {
      let breaksLine = scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}"
      line += breaksLine ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return line
  }
}
