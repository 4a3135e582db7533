import Foundation

/// A run of one of this package's programs on a pseudo-terminal of its own, as a person sees it.
package struct TerminalRun {
  /// All that has come to the terminal, control characters included.
  package let text: String
  /// The exit code; 128 + signal when a signal ended it, `nil` when the time limit did.
  package let exitCode: Int32?

  /// `TIOCSPTLCK` and `TIOCGPTN`, macros that Swift does not see, of x86-64 and arm64.
  private static let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)

  /// Whether `setsid`, which gives a program a terminal, is installed.
  package static let isPossible: Bool = {
    let paths = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return paths.contains { FileManager.default.isExecutableFile(atPath: "\($0)/setsid") }
  }()

  /// Starts a program with `arguments` and waits for its end, but not for ever.
  ///
  /// - Parameters:
  ///   - columns: the width of the terminal.
  ///   - environment: variables to add; one that is empty is set all the same.
  ///   - outputFile: where standard output goes; `nil` for the terminal too.
  ///   - interrupts: how often Ctrl-C is typed, once a line has been rewritten that contains `trigger`.
  package init(
    _ program: String, _ arguments: [String], columns: Int, environment: [String: String] = [:],
    outputFile: String? = nil, interrupts: Int = 0, when trigger: String = ""
  ) throws {
    let leader = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var (isLocked, number): (Int32, UInt32) = (0, 0)
    guard leader >= 0, ioctl(leader, Self.setLock, &isLocked) == 0, ioctl(leader, Self.getNumber, &number) == 0 else {
      throw TerminalError(description: "no pseudo-terminal: \(String(cString: strerror(errno)))")
    }
    var size = winsize(ws_row: 50, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(leader, UInt(TIOCSWINSZ), &size)
    let follower = FileHandle(fileDescriptor: open("/dev/pts/\(number)", O_RDWR | O_NOCTTY), closeOnDealloc: true)
    defer { close(leader) }

    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    // Ctrl-C is for the processes of the terminal that it is typed on.
    process.arguments =
      ["--default-signal=INT", "setsid", "--ctty", "--wait", ProgramRun.path(of: program)] + arguments
    let usual = ["TERM": "xterm", "NO_COLOR": "", "SWIFT_BACKTRACE": "enable=no"]
    process.environment = ProcessInfo.processInfo.environment.merging(usual) { $1 }.merging(environment) { $1 }
    process.standardInput = follower
    process.standardOutput =
      try outputFile.map { path in
        try Data().write(to: URL(fileURLWithPath: path))
        guard let file = FileHandle(forWritingAtPath: path) else { throw TerminalError(description: path) }
        return file
      } ?? follower
    process.standardError = follower
    try process.run()
    try follower.close()

    var bytes: [UInt8] = []
    var left = interrupts
    var lastTyped = Date.distantPast
    let start = Date()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while Date().timeIntervalSince(start) < ProgramRun.limitSeconds {
      var waiting = pollfd(fd: leader, events: Int16(POLLIN), revents: 0)
      let isReady = poll(&waiting, 1, 50) > 0
      if isReady {
        let count = read(leader, &buffer, buffer.count)
        // The last of those that had the terminal open has closed it.
        guard count > 0 else { break }
        bytes += buffer.prefix(count)
      }
      if left > 0, Date().timeIntervalSince(lastTyped) > 0.6,
        String(decoding: bytes, as: UTF8.self).contains(trigger)
      {
        _ = write(leader, "\u{3}", 1)
        lastTyped = Date()
        left -= 1
      }
    }
    let hasEnded = Date().timeIntervalSince(start) < ProgramRun.limitSeconds
    if !hasEnded { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    let isKilled = process.terminationReason == .uncaughtSignal
    exitCode = hasEnded ? process.terminationStatus + (isKilled ? 128 : 0) : nil
    text = String(decoding: bytes, as: UTF8.self)
  }

  /// What the terminal shows at the end, line by line, and what each line has shown on the way.
  package var screen: TerminalScreen { TerminalScreen(text) }
}

/// A pseudo-terminal that could not be had.
package struct TerminalError: Error, CustomStringConvertible {
  package let description: String
}

/// What a terminal without an end to its lines shows of a text: it knows line feeds, carriage returns, "erase to the end
/// of the line" and colours.
package struct TerminalScreen {
  /// The lines as they are at the end; the last one is where the cursor is.
  package private(set) var lines: [String] = []
  /// The longest that any line has been at any time.
  package private(set) var widest = 0
  /// All that a line was before it was erased.
  package private(set) var erased: [String] = []
  /// Whether there was a colour.
  package private(set) var hasColours = false
  /// Control sequences that it does not know.
  package private(set) var unknown: [String] = []

  /// The screen of a text.
  package init(_ text: String) {
    var line: [Character] = []
    var column = 0
    var rest = Array(text.unicodeScalars)[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\r": column = 0
      case "\n":
        lines.append(String(line))
        (line, column) = ([], 0)
      case "\u{1B}":
        var sequence = ""
        while let next = rest.popFirst() {
          sequence.unicodeScalars.append(next)
          if next != "[", (0x40...0x7E).contains(next.value) { break }
        }
        if sequence == "[K" {
          if column < line.count { erased.append(String(line)) }
          line.removeSubrange(min(column, line.count)...)
        } else if sequence.hasPrefix("["), sequence.hasSuffix("m") {
          hasColours = true
        } else {
          unknown.append(sequence)
        }
      default:
        if column < line.count { line[column] = Character(scalar) } else { line.append(Character(scalar)) }
        column += 1
        widest = max(widest, line.count)
      }
    }
    lines.append(String(line))
  }
}
