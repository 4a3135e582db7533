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
  static func write(_ text: String) { Descriptor.write(text, to: STDOUT_FILENO) }
}

/// Where progress, logs and errors go.
enum StandardError {
  /// Whether a person watches.
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Writes a text whole, in one call where the system allows: lines of several ranks then do not mix.
  static func write(_ text: String) { Descriptor.write(text, to: STDERR_FILENO) }
}

private enum Descriptor {
  static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        guard errno == EINTR || errno == EAGAIN else { return }
        continue
      }
      bytes = bytes.dropFirst(written)
    }
  }
}

/// How this process was started.
enum Launch {
  /// Whether this is the process that speaks: commands that need no other rank run in it alone.
  static var isFirstRank: Bool {
    let variables: [String] = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"]
    return variables.allSatisfy { name in
      getenv(name).map { String(cString: $0) == "0" } ?? true
    }
  }
}
