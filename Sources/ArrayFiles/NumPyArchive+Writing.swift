extension NumPyArchive {
  /// Writes an archive of these arrays, in this order, stored and not deflated; whole or not at all.
  ///
  /// The bytes depend on names and arrays alone. NumPy reads each array under exactly its name, whatever characters that
  /// has.
  /// - Throws: `badContent` when two names are the same, or one holds a zero byte or more than 65,531 bytes; otherwise
  ///   what `AtomicFile` throws.
  public static func write(_ arrays: [(name: String, array: NumPyArray)], to path: String) throws(ArrayFileError) {
    try write(arrays, to: path, limits: ZipWriter.Limits())
  }

  static func write(
    _ arrays: [(name: String, array: NumPyArray)], to path: String, limits: ZipWriter.Limits
  ) throws(ArrayFileError) {
    try checkNames(arrays.map(\.name), path: path)
    try AtomicFile.write(to: path) { (output) throws(ArrayFileError) in
      var writer = ZipWriter(limits: limits)
      for (name, array) in arrays {
        let header = array.header
        let record = writer.begin(
          name: name + ending, size: header.count + array.byteCount, checksum: array.checksum(behind: header))
        try output.append(record + header)
        try array.append(to: output)
      }
      try output.append(writer.end())
    }
  }

  private static func checkNames(_ names: [String], path: String) throws(ArrayFileError) {
    var seen: Set<[UInt8]> = []
    for name in names {
      let bytes = Array(name.utf8)
      let problem: String
      if bytes.count + ending.utf8.count > Int(UInt16.max) {
        problem = "a name of \(bytes.count) bytes is too long for an archive"
      } else if bytes.contains(0) {
        problem = "the name holds a zero byte, where readers would cut it off"
      } else if !seen.insert(bytes).inserted {
        problem = "two arrays have this name"
      } else {
        continue
      }
      throw ArrayFileError(.badContent, path: path, member: String(name.prefix(80)), problem)
    }
  }
}
