import Configuration

/// What a program writes, as lines for a log: so many at most, and none too long.
struct ProgramOutput {
  /// Lines that are shown.
  static let lines = 1000
  /// Bytes of a line that are shown.
  static let lineBytes = 500

  /// The last line that is not empty; empty where there is none.
  private(set) var last = ""
  private var line: [UInt8] = []
  private var isCut = false
  private var count = 0

  /// Takes what has come.
  /// - Parameter show: is given every whole line.
  mutating func add(_ bytes: [UInt8], show: (String) -> Void) {
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        end(show: show)
      } else if line.count < ProgramOutput.lineBytes {
        line.append(byte)
      } else {
        isCut = true
      }
    }
  }

  /// Ends the line.
  mutating func end(show: (String) -> Void) {
    defer { (line, isCut) = ([], false) }
    let text = ProgramOutput.text(line) + (isCut ? "…" : "")
    guard text.contains(where: { !$0.isWhitespace }) else { return }
    last = text
    count += 1
    if count <= ProgramOutput.lines { show(text) }
    if count == ProgramOutput.lines { show("(what it writes from here on is not shown)") }
  }

  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self).printable(keeping: "\t")
  }
}
