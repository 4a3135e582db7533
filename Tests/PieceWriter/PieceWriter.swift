import ArrayFiles
import WorkSharing

import Glibc

/// Stores one piece of work and ends: what the tests of `PieceStore` kill at every system call.
///
///     piece-writer DIRECTORY KEY COUNT
///
/// The values are 0, 1, 2 … Ends with 0 when the piece is stored, else with 1 and a line that says why.
@main
enum PieceWriter {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let key = PieceKey(hexadecimal: arguments[2]), let count = Int(arguments[3]) else {
      complain("piece-writer DIRECTORY KEY COUNT")
      exit(64)
    }
    do {
      try PieceStore(directory: arguments[1]).save((0..<count).map(Double.init), as: key)
    } catch {
      complain("\(error.kind): \(error)")
      exit(1)
    }
  }

  private static func complain(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
