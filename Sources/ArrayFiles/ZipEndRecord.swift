/// The record at the end of a zip archive: where the directory is and how many members it lists.
struct ZipEndRecord {
  /// The directory's bytes; they lie within the file, before the end record.
  let directory: Range<Int>
  let entryCount: Int

  static let signature: [UInt8] = [0x50, 0x4b, 5, 6]
  private static let bytes = 22
  static let locatorSignature: UInt32 = 0x0706_4b50
  private static let locatorBytes = 20
  static let zip64Signature: UInt32 = 0x0606_4b50
  static let zip64Bytes = 56

  init(of file: InputFile, name: ArrayName) throws(ArrayFileError) {
    // A comment of up to 65,535 bytes may follow the record.
    let tailStart = max(0, file.byteCount - Self.bytes - 0xffff)
    let tail = try file.bytes(in: tailStart..<file.byteCount)
    guard let place = Self.place(in: tail) else {
      throw name.badContent("the archive has no end record; it may have been cut off")
    }
    var cursor = ByteCursor(tail[(place + 4)...])
    guard let disk = cursor.take(UInt16.self), let directoryDisk = cursor.take(UInt16.self),
      let diskCount = cursor.take(UInt16.self), let shortCount = cursor.take(UInt16.self),
      let shortSize = cursor.take(UInt32.self), let shortOffset = cursor.take(UInt32.self)
    else { throw name.badContent("the archive's end record is broken") }
    var size = Int(shortSize)
    var offset = Int(shortOffset)
    var count = Int(shortCount)
    var end = tailStart + place
    let isSaturated = shortCount == UInt16.max || shortSize == UInt32.max || shortOffset == UInt32.max
    if isSaturated, let large = try Self.zip64(before: end, in: file, name: name) {
      (size, offset, count, end) = large
    } else {
      guard disk == 0, directoryDisk == 0, diskCount == shortCount else {
        throw name.badContent("it is one part of a split archive")
      }
    }
    guard offset <= end, size <= end - offset else {
      throw name.badContent(
        expected: "the archive's directory before byte \(end)", found: "\(size) bytes from byte \(offset) on")
    }
    directory = offset..<offset + size
    entryCount = count
  }

  /// The last place of a record whose comment ends with the file.
  private static func place(in tail: [UInt8]) -> Int? {
    for place in stride(from: tail.count - bytes, through: 0, by: -1)
    where tail[place] == signature[0] && tail[place...].starts(with: signature) {
      if Int(tail[place + 20]) | Int(tail[place + 21]) << 8 == tail.count - bytes - place { return place }
    }
    return nil
  }

  /// The numbers of the zip64 end record, or `nil` when there is none: a short number may be saturated by chance.
  private static func zip64(
    before end: Int, in file: InputFile, name: ArrayName
  ) throws(ArrayFileError) -> (size: Int, offset: Int, count: Int, end: Int)? {
    guard end >= locatorBytes else { return nil }
    var locator = ByteCursor(try file.bytes(in: end - locatorBytes..<end))
    guard locator.take(UInt32.self) == locatorSignature else { return nil }
    let broken = name.badContent("the archive's 64-bit end record is broken")
    guard locator.take(UInt32.self) == 0, let place = locator.take(UInt64.self).flatMap({ Int(exactly: $0) }),
      end - locatorBytes >= zip64Bytes, place <= end - locatorBytes - zip64Bytes
    else { throw broken }
    var record = ByteCursor(try file.bytes(in: place..<place + zip64Bytes))
    guard record.take(UInt32.self) == zip64Signature, record.take(12) != nil,  // size, versions
      record.take(UInt32.self) == 0, record.take(UInt32.self) == 0, let diskCount = record.take(UInt64.self),
      let count = record.take(UInt64.self), count == diskCount, let size = record.take(UInt64.self),
      let offset = record.take(UInt64.self)
    else { throw broken }
    guard let size = Int(exactly: size), let offset = Int(exactly: offset), let count = Int(exactly: count) else {
      throw broken
    }
    return (size, offset, count, place)
  }
}
