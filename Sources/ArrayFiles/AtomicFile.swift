import Glibc

/// Writes files whole or not at all.
///
/// The bytes go to a temporary file in the same directory, are forced to the device, and the file is then renamed to its
/// name: whoever opens that name sees the old content or the new, also after a crash or a power cut. A symbolic link at
/// the name is replaced and not followed.
public enum AtomicFile {
  /// Writes a file of these bytes, in place of what may be there.
  /// - Throws: `cannotBeCreated` when the directory does not allow it, or the name is in use by something that is not a
  ///   file; `inputOutput` when writing fails, as on a full disk. The temporary file is then removed.
  public static func write(_ bytes: [UInt8], to path: String) throws(ArrayFileError) {
    try write(to: path) { (output) throws(ArrayFileError) in try output.append(bytes) }
  }

  /// Writes a file of what `body` appends.
  static func write(
    to path: String, _ body: (borrowing OutputFile) throws(ArrayFileError) -> Void
  ) throws(ArrayFileError) {
    try checkReplaceable(path)
    let directory = directoryPrefix(of: path)
    let output = try OutputFile.create(in: directory, for: path)
    let temporary = output.temporaryPath
    do throws(ArrayFileError) {
      try body(output)
      try output.finish()
      let (result, code) = uninterrupted { rename(temporary, path) }
      guard result == 0 else {
        throw ArrayFileError(
          isDeviceFault(code) ? .inputOutput : .cannotBeCreated, path: path,
          "cannot be created: \(systemErrorText(code))")
      }
    } catch {
      unlink(temporary)
      throw error
    }
    try synchronizeDirectory(directory, for: path)
  }

  /// Turns away a name that a rename would take from a device or a pipe, such as `/dev/stdout`.
  private static func checkReplaceable(_ path: String) throws(ArrayFileError) {
    guard !path.utf8.contains(0) else {
      throw ArrayFileError(.cannotBeCreated, path: path, "cannot be created: the path holds a zero byte")
    }
    var status = stat()
    guard uninterrupted({ stat(path, &status) }).result == 0, status.st_mode & S_IFMT != S_IFREG else { return }
    let isDirectory = status.st_mode & S_IFMT == S_IFDIR
    throw ArrayFileError(
      .cannotBeCreated, path: path,
      "cannot be created: \(isDirectory ? "a directory" : "something that is not a regular file") has this name")
  }

  /// The directory part of a path with its slash; empty for a name in the current directory.
  static func directoryPrefix(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return String(path[...slash])
  }

  /// Forces a directory's entries to the device.
  static func synchronizeDirectory(_ directory: String, for path: String) throws(ArrayFileError) {
    let opened = uninterrupted { open(directory.isEmpty ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard opened.result >= 0 else {
      // A directory may be open to writing but not to reading; the file is in place, so that is no failure.
      if opened.code == EACCES || opened.code == EPERM { return }
      throw ArrayFileError(.inputOutput, path: path, "cannot be written: \(systemErrorText(opened.code))")
    }
    defer { close(opened.result) }
    let (result, code) = uninterrupted { fsync(opened.result) }
    // EINVAL: the file system does not do this for directories.
    guard result == 0 || code == EINVAL else {
      throw ArrayFileError(.inputOutput, path: path, "cannot be written: \(systemErrorText(code))")
    }
  }
}
