/// Files compressed by gzip, recognised by their first two bytes and not by their name.
enum GzipFile {
  static let magic: [UInt8] = [0x1f, 0x8b]

  /// All that the file inflates to.
  ///
  /// A gzip file states its length modulo 2³² and only at its end, and cannot be entered in the middle: so it is inflated
  /// whole when it is opened. Length and checksum of every part are compared.
  static func inflated(
    _ file: InputFile, name: ArrayName, limit: Int = ArrayLimits.inflatedBytes
  ) throws(ArrayFileError) -> [UInt8] {
    var reader = try InflatingReader(file, range: 0..<file.byteCount, wrapping: .gzip, name: name)
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = try part.withMutableBytes { (buffer) throws(ArrayFileError) in try reader.read(into: buffer) }
      guard count <= limit - bytes.count else {
        throw ArrayLimits.excess("more than \(limit)", limit: limit, name: name)
      }
      bytes.append(contentsOf: part[..<count])
      if count < part.count { return bytes }
    }
  }
}
