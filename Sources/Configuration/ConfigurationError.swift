/// What is wrong in a JSON file, and where in it.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file, as its reader named it.
  public let file: String

  /// The place in the file: a JSON path such as `$.target.metric`, or line and column where the text is no JSON.
  public let path: String

  /// What was expected there and what was found.
  public let problem: String

  /// An error at one place of one file.
  public init(file: String, path: String, problem: String) {
    self.file = file
    self.path = path
    self.problem = problem
  }

  /// `FILE: PATH: problem`, always one line.
  public var description: String {
    // A file's name is the only part that may hold a line break: keys and values are quoted when the problem is written.
    "\(file.printable()): \(path): \(problem)"
  }
}
