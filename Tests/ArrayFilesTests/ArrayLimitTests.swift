import Testing

@testable import ArrayFiles

struct ArrayLimitTests {
  @Test(arguments: [
    String(repeating: "n", count: ArrayLimits.nameBytes + 1),
    String(repeating: "é", count: ArrayLimits.otherNameBytes / 2 + 1),
  ])
  func `a member whose name is too long is refused`(_ name: String) throws {
    let scratch = try ScratchDirectory()
    let path = try scratch.write(HandmadeZip([.init(name, storing: [])]).bytes, as: "long.npz")
    let error = #expect(throws: ArrayFileError.self) { try NumPyArchive(path) }
    #expect(error?.problem.contains("has a name of \(name.utf8.count) bytes") == true)
  }

  @Test func `names of some length are read`() throws {
    let scratch = try ScratchDirectory()
    let name = String(repeating: "layer.", count: 1000)
    try NumPyArchive.write([(name, NumPyArray(.doubles([1, 2])))], to: scratch.file("a.npz"))
    #expect(try NumPyArchive(scratch.file("a.npz")).array(named: name).doubles() == [1, 2])
  }

  @Test func `members are limited by what the end record says`() throws {
    let scratch = try ScratchDirectory()
    // The 64-bit end record says how many.
    let limits = ZipWriter.Limits(size: 0, count: 0)
    try NumPyArchive.write([("a", NumPyArray(.doubles([1])))], to: scratch.file("a.npz"), limits: limits)
    var bytes = try [UInt8](scratchContent(scratch.file("a.npz")))
    let record = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4b, 6, 6]) })
    for place in [24, 32] {
      bytes.replaceSubrange(record + place..<record + place + 8, with: littleEndianBytes(UInt64(1) << 40))
    }
    let path = try scratch.write(bytes, as: "many.npz")
    let error = #expect(throws: ArrayFileError.self) { try NumPyArchive(path) }
    #expect(error?.problem.contains("at most \(ArrayLimits.members) members") == true, "\(String(describing: error))")
  }

  private func scratchContent(_ path: String) throws -> [UInt8] {
    let file = try InputFile(path)
    return try file.bytes(in: 0..<file.byteCount)
  }

  @Test func `an error text is one line of bounded length`() throws {
    let scratch = try ScratchDirectory()
    let type = String(repeating: "<\u{1B}f", count: 10_000)
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (1,), }"
    let bytes = NPYHeader.magic + [1, 0] + littleEndianBytes(UInt16(header.utf8.count)) + Array(header.utf8)
    let path = try scratch.write(bytes, as: "type.npy")
    let error = #expect(throws: ArrayFileError.self) { try ArrayFile.open(path) }
    let line = try #require(error?.description)
    #expect(line.hasSuffix("…") && !line.unicodeScalars.contains { $0.value < 0x20 })
    #expect(line.unicodeScalars.count < ArrayLimits.errorCharacters * 7)
  }
}
