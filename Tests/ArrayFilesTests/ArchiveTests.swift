import Foundation
import Testing

@testable import ArrayFiles

@Suite struct ArchiveTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  static let first = npyFile(
    header: npyHeader(type: "<i2", shape: "(2,)"), data: littleEndianBytes(3 as Int16) + littleEndianBytes(-4 as Int16))
  static let second = npyFile(header: npyHeader(type: "|u1", shape: "(3,)"), data: [7, 8, 9])

  /// An archive of a stored and a deflated array.
  static var sound: HandmadeZip { HandmadeZip([.init("a.npy", storing: first), .init("b.npy", deflating: second)]) }

  enum Twist: CaseIterable {
    case localOffsetOutside, sizeOutside, sizeHuge, sharedBytes, nested, encrypted, unknownMethod, countTooLarge
    case countTooSmall, directoryOutside, directoryTooLong, directoryTooShort, nameTwice, otherDisk, localNameDiffers
    case storedSizesDiffer, wrongChecksum, wrongDeflatedChecksum, inflatesToMore, inflatesToLess, statedBomb
    case deflatedTooLong, zip64Missing, offsetOfNothing

    func applied(to zip: HandmadeZip) -> HandmadeZip {
      var zip = zip
      switch self {
      case .localOffsetOutside: zip.members[0].statedOffset = 0x7fff_ffff
      case .sizeOutside: (zip.members[0].compressedCount, zip.members[0].inflatedCount) = (5000, 5000)
      case .sizeHuge: (zip.members[0].compressedCount, zip.members[0].inflatedCount) = (0xffff_fffe, 0xffff_fffe)
      case .sharedBytes: zip.members[1].statedOffset = 0
      case .nested: zip.members[1].statedOffset = 10
      case .encrypted: zip.members[0].flags = 1
      case .unknownMethod: zip.members[0].method = 12
      case .countTooLarge: zip.statedCount = 3
      case .countTooSmall: zip.statedCount = 1
      case .directoryOutside: zip.statedDirectoryOffset = 0x7fff_ffff
      case .directoryTooLong: zip.statedDirectorySize = 0x7fff_ffff
      case .directoryTooShort: zip.statedDirectorySize = 60
      case .nameTwice: zip.members[1].name = "a.npy"
      case .otherDisk: zip.members[0].disk = 1
      case .localNameDiffers: zip.members[0].localName = "c.npy"
      case .storedSizesDiffer: zip.members[0].inflatedCount -= 1
      case .wrongChecksum: zip.members[0].checksum ^= 1
      case .wrongDeflatedChecksum: zip.members[1].checksum ^= 1
      case .inflatesToMore: zip.members[1].inflatedCount -= 1
      case .inflatesToLess: zip.members[1].inflatedCount += 1
      case .statedBomb: zip.members[1].inflatedCount = 0x7fff_ffff
      case .deflatedTooLong:
        zip.members[1].data += [0, 0]
        zip.members[1].compressedCount += 2
      case .zip64Missing: zip.members[0].inflatedCount = 0xffff_ffff
      case .offsetOfNothing: zip.members[1].statedOffset = 40
      }
      return zip
    }
  }

  private func readAll(_ zip: HandmadeZip) throws -> [[Int64]] {
    let archive = try NumPyArchive(try scratch.write(zip.bytes, as: "a.npz"))
    return try archive.names.map { try archive.array(named: $0).int64s() }
  }

  @Test func `stored and deflated members are read`() throws {
    #expect(try readAll(Self.sound) == [[3, -4], [7, 8, 9]])
  }

  @Test func `data descriptors, a comment, and bytes before the first member do not disturb`() throws {
    var zip = Self.sound
    zip.members[0].hasDataDescriptor = true
    zip.members[1].hasDataDescriptor = true
    zip.comment = Array("PK\u{5}\u{6} is what an end record begins with".utf8)
    #expect(try readAll(zip) == [[3, -4], [7, 8, 9]])
    zip.prefix = [1, 2, 3]
    #expect(try readAll(zip) == [[3, -4], [7, 8, 9]])
  }

  @Test(arguments: Twist.allCases)
  func `an archive that lies is an error`(_ twist: Twist) throws {
    let error = #expect(throws: ArrayFileError.self) { try readAll(twist.applied(to: Self.sound)) }
    #expect(error?.kind == .badContent)
    #expect(error?.path == scratch.file("a.npz"))
  }

  @Test(arguments: ["(0,)", "(3, 0, 2)", "(0, 4)"], [false, true])
  func `an array without elements is read, and its checksum compared`(_ shape: String, fortran: Bool) throws {
    let empty = npyFile(header: npyHeader(type: "<f8", shape: shape, fortran: fortran))
    var zip = HandmadeZip([.init("a.npy", storing: empty)])
    #expect(try ArrayFile.open(try scratch.write(zip.bytes, as: "a.npz")).doubles() == [])
    zip.members[0].checksum ^= 1
    let file = try ArrayFile.open(try scratch.write(zip.bytes, as: "a.npz"))
    #expect(throws: ArrayFileError.self) { try file.doubles() }
  }

  @Test func `a member inside another member is an error although both are sound`() throws {
    var zip = HandmadeZip([.init("b.npy", storing: Self.second)])
    // The whole archive of b is the content of a; the outer directory lists both.
    let inner = HandmadeZip.Member("a.npy", storing: zip.bytes)
    zip.members[0].statedOffset = 30 + 5
    zip.members.insert(inner, at: 0)
    let path = try scratch.write(zip.bytes, as: "a.npz")
    let error = arrayFileError { () throws(ArrayFileError) in _ = try NumPyArchive(path) }
    #expect(error?.problem.contains("overlap") == true)
  }

  @Test func `members that are no arrays are not listed`() throws {
    var zip = Self.sound
    zip.members.append(.init("readme.txt", storing: [1, 2]))
    #expect(try NumPyArchive(try scratch.write(zip.bytes, as: "a.npz")).names == ["a", "b"])
  }

  @Test func `a member may be named with or without its ending`() throws {
    let path = try scratch.write(Self.sound.bytes, as: "a.npz")
    #expect(try ArrayFile.open(path, member: "a").int64s() == [3, -4])
    #expect(try ArrayFile.open(path, member: "a.npy").int64s() == [3, -4])
  }

  @Test func `what is not there is answered with what is there`() throws {
    let path = try scratch.write(Self.sound.bytes, as: "a.npz")
    let missing = arrayFileError { () throws(ArrayFileError) in _ = try ArrayFile.open(path, member: "images") }
    #expect(missing?.description == "\(path): expected an array named images, found a, b")
    let unnamed = arrayFileError { () throws(ArrayFileError) in _ = try ArrayFile.open(path) }
    #expect(unnamed?.description == "\(path): expected the name of the array to read, found a, b")
    let single = try scratch.write(Self.first, as: "a.npy")
    let noArchive = arrayFileError { () throws(ArrayFileError) in _ = try ArrayFile.open(single, member: "x") }
    #expect(noArchive?.problem == "expected an archive with an array named x, found no zip archive")
  }

  @Test func `the only array of an archive needs no name`() throws {
    let path = try scratch.write(HandmadeZip([.init("a.npy", storing: Self.first)]).bytes, as: "one.npz")
    #expect(try ArrayFile.open(path).int64s() == [3, -4])
    let empty = try scratch.write(HandmadeZip([]).bytes, as: "none.npz")
    let error = arrayFileError { () throws(ArrayFileError) in _ = try ArrayFile.open(empty) }
    #expect(error?.problem.contains("without arrays") == true)
  }

  @Test func `a name with line breaks still makes a message of one line`() throws {
    let zip = HandmadeZip([.init("a\n\u{1b}[2Jb.npy", storing: [1, 2, 3])])
    let archive = try NumPyArchive(try scratch.write(zip.bytes, as: "a.npz"))
    let error = arrayFileError { () throws(ArrayFileError) in _ = try archive.array(named: archive.names[0]) }
    #expect(error?.description.contains("a\\n\\u{1B}[2Jb") == true, "\(error?.description ?? "no error")")
  }

  @Test func `what inflates beyond the limit is refused before it takes the memory`() throws {
    // 100,000 zero bytes, deflated to 114.
    let stream = Array(try #require(Data(base64Encoded: deflatedZeros)))
    let path = try scratch.write(stream, as: "zeros")
    let file = try InputFile(path)
    func inflated(stating count: Int, limit: Int) throws(ArrayFileError) -> Int {
      let member = try DeflatedMember(
        file, range: 0..<file.byteCount, inflatedCount: count, checksum: 0x0b1e_7a3f, name: ArrayName(path: path),
        limit: limit)
      var byte = [UInt8](repeating: 1, count: count)
      try byte.withMutableBytes { (buffer) throws(ArrayFileError) in try member.read(at: 0, into: buffer) }
      return byte.count
    }
    for (count, limit, message) in [
      (100_000, 99_999, "the limit is 99999"), (99_999, 100_000, "found more"), (100_001, 200_000, "found 100000"),
      (200_000, 200_000, "cannot inflate"), (100_000, 100_000, "checksum"),
    ] {
      let error = arrayFileError { () throws(ArrayFileError) in _ = try inflated(stating: count, limit: limit) }
      #expect(error?.problem.contains(message) == true, "\(error?.problem ?? "no error")")
    }
    let zip = try scratch.write(gzipped([UInt8](repeating: 0, count: 300_000)), as: "zeros.gz")
    let error = arrayFileError { () throws(ArrayFileError) in
      _ = try GzipFile.inflated(try InputFile(zip), name: ArrayName(path: zip), limit: 299_999)
    }
    #expect(error?.problem.contains("the limit is 299999") == true)
  }
}
