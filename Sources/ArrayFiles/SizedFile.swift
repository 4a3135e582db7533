import Glibc

/// Reads files that must have just so many bytes, without believing anything that is there.
///
/// Only regular files are read, and no symbolic link is followed.
public enum SizedFile {
  /// What was found under a name.
  public enum Outcome: Sendable {
    /// All of the bytes.
    case bytes([UInt8])
    /// Nothing has this name.
    case absent
    /// Something else than a readable file of that size; the text says what.
    case unfit(String)
  }

  /// Reads a file of `byteCount` bytes.
  ///
  /// Nothing is allocated before the size was compared, so that what lies there cannot ask for memory.
  public static func read(_ path: String, byteCount: Int) -> Outcome {
    switch open(path, byteCount: byteCount) {
    case .absent: return .absent
    case .unfit(let problem): return .unfit(problem)
    case .open(let descriptor):
      defer { close(descriptor) }
      var bytes = [UInt8](repeating: 0, count: byteCount)
      let problem = bytes.withUnsafeMutableBytes { fill($0, from: descriptor, at: 0) }
      return problem.map(Outcome.unfit) ?? .bytes(bytes)
    }
  }

  /// What came of reading a file piece by piece.
  public enum Scan: Sendable {
    /// All of it was read.
    case whole
    /// Nothing has this name.
    case absent
    /// Something else than a readable file of that size; the text says what.
    case unfit(String)
  }

  /// Reads a file of `byteCount` bytes piece by piece, so that its size does not matter.
  /// - Parameter body: called with every piece, in order; what it was called with counts only when the file was `whole`.
  public static func scan(_ path: String, byteCount: Int, _ body: (UnsafeRawBufferPointer) -> Void) -> Scan {
    switch open(path, byteCount: byteCount) {
    case .absent: return .absent
    case .unfit(let problem): return .unfit(problem)
    case .open(let descriptor):
      defer { close(descriptor) }
      var piece = [UInt8](repeating: 0, count: min(byteCount, 1 << 20))
      for start in stride(from: 0, to: byteCount, by: 1 << 20) {
        let problem: String? = piece.withUnsafeMutableBytes { buffer in
          let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, byteCount - start)])
          if let problem = fill(part, from: descriptor, at: start) { return problem }
          body(UnsafeRawBufferPointer(part))
          return nil
        }
        if let problem { return .unfit(problem) }
      }
      return .whole
    }
  }

  private enum Opened {
    case open(Int32)
    case absent
    case unfit(String)
  }

  private static func open(_ path: String, byteCount: Int) -> Opened {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let (descriptor, code) = uninterrupted { Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW) }
    guard descriptor >= 0 else {
      switch code {
      case ENOENT: return .absent
      case ELOOP: return .unfit("is a symbolic link, expected a regular file")
      default: return .unfit("cannot be read: \(systemErrorText(code))")
      }
    }
    var status = stat()
    let isRegular = uninterrupted({ fstat(descriptor, &status) }).result == 0 && status.st_mode & S_IFMT == S_IFREG
    guard isRegular, status.st_size == byteCount else {
      close(descriptor)
      return .unfit(isRegular ? "has \(status.st_size) bytes, expected \(byteCount)" : "is no regular file")
    }
    return .open(descriptor)
  }

  /// Fills a buffer from a place in a file on.
  /// - Returns: why that is not possible, or `nil`.
  private static func fill(
    _ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, at offset: Int
  ) -> String? {
    var rest = buffer
    var position = offset
    while !rest.isEmpty {
      let (count, code) = uninterrupted {
        pread(descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(position))
      }
      guard count >= 0 else { return "cannot be read: \(systemErrorText(code))" }
      guard count > 0 else { return "ends after \(position) bytes, expected \(offset + buffer.count) at least" }
      rest = UnsafeMutableRawBufferPointer(rebasing: rest[count...])
      position += count
    }
    return nil
  }
}
