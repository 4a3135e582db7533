import Configuration

/// Why a search cannot go on, found while its parts were brought together.
public struct SearchError: Error, Hashable, CustomStringConvertible {
  /// Whose fault it is: the exit code depends on it.
  public enum Kind: Hashable, Sendable {
    /// The configuration asks for what this network or these data do not give (exit code 78).
    case configuration
    /// The command line asks for what these ranks cannot do (exit code 64).
    case usage
    /// The model or the data have wrong content (exit code 65).
    case badContent
    /// An input cannot be read (exit code 66).
    case cannotBeRead
    /// The output cannot be created (exit code 73).
    case cannotCreate
    /// The program is at fault (exit code 70).
    case program
  }

  /// Whose fault it is.
  public let kind: Kind
  /// The file at fault.
  public let file: String
  /// The place in it, and what is wrong there: expected, found.
  public let problem: String

  /// An error in a file.
  public init(_ kind: Kind, file: String, _ problem: String) {
    self.kind = kind
    self.file = file
    self.problem = problem
  }

  /// File and problem, one line. Control characters of names in a hostile file are escaped.
  public var description: String { "\(file): \(problem)".printable() }
}
