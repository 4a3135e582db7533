import Testing

@testable import ArrayFiles

@Suite struct HeaderTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  struct Broken: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]
    /// A part of the message that says what is wrong.
    var message: String

    init(_ description: String, _ bytes: [UInt8], _ message: String) {
      testDescription = description
      self.bytes = bytes
      self.message = message
    }
  }

  static let two = [UInt8](repeating: 0, count: 16)
  static let brokenFiles: [Broken] = [
    Broken("empty file", [], "an empty file"),
    Broken("text file", Array("hello".utf8), "expected a .npy, .npz or IDX file"),
    Broken("format 4.0", npyFile(header: npyHeader(type: "<f8", shape: "(2,)"), data: two, version: 4), "found 4.0"),
    Broken(
      "too little data", npyFile(header: npyHeader(type: "<f8", shape: "(3,)"), data: two), "24 bytes of elements"),
    Broken("too much data", npyFile(header: npyHeader(type: "<f8", shape: "(1,)"), data: two), "found 16"),
    Broken("objects", npyFile(header: npyHeader(type: "|O", shape: "(2,)"), data: two), "pickled Python objects"),
    Broken("text elements", npyFile(header: npyHeader(type: "<U2", shape: "(2,)"), data: two), "type <U2"),
    Broken("complex", npyFile(header: npyHeader(type: "<c8", shape: "(2,)"), data: two), "type <c8"),
    Broken("no byte order", npyFile(header: npyHeader(type: "|f8", shape: "(2,)"), data: two), "byte order"),
    Broken("empty type", npyFile(header: npyHeader(type: "", shape: "(2,)"), data: two), "found type"),
    Broken(
      "records",
      npyFile(header: "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }", data: two), "records"),
    Broken(
      "product over 64 bits", npyFile(header: npyHeader(type: "<f8", shape: "(4294967296, 4294967296, 2)")),
      "more elements than 64 bits"),
    Broken(
      "product over 64 bits beside a zero",
      npyFile(header: npyHeader(type: "<f8", shape: "(0, 4294967296, 4294967296)")), "more elements than 64 bits"),
    Broken(
      "bytes over 64 bits", npyFile(header: npyHeader(type: "<f8", shape: "(2305843009213693951,)")),
      "more elements than 64 bits"),
    Broken(
      "extent over 64 bits", npyFile(header: npyHeader(type: "<f8", shape: "(99999999999999999999,)")),
      "more than 64 bits"),
    Broken("negative extent", npyFile(header: npyHeader(type: "<f8", shape: "(-2,)"), data: two), "an extent ≥ 0"),
    Broken(
      "65 axes", npyFile(header: npyHeader(type: "<f8", shape: "(\(String(repeating: "1, ", count: 65)))"), data: two),
      "at most 64 axes"),
    Broken("missing key", npyFile(header: "{'descr': '<f8', 'shape': (2,)}", data: two), "lacks one of"),
    Broken("key twice", npyFile(header: "{'descr': '<f8', 'descr': '<f8'}", data: two), "once in the header"),
    Broken("unknown key", npyFile(header: "{'order': 'C'}", data: two), "found 'order'"),
    Broken("no dictionary", npyFile(header: "[]", data: two), "expected '{'"),
    Broken("text after the dictionary", npyFile(header: npyHeader(type: "<f8", shape: "(2,)") + "x"), "header's end"),
    Broken(
      "boolean as a number", npyFile(header: "{'fortran_order': 1, }", data: two), "expected True or False"),
    Broken("header beyond the file", NPYHeader.magic + [1, 0, 0xff, 0xff] + two, "a header of 65535 bytes"),
    Broken("header of 4 GiB", NPYHeader.magic + [2, 0, 0xff, 0xff, 0xff, 0xff] + two, "a header of 4294967295 bytes"),
    Broken(
      "header longer than sense", npyFile(header: String(repeating: " ", count: 70_000), version: 2), "at most 65536"),
    Broken("IDX of another length", idxFile(shape: [2, 2], [1, 2, 3]), "8 bytes of elements for shape [2, 2]"),
    Broken("IDX without axes", [0, 0, 8, 0, 1], "an IDX header"),
    Broken("IDX cut in its extents", [0, 0, 8, 3, 0, 0, 0, 1], "an IDX header of 16 bytes"),
    Broken(
      "IDX of 255 huge axes", [0, 0, 0x0e, 255] + [UInt8](repeating: 0xff, count: 255 * 4), "at most 64 axes"),
    Broken(
      "IDX over 64 bits", [0, 0, 0x0e, 4] + [UInt8](repeating: 0xff, count: 16), "more elements than 64 bits"),
    Broken("gzip of text", gzipped(Array("hello".utf8)), "expected a .npy, .npz or IDX file"),
    Broken("gzip and something behind it", gzipped(idxFile(shape: [1], [1])) + [1, 2, 3], "compressed data"),
    Broken("gzip with a wrong checksum", wrongChecksum(gzipped(idxFile(shape: [1], [1]))), "incorrect data check"),
  ]

  private static func wrongChecksum(_ file: [UInt8]) -> [UInt8] {
    var file = file
    file[file.count - 8] ^= 1
    return file
  }

  @Test(arguments: brokenFiles)
  func `a broken file gives one line that names it and says what is wrong`(_ broken: Broken) throws {
    let path = try scratch.write(broken.bytes, as: "broken")
    let error = arrayFileError { () throws(ArrayFileError) in _ = try ArrayFile.open(path) }
    #expect(error?.kind == .badContent)
    #expect(error?.problem.contains(broken.message) == true, "\(error?.problem ?? "no error")")
    #expect(error?.description.hasPrefix("\(path): ") == true)
    #expect(error?.description.contains("\n") == false)
  }

  @Test(arguments: [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }          \n",
    "{\"shape\":(2,),\"descr\":\"<f8\",\"fortran_order\":False}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2L,), }",
    "{'descr': '=f8', 'fortran_order': True, 'shape': ( 2 , ) }\n",
  ])
  func `every way to write the header is read`(_ header: String) throws {
    let data = littleEndianBytes(1.5.bitPattern) + littleEndianBytes((-2.25).bitPattern)
    for version in 1...3 as ClosedRange<UInt8> {
      let path = try scratch.write(npyFile(header: header, data: data, version: version), as: "a.npy")
      let file = try ArrayFile.open(path)
      #expect(file.shape == [2])
      #expect(try file.doubles() == [1.5, -2.25])
    }
  }

  @Test func `a uint64 beyond int64 is an error as an integer and rounds as a number`() throws {
    let data = littleEndianBytes(UInt64(3)) + littleEndianBytes(UInt64(1) << 63)
    let path = try scratch.write(npyFile(header: npyHeader(type: "<u8", shape: "(2,)"), data: data), as: "a.npy")
    let file = try ArrayFile.open(path)
    #expect(try file.doubles() == [3, 9_223_372_036_854_775_808])
    #expect(try file.int64s(in: 0..<1) == [3])
    #expect(arrayFileError { () throws(ArrayFileError) in _ = try file.int64s() }?.kind == .badContent)
  }

  @Test func `floating-point elements are no integers`() throws {
    try NumPyArray(.doubles([1, 2])).write(to: scratch.file("a.npy"))
    let file = try ArrayFile.open(scratch.file("a.npy"))
    let error = arrayFileError { () throws(ArrayFileError) in _ = try file.int64s() }
    #expect(error?.problem == "expected elements of an integer type, found float64")
  }

  @Test(
    arguments: [
      (0x08, "80 01 ff", [128, 1, 255]), (0x09, "80 01 ff", [-128, 1, -1]), (0x0b, "8000 0001 ffff", [-32768, 1, -1]),
      (0x0c, "80000000 00000001 ffffffff", [-2_147_483_648, 1, -1]),
      (0x0d, "3fc00000 c0100000 00000000", [1.5, -2.25, 0]),
      (0x0e, "3ff8000000000000 c002000000000000 0000000000000000", [1.5, -2.25, 0]),
    ] as [(UInt8, String, [Double])])
  func `each IDX type is read`(_ code: UInt8, _ data: String, _ values: [Double]) throws {
    let digits = Array(data.filter { $0 != " " })
    let data = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    let path = try scratch.write([0, 0, code, 1, 0, 0, 0, 3] + data, as: "idx")
    #expect(try ArrayFile.open(path).doubles() == values)
  }

  @Test func `gzip files joined end to end are one`() throws {
    let bytes = idxFile(shape: [2, 2], [1, -2, 3, -4])
    let path = try scratch.write(gzipped(Array(bytes[..<7])) + gzipped(Array(bytes[7...])), as: "idx.gz")
    #expect(try ArrayFile.open(path).int64s() == [1, -2, 3, -4])
  }
}
