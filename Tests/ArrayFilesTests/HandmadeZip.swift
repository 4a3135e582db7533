@testable import ArrayFiles

/// A zip archive put together record by record, so that each of them may say something wrong.
struct HandmadeZip {
  struct Member {
    var name: String
    /// The bytes as they stand in the archive.
    var data: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0
    var checksum: UInt32
    var inflatedCount: UInt32
    var compressedCount: UInt32
    /// Where the directory says the local header is, in place of where it is.
    var statedOffset: UInt32?
    var localName: String?
    var hasDataDescriptor = false
    var disk: UInt16 = 0

    /// A stored member of these bytes.
    init(_ name: String, storing bytes: [UInt8]) {
      self.name = name
      data = bytes
      checksum = bytes.withUnsafeBytes { checksumOfBytes($0) }
      inflatedCount = UInt32(bytes.count)
      compressedCount = UInt32(bytes.count)
    }

    /// A deflated member of these bytes.
    init(_ name: String, deflating bytes: [UInt8]) {
      self.init(name, storing: bytes)
      method = 8
      data = deflated(bytes)
      compressedCount = UInt32(data.count)
    }
  }

  var members: [Member]
  var statedCount: UInt16?
  var statedDirectoryOffset: UInt32?
  var statedDirectorySize: UInt32?
  var comment: [UInt8] = []
  /// Bytes before the first member.
  var prefix: [UInt8] = []

  init(_ members: [Member]) { self.members = members }

  var bytes: [UInt8] {
    var bytes = prefix
    var directory: [UInt8] = []
    for member in members {
      let start = UInt32(bytes.count)
      let flags = member.flags | (member.hasDataDescriptor ? 8 : 0)
      let numbers: [UInt32] = [member.checksum, member.compressedCount, member.inflatedCount]
      let shared =
        littleEndianBytes(20 as UInt16) + littleEndianBytes(flags) + littleEndianBytes(member.method)
        + [0, 0, 0x21, 0]
      let localName = Array((member.localName ?? member.name).utf8)
      bytes += [0x50, 0x4b, 3, 4] + shared
      bytes += member.hasDataDescriptor ? [UInt8](repeating: 0, count: 12) : numbers.flatMap { littleEndianBytes($0) }
      bytes += littleEndianBytes(UInt16(localName.count)) + [0, 0] + localName + member.data
      if member.hasDataDescriptor { bytes += [0x50, 0x4b, 7, 8] + numbers.flatMap { littleEndianBytes($0) } }
      directory += [0x50, 0x4b, 1, 2, 20, 0] + shared + numbers.flatMap { littleEndianBytes($0) }
      directory += littleEndianBytes(UInt16(member.name.utf8.count)) + [0, 0, 0, 0] + littleEndianBytes(member.disk)
      directory += [UInt8](repeating: 0, count: 6) + littleEndianBytes(member.statedOffset ?? start)
      directory += Array(member.name.utf8)
    }
    let count = littleEndianBytes(statedCount ?? UInt16(members.count))
    let offset = littleEndianBytes(statedDirectoryOffset ?? UInt32(bytes.count))
    let size = littleEndianBytes(statedDirectorySize ?? UInt32(directory.count))
    bytes += directory + [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + count + count + size + offset
    return bytes + littleEndianBytes(UInt16(comment.count)) + comment
  }
}

/// A raw deflate stream of these bytes in uncompressed blocks, the simplest that the format knows.
func deflated(_ bytes: [UInt8]) -> [UInt8] {
  var stream: [UInt8] = []
  var rest = bytes[...]
  repeat {
    let block = rest.prefix(0xffff)
    rest = rest.dropFirst(block.count)
    let count = UInt16(block.count)
    stream += [rest.isEmpty ? 1 : 0] + littleEndianBytes(count) + littleEndianBytes(~count) + block
  } while !rest.isEmpty
  return stream
}

/// A gzip file of these bytes.
func gzipped(_ bytes: [UInt8]) -> [UInt8] {
  let checksum = bytes.withUnsafeBytes { checksumOfBytes($0) }
  return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3] + deflated(bytes) + littleEndianBytes(checksum)
    + littleEndianBytes(UInt32(truncatingIfNeeded: bytes.count))
}

/// An IDX file of 16-bit numbers.
func idxFile(shape: [UInt32], _ values: [Int16]) -> [UInt8] {
  [0, 0, 0x0b, UInt8(shape.count)] + shape.flatMap { littleEndianBytes($0).reversed() }
    + values.flatMap { littleEndianBytes($0).reversed() }
}
