import Glibc

/// Where results go.
enum StandardOutput {
  /// Characters per line when results go to a terminal; `nil` for a file or pipe.
  static var width: Int? {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }

  /// Writes a text whole.
  /// - Throws: `OutputError` when it does not arrive; a reader that went away (`| head`) wants no more, which is no error.
  static func write(_ text: String) throws {
    guard !Descriptor.write(text, to: STDOUT_FILENO), errno != EPIPE else { return }
    throw OutputError(description: "standard output: \(String(cString: strerror(errno)))")
  }
}

/// Where progress, logs and errors go.
enum StandardError {
  /// Whether a person watches.
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes a text whole, in one call where the system allows: lines of several ranks then do not mix.
  static func write(_ text: String) { _ = Descriptor.write(text, to: STDERR_FILENO) }
}

/// Results that could not be printed.
struct OutputError: Error, CustomStringConvertible {
  let description: String
}

private enum Descriptor {
  /// Whether all of it was written; `errno` says why not.
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        guard errno == EINTR || errno == EAGAIN else { return false }
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
  static var isFirstRank: Bool {
    let variables: [String] = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"]
    return variables.allSatisfy { name in
      getenv(name).map { String(cString: $0) == "0" } ?? true
    }
  }
}
