/// A member of a zip archive, as the central directory states it.
struct ZipEntry: Sendable {
  /// How a member's bytes are kept. The raw value is the format's number.
  enum Compression: UInt16, Sendable {
    case stored = 0
    case deflated = 8
  }

  /// The name's bytes. Names are compared by them: two strings that Swift holds equal may be two names.
  let nameBytes: [UInt8]
  let compression: Compression
  let checksum: UInt32
  let compressedCount: Int
  let inflatedCount: Int
  /// Where the local header begins.
  let localOffset: Int
  /// Where the next member, or the directory, begins: this member's bytes must end before.
  var limit: Int

  /// The name as text.
  var name: String { String(decoding: nameBytes, as: UTF8.self) }

  static let localHeaderBytes = 30
  static let localSignature: UInt32 = 0x0403_4b50

  /// The range of the member's (compressed) bytes.
  ///
  /// Only the local header tells where they begin: its name and extra field have lengths of their own. Sizes and checksum
  /// are the directory's, since the local ones are zero where a data descriptor follows.
  func dataRange(in file: InputFile, name: ArrayName) throws(ArrayFileError) -> Range<Int> {
    var header = ByteCursor(try file.bytes(in: localOffset..<localOffset + Self.localHeaderBytes))
    guard header.take(UInt32.self) == Self.localSignature, header.take(4) != nil,
      let method = header.take(UInt16.self), header.take(16) != nil,
      let nameCount = header.take(UInt16.self), let extraCount = header.take(UInt16.self)
    else { throw name.badContent("the archive has no local header at byte \(localOffset)") }
    let nameStart = localOffset + Self.localHeaderBytes
    let start = nameStart + Int(nameCount) + Int(extraCount)
    guard start <= limit, compressedCount <= limit - start else {
      throw name.badContent("its \(compressedCount) bytes from byte \(start) on overlap what begins at byte \(limit)")
    }
    let localName = try file.bytes(in: nameStart..<nameStart + Int(nameCount))
    guard method == compression.rawValue, localName == nameBytes else {
      throw name.badContent("the local header at byte \(localOffset) and the archive's directory do not agree")
    }
    return start..<start + compressedCount
  }
}
