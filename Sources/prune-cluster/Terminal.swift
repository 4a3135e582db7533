import Report

import Glibc

/// Where results go.
enum StandardOutput {
  /// Characters per line when results go to a terminal; `nil` for a file or pipe.
  static var width: Int? {
    Descriptor.columns(of: STDOUT_FILENO)
  }

  /// Whether results are coloured. Open MPI gives every rank a terminal for its output, wherever that goes then.
  static var style: TextStyle { TextStyle(isColoured: !Launch.isByLauncher && Descriptor.isColoured(STDOUT_FILENO)) }

  /// Writes a text whole.
  /// - Throws: `OutputError` when it does not arrive; a reader that went away (`| head`) wants no more, which is no error.
  static func write(_ text: String) throws {
    guard !Descriptor.write(text, to: STDOUT_FILENO), errno != EPIPE else { return }
    throw OutputError(description: "standard output: \(String(cString: strerror(errno)))")
  }
}

/// Where progress, logs and errors go.
enum StandardError {
  /// Whether a person watches, on a terminal that can rewrite a line.
  static var isRewritable: Bool { isatty(STDERR_FILENO) == 1 && Descriptor.hasControls }

  /// How many columns a line that is rewritten may have: one less than the terminal, which may begin the next line with
  /// the last one.
  static var room: Int { max((Descriptor.columns(of: STDERR_FILENO) ?? 80) - 1, 1) }

  /// Whether messages are coloured.
  static var style: TextStyle { TextStyle(isColoured: Descriptor.isColoured(STDERR_FILENO)) }

  /// Writes a text whole, in one call where the system allows: lines of several ranks then do not mix.
  static func write(_ text: String) { _ = Descriptor.write(text, to: STDERR_FILENO) }
}

/// Results that could not be printed.
struct OutputError: Error, CustomStringConvertible {
  let description: String
}

private enum Descriptor {
  /// The columns of the terminal that it leads to; `nil` for a file or pipe.
  static func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Whether the terminal is one that knows control sequences.
  static var hasControls: Bool { getenv("TERM").map { !["", "dumb"].contains(String(cString: $0)) } ?? false }

  /// Whether it leads to a terminal that shows colours, whose user has not said no to them (no-color.org).
  static func isColoured(_ descriptor: Int32) -> Bool {
    let isRefused = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    return isatty(descriptor) == 1 && hasControls && !isRefused
  }

  /// Whether all of it was written; `errno` says why not.
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        guard errno == EINTR || errno == EAGAIN else { return false }
        // The other end lets nothing wait that it cannot take at once: until it can again.
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if errno == EAGAIN { _ = poll(&waiting, 1, -1) }
        continue
      }
      bytes = bytes.dropFirst(written)
    }
    return true
  }
}

/// How this process was started.
enum Launch {
  /// Whether this is the process that speaks: commands that need no other rank run in it alone.
  static var isFirstRank: Bool { ranks.allSatisfy { $0 == "0" } }

  /// Whether a launcher of ranks has started it.
  static var isByLauncher: Bool { !ranks.isEmpty }

  /// What launchers say which rank this is.
  private static var ranks: [String] {
    let variables: [String] = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"]
    return variables.compactMap { name in getenv(name).map { String(cString: $0) } }
  }
}
