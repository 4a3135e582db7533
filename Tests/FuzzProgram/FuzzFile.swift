import Glibc

/// Files of a run.
enum FuzzFile {
  /// Writes a file in place of another; whether that went well.
  static func write(_ bytes: [UInt8], to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return bytes.withUnsafeBytes { rest in
      var done = 0
      while done < rest.count {
        let count = Glibc.write(descriptor, rest.baseAddress.map { $0 + done }, rest.count - done)
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
  }

  /// The bytes of a file; none where it cannot be read.
  static func read(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = Glibc.read(descriptor, &part, part.count), count > 0 { bytes += part[..<count] }
    return bytes
  }

  /// The names in a folder, in order; none where there is no such folder.
  static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
