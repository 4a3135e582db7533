/// The bytes of one array with its header: part of a file, or inflated in memory.
enum ByteRegion: Sendable {
  /// Bytes that lie in the file as they are.
  /// - Parameter checksum: the CRC-32 that the archive states for all of them.
  case stored(InputFile, at: Range<Int>, checksum: UInt32?)
  /// A deflated member of an archive.
  case deflated(DeflatedMember)
  /// What a gzip file inflated to.
  case inflated([UInt8])

  /// The number of bytes.
  var count: Int {
    switch self {
    case .stored(_, let range, _): range.count
    case .deflated(let member): member.inflatedCount
    case .inflated(let bytes): bytes.count
    }
  }

  /// The checksum still to be compared by whoever reads all bytes; inflated bytes were compared when they were inflated.
  var uncheckedChecksum: UInt32? {
    guard case .stored(_, _, let checksum) = self else { return nil }
    return checksum
  }

  /// Fills a buffer from the given offset on.
  /// - Precondition: the buffer ends within `count`.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ArrayFileError) {
    precondition(offset >= 0 && buffer.count <= count - offset, "a read beyond the end of an array")
    switch self {
    case .stored(let file, let range, _): try file.read(at: range.lowerBound + offset, into: buffer)
    case .deflated(let member): try member.read(at: offset, into: buffer)
    case .inflated(let bytes):
      bytes.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
      }
    }
  }

  /// The bytes of a range, which must lie within `count`.
  func bytes(in range: Range<Int>) throws(ArrayFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    try bytes.withMutableBytes { (buffer) throws(ArrayFileError) in try read(at: range.lowerBound, into: buffer) }
    return bytes
  }
}
