/// The central directory of a zip archive, checked as a whole (PKWARE's APPNOTE 6.3, sections 4.3.12 to 4.3.16).
struct ZipDirectory {
  /// The members in the directory's order, their names all different, their bytes apart from each other.
  let entries: [ZipEntry]

  static let entrySignature: UInt32 = 0x0201_4b50

  init(of file: InputFile) throws(ArrayFileError) {
    let name = ArrayName(path: file.path)
    let end = try ZipEndRecord(of: file, name: name)
    guard end.directory.count <= ArrayLimits.directoryBytes, end.entryCount <= ArrayLimits.members else {
      throw name.badContent(
        expected:
          "an archive directory of at most \(ArrayLimits.members) members in \(ArrayLimits.directoryBytes) bytes",
        found: "\(end.entryCount) in \(end.directory.count)")
    }
    var cursor = ByteCursor(try file.bytes(in: end.directory))
    var entries: [ZipEntry] = []
    while cursor.remaining > 0, entries.count < end.entryCount {
      entries.append(try Self.entry(&cursor, directory: end.directory, name: name))
    }
    guard entries.count == end.entryCount, cursor.remaining == 0 else {
      throw name.badContent(
        expected: "\(end.entryCount) members in the archive's directory of \(end.directory.count) bytes",
        found: cursor.remaining == 0 ? "\(entries.count)" : "more")
    }
    try Self.separate(&entries, directoryStart: end.directory.lowerBound, name: name)
    self.entries = entries
  }

  /// Reads one member's record.
  private static func entry(
    _ cursor: inout ByteCursor, directory: Range<Int>, name: ArrayName
  ) throws(ArrayFileError) -> ZipEntry {
    let place = directory.lowerBound + cursor.position
    guard cursor.take(UInt32.self) == entrySignature, cursor.take(4) != nil,  // versions
      let flags = cursor.take(UInt16.self), let method = cursor.take(UInt16.self), cursor.take(4) != nil,  // time, date
      let checksum = cursor.take(UInt32.self), let compressed = cursor.take(UInt32.self),
      let inflated = cursor.take(UInt32.self), let nameCount = cursor.take(UInt16.self),
      let extraCount = cursor.take(UInt16.self), let commentCount = cursor.take(UInt16.self),
      let disk = cursor.take(UInt16.self), cursor.take(6) != nil,  // attributes
      let offset = cursor.take(UInt32.self), let nameBytes = cursor.take(Int(nameCount)),
      let extra = cursor.take(Int(extraCount)), cursor.take(Int(commentCount)) != nil
    else { throw name.badContent("the archive's directory is broken at byte \(place)") }
    let isPlain = nameBytes.allSatisfy { $0 < 0x80 }
    guard nameBytes.count <= (isPlain ? ArrayLimits.nameBytes : ArrayLimits.otherNameBytes) else {
      throw name.badContent("the member at byte \(place) of the directory has a name of \(nameBytes.count) bytes")
    }
    var member = name
    member.member = String(decoding: nameBytes, as: UTF8.self)
    guard flags & 1 == 0 else { throw member.badContent("it is encrypted") }
    guard disk == 0 || disk == 0xffff else { throw member.badContent("it lies in another part of a split archive") }
    guard let compression = ZipEntry.Compression(rawValue: method) else {
      throw member.badContent(expected: "compression method 0 (stored) or 8 (deflated)", found: "\(method)")
    }
    var large = zip64Numbers(extra)
    func full(_ short: UInt32) -> Int? {
      short == UInt32.max ? large.take(UInt64.self).flatMap { Int(exactly: $0) } : Int(short)
    }
    // In this order, and there only where the short number is saturated.
    guard let inflatedCount = full(inflated), let compressedCount = full(compressed), let localOffset = full(offset)
    else { throw member.badContent("the directory has no 64-bit sizes for it, or they are too large") }
    guard compression != .stored || compressedCount == inflatedCount else {
      throw member.badContent("it is stored, yet has sizes \(compressedCount) and \(inflatedCount)")
    }
    return ZipEntry(
      nameBytes: Array(nameBytes), compression: compression, checksum: checksum, compressedCount: compressedCount,
      inflatedCount: inflatedCount, localOffset: localOffset, limit: 0)
  }

  /// The content of the zip64 field among a member's extra fields; empty when there is none.
  private static func zip64Numbers(_ extra: ArraySlice<UInt8>) -> ByteCursor {
    var cursor = ByteCursor(extra)
    while let tag = cursor.take(UInt16.self), let count = cursor.take(UInt16.self) {
      guard let content = cursor.take(Int(count)) else { break }
      if tag == 1 { return ByteCursor(content) }
    }
    return ByteCursor([])
  }

  /// Sets every member's limit; no two may share a byte or a name.
  private static func separate(
    _ entries: inout [ZipEntry], directoryStart: Int, name: ArrayName
  ) throws(ArrayFileError) {
    var limit = directoryStart
    for index in entries.indices.sorted(by: { entries[$0].localOffset > entries[$1].localOffset }) {
      let entry = entries[index]
      let (headerEnd, overflow) = entry.localOffset.addingReportingOverflow(
        ZipEntry.localHeaderBytes + entry.nameBytes.count)
      guard !overflow, headerEnd <= limit, entry.compressedCount <= limit - headerEnd else {
        throw ArrayName(path: name.path, member: entry.name).badContent(
          "its \(entry.compressedCount) bytes behind byte \(entry.localOffset) overlap what begins at byte \(limit)")
      }
      entries[index].limit = limit
      limit = entry.localOffset
    }
    var seen: Set<[UInt8]> = []
    for entry in entries where !seen.insert(entry.nameBytes).inserted {
      throw ArrayName(path: name.path, member: entry.name).badContent("the archive has it twice")
    }
  }
}
