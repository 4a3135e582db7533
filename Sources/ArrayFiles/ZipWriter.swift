/// Writes the records of a zip archive whose members are stored.
///
/// Nothing in them depends on when or where they are written: the time is always 1980-01-01 00:00, the first that the
/// format can state, and there are no fields beyond those that 64-bit sizes need.
struct ZipWriter {
  /// The largest numbers that the short fields state; a larger one goes to the 64-bit fields.
  struct Limits {
    var size = Int(UInt32.max) - 1
    var count = Int(UInt16.max) - 1
  }

  private let limits: Limits
  private var directory: [UInt8] = []
  private var entryCount = 0
  private var offset = 0

  private static let date: UInt16 = 1 << 5 | 1  // years since 1980, month, day

  init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// The local header of the next member, which its bytes must follow.
  mutating func begin(name: String, size: Int, checksum: UInt32) -> [UInt8] {
    let name = Array(name.utf8)
    let isLarge = size > limits.size
    let isFar = offset > limits.size
    // 4.5 is the first version of the format with 64-bit sizes.
    let version: UInt16 = isLarge || isFar ? 45 : 20
    let flags: UInt16 = name.allSatisfy { $0 < 0x80 } ? 0 : 1 << 11  // the name is UTF-8
    let shortSize = isLarge ? UInt32.max : UInt32(size)
    func record(extraCount: Int) -> [UInt8] {
      littleEndianBytes(version) + littleEndianBytes(flags) + littleEndianBytes(ZipEntry.Compression.stored.rawValue)
        + [0, 0] + littleEndianBytes(Self.date) + littleEndianBytes(checksum) + littleEndianBytes(shortSize)
        + littleEndianBytes(shortSize) + littleEndianBytes(UInt16(name.count)) + littleEndianBytes(UInt16(extraCount))
    }
    let sizes = isLarge ? littleEndianBytes(UInt64(size)) + littleEndianBytes(UInt64(size)) : []
    let localExtra = Self.zip64Field(sizes)
    let centralExtra = Self.zip64Field(sizes + (isFar ? littleEndianBytes(UInt64(offset)) : []))
    let local = littleEndianBytes(ZipEntry.localSignature) + record(extraCount: localExtra.count) + name + localExtra

    directory += littleEndianBytes(ZipDirectory.entrySignature) + littleEndianBytes(version)
    directory += record(extraCount: centralExtra.count)
    directory += [UInt8](repeating: 0, count: 10)  // comment, disk, attributes
    directory += littleEndianBytes(isFar ? UInt32.max : UInt32(offset)) + name + centralExtra
    entryCount += 1
    offset += local.count + size
    return local
  }

  /// The directory and the end records, which end the archive.
  func end() -> [UInt8] {
    let isLarge = entryCount > limits.count || directory.count > limits.size || offset > limits.size
    var bytes = directory
    if isLarge {
      bytes += littleEndianBytes(ZipEndRecord.zip64Signature) + littleEndianBytes(UInt64(ZipEndRecord.zip64Bytes - 12))
      bytes += littleEndianBytes(45 as UInt16) + littleEndianBytes(45 as UInt16) + [UInt8](repeating: 0, count: 8)
      bytes += littleEndianBytes(UInt64(entryCount)) + littleEndianBytes(UInt64(entryCount))
      bytes += littleEndianBytes(UInt64(directory.count)) + littleEndianBytes(UInt64(offset))
      bytes += littleEndianBytes(ZipEndRecord.locatorSignature) + [0, 0, 0, 0]
      bytes += littleEndianBytes(UInt64(offset + directory.count)) + littleEndianBytes(1 as UInt32)
    }
    let shortCount = littleEndianBytes(entryCount > limits.count ? UInt16.max : UInt16(entryCount))
    bytes += ZipEndRecord.signature + [0, 0, 0, 0] + shortCount + shortCount
    bytes += littleEndianBytes(directory.count > limits.size ? UInt32.max : UInt32(directory.count))
    bytes += littleEndianBytes(offset > limits.size ? UInt32.max : UInt32(offset)) + [0, 0]
    return bytes
  }

  private static func zip64Field(_ numbers: [UInt8]) -> [UInt8] {
    numbers.isEmpty ? [] : littleEndianBytes(1 as UInt16) + littleEndianBytes(UInt16(numbers.count)) + numbers
  }
}
