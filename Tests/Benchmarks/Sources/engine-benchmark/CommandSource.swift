import Glibc

/// Lines of commands. Waiting for one takes no processor time, which the peers of a measurement would miss.
struct CommandSource {
  /// A file that cannot be read.
  struct OpeningError: Error, CustomStringConvertible {
    let description: String
  }

  private let file: UnsafeMutablePointer<FILE>

  /// Reads a file, usually a pipe with a name; `nil` is standard input.
  init(_ path: String?) throws {
    guard let file = path.map({ fopen($0, "r") }) ?? fdopen(STDIN_FILENO, "r") else {
      throw OpeningError(description: "\(path ?? "standard input"): \(String(cString: strerror(errno)))")
    }
    self.file = file
  }

  /// The words of the next line; `nil` at the end.
  func next() -> [String]? {
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    guard getline(&line, &capacity, file) >= 0, let line else { return nil }
    return String(cString: line).split { $0.isWhitespace }.map(String.init)
  }
}
