import Glibc

extension AtomicFile {
  /// Makes a directory, if it is not there yet, so that it outlives a power cut; the one above it must be there.
  /// - Throws: `cannotBeCreated` when the system does not allow it; `inputOutput` when the device fails or is full.
  public static func makeDirectory(_ path: String) throws(ArrayFileError) {
    var name = Substring(path)
    while name.count > 1, name.hasSuffix("/") { name.removeLast() }
    let (result, code) = uninterrupted { mkdir(String(name), 0o777) }
    guard result != 0 else { return try synchronizeDirectory(directoryPrefix(of: String(name)), for: path) }
    // Who made it may have been killed before its entry was on the device: the files in it are what matters, and writing
    // them tells whether it is a directory.
    guard code != EEXIST else { return }
    throw ArrayFileError(
      isDeviceFault(code) ? .inputOutput : .cannotBeCreated, path: path, "cannot be created: \(systemErrorText(code))")
  }

  /// Removes temporary files that killed processes have left in a directory.
  ///
  /// Nothing else is touched, and nobody may be writing to the directory meanwhile. What cannot be removed stays.
  public static func removeLeftovers(in directory: String) {
    for name in names(in: directory) where TemporaryName.matches(name) { unlink(directory + "/" + name) }
  }

  /// The names in a directory, in no order, without `.` and `..`; none when it cannot be read.
  public static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
