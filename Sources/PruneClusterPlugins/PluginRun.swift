import ArrayFiles
import Configuration
// Preconcurrency: `stdout` is a variable to Swift. It is used once, before anything else is.
@preconcurrency import Glibc

/// The run of a plug-in's program: a request in, an answer out, and one line where that fails.
enum PluginRun {
  /// The folder that the program was given.
  struct Folder {
    let path: String
    let request: LocatedJSON
  }

  /// - Parameter body: gives the content of the answer.
  static func run(_ plugin: PluginProtocol, _ body: (Folder) throws -> JSONValue) -> Never {
    // Into a pipe whole blocks would go: the search shows lines as they come.
    setvbuf(stdout, nil, _IOLBF, 0)
    do {
      guard let path = CommandLine.arguments.dropFirst().last else {
        throw PluginError(
          .usage, "expected the folder of a request as the last argument: \"method\": \"external\" starts it with one")
      }
      let folder = Folder(path: path, request: try RequestFile.json("\(path)/\(plugin.requestFile)"))
      let answer = Array(try body(folder).text().utf8)
      try AtomicFile.write(answer, to: "\(path)/\(plugin.answerFile)")
      exit(0)
    } catch {
      end(PluginError(error))
    }
  }

  private static func end(_ error: PluginError) -> Never {
    fflush(stdout)
    let line = Array("error: \(error)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(error.kind.rawValue)
  }
}
