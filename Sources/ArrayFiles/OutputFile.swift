import Glibc

/// A new file being written. It owns the descriptor, and closes it if `finish` was not reached.
struct OutputFile: ~Copyable {
  /// The name it has until it is renamed.
  let temporaryPath: String
  private let path: String
  private let descriptor: Int32

  /// Takes over a descriptor that is open for writing.
  /// - Parameter path: the name that the file will have, for error texts.
  init(descriptor: Int32, temporaryPath: String, path: String) {
    self.descriptor = descriptor
    self.temporaryPath = temporaryPath
    self.path = path
  }

  /// Creates a file with a name that nobody uses.
  /// - Parameters:
  ///   - directory: the directory with its slash, or nothing for the current one.
  ///   - path: the name that the file will have.
  static func create(in directory: String, for path: String) throws(ArrayFileError) -> OutputFile {
    var attemptsLeft = 16
    while true {
      let candidate = directory + TemporaryName.random
      let (descriptor, code) = uninterrupted { open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
      if descriptor >= 0 { return OutputFile(descriptor: descriptor, temporaryPath: candidate, path: path) }
      attemptsLeft -= 1
      guard code == EEXIST, attemptsLeft > 0 else {
        throw ArrayFileError(
          isDeviceFault(code) ? .inputOutput : .cannotBeCreated, path: path,
          "cannot be created: \(systemErrorText(code))")
      }
    }
  }

  deinit { close(descriptor) }

  /// Appends all of the bytes.
  func append(_ bytes: UnsafeRawBufferPointer) throws(ArrayFileError) {
    var rest = bytes
    while !rest.isEmpty {
      let (count, code) = uninterrupted { Glibc.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30)) }
      guard count > 0 else {
        throw ArrayFileError(
          .inputOutput, path: path, "cannot be written: \(systemErrorText(count < 0 ? code : ENOSPC))")
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// Appends all of the elements as they lie in memory.
  func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(ArrayFileError) {
    try elements.withUnsafeBufferPointer { (buffer) throws(ArrayFileError) in
      try append(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Forces the bytes to the device.
  func finish() throws(ArrayFileError) {
    let (result, code) = uninterrupted { fsync(descriptor) }
    guard result == 0 else {
      throw ArrayFileError(.inputOutput, path: path, "cannot be written: \(systemErrorText(code))")
    }
  }
}
