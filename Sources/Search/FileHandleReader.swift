import Glibc

/// A file opened for reading from front to back.
package final class FileHandleReader {
  private let descriptor: Int32
  private let path: String

  /// Opens a file, or gives `nil`: `lastError` says why.
  init?(_ path: String) {
    // Opened plainly, a pipe that nobody writes into would be waited for without end.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    self.path = path
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return }
    var first = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&first, 1, FileHandleReader.longestWait) > 0 else {
      errno = ETIMEDOUT
      return nil
    }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
  }

  /// Milliseconds that are waited for the first byte of a pipe.
  private static let longestWait: Int32 = 10_000

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// The system's text for the last failure of this thread.
  static var lastError: String { String(cString: strerror(errno)) }

  /// What a path leads to that is no regular file, as errors say it; `nil` for a regular file and for none.
  static func irregularKind(of path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFIFO: return "a pipe"
    case S_IFDIR: return "a directory"
    case S_IFSOCK: return "a socket"
    default: return "a device"
    }
  }

  /// At most `count` further bytes; `nil` at the end.
  func next(_ count: Int) throws -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    while true {
      let got = read(descriptor, &bytes, count)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else {
        throw SearchError(.cannotBeRead, file: path, "cannot be read: \(FileHandleReader.lastError)")
      }
      return got == 0 ? nil : Array(bytes.prefix(got))
    }
  }

  /// A whole file of at most `limit` bytes.
  package static func contents(of path: String, limit: Int) throws -> [UInt8] {
    guard let file = FileHandleReader(path) else {
      throw SearchError(.cannotBeRead, file: path, "cannot be read: \(lastError)")
    }
    var bytes: [UInt8] = []
    while let piece = try file.next(1 << 16) {
      bytes += piece
      guard bytes.count <= limit else {
        throw SearchError(.badContent, file: path, "is larger than \(limit) bytes, which no such file is")
      }
    }
    return bytes
  }
}
