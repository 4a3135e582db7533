/// What went wrong with an array file: which file, which member of it, and why, in one line.
public struct ArrayFileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The class of the failure, on which the exit code depends.
  public enum Kind: Hashable, Sendable {
    /// The file was read and is not what it should be (exit code 65).
    case badContent
    /// The file does not exist, or the system refuses to read it (exit code 66).
    case cannotBeRead
    /// The file to write cannot be created: no such directory, no permission (exit code 73).
    case cannotBeCreated
    /// Writing failed although the file could be created: disk full, device error (exit code 74).
    case inputOutput
  }

  /// The class of the failure.
  public let kind: Kind
  /// The file, as the caller named it.
  public let path: String
  /// The member of an archive, where one was concerned.
  public let member: String?
  /// What was expected and what was found, or the system's reason.
  public let problem: String

  init(_ kind: Kind, path: String, member: String? = nil, _ problem: String) {
    self.kind = kind
    self.path = path
    self.member = member
    self.problem = problem
  }

  /// One line: file, member, problem. Control characters of names in a hostile file are escaped, long ones cut.
  public var description: String {
    let place = member.map { "\(path): member \($0)" } ?? path
    var line = ""
    let text = "\(place): \(problem)".unicodeScalars
    for scalar in text.prefix(ArrayLimits.errorCharacters) {
      let isControl = scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}"
      line += isControl ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return text.count > ArrayLimits.errorCharacters ? line + "…" : line
  }
}

/// The name of an array in error texts: its file and, in an archive, its member.
struct ArrayName: Sendable {
  let path: String
  var member: String?

  /// The error of a file whose content is wrong.
  func badContent(_ problem: String) -> ArrayFileError {
    ArrayFileError(.badContent, path: path, member: member, problem)
  }

  /// The error of a file that holds one thing in place of another.
  func badContent(expected: String, found: String) -> ArrayFileError {
    badContent("expected \(expected), found \(found)")
  }
}
