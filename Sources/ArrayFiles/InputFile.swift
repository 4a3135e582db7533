import Glibc

/// A regular file opened to be read at any offset.
///
/// Read by `pread` and never mapped: a mapped file that another process cuts short ends this process with SIGBUS.
/// A class because it owns the descriptor, which several arrays of one archive share; `pread` has no file position,
/// so threads may read at the same time.
final class InputFile: Sendable {
  /// The path as the caller gave it.
  let path: String
  /// The length when the file was opened.
  let byteCount: Int
  private let descriptor: Int32

  init(_ path: String) throws(ArrayFileError) {
    func refusal(_ problem: String) -> ArrayFileError { ArrayFileError(.cannotBeRead, path: path, problem) }
    guard !path.utf8.contains(0) else { throw refusal("cannot be read: the path holds a zero byte") }
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let (descriptor, code) = uninterrupted { Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw refusal("cannot be read: \(systemErrorText(code))") }
    var status = stat()
    let outcome = uninterrupted { fstat(descriptor, &status) }
    guard outcome.result == 0, status.st_mode & S_IFMT == S_IFREG else {
      _ = Glibc.close(descriptor)
      let isDirectory = outcome.result == 0 && status.st_mode & S_IFMT == S_IFDIR
      throw refusal(
        outcome.result != 0
          ? "cannot be read: \(systemErrorText(outcome.code))"
          : "cannot be read: \(isDirectory ? "it is a directory" : "it is not a regular file")")
    }
    self.path = path
    self.byteCount = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { _ = Glibc.close(descriptor) }

  /// Fills a buffer from the given offset on.
  /// - Throws: when the file ends before the buffer is full, or the system cannot read.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ArrayFileError) {
    var rest = buffer
    var position = offset
    while !rest.isEmpty {
      let (count, code) = uninterrupted {
        pread(descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(position))
      }
      guard count >= 0 else {
        throw ArrayFileError(.cannotBeRead, path: path, "cannot be read: \(systemErrorText(code))")
      }
      guard count > 0 else {
        throw ArrayFileError(
          .badContent, path: path,
          "expected \(byteCount) bytes, found an end after \(position): the file became shorter while it was read")
      }
      rest = UnsafeMutableRawBufferPointer(rebasing: rest[count...])
      position += count
    }
  }

  /// The bytes of a range that lies within the file.
  func bytes(in range: Range<Int>) throws(ArrayFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    try bytes.withMutableBytes { (buffer) throws(ArrayFileError) in try read(at: range.lowerBound, into: buffer) }
    return bytes
  }
}
