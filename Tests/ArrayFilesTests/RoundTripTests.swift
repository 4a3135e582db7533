import Testing

@testable import ArrayFiles

@Suite struct RoundTripTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  static let arrays: [NumPyArray] = [
    NumPyArray(.doubles([])),
    NumPyArray(shape: [], .doubles([-0.0])),
    NumPyArray(.doubles([1, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0])),
    NumPyArray(shape: [3, 0, 2], .doubles([])),
    NumPyArray(shape: [2, 3], .floats([0.1, -0.2, 0.3, .pi, 1e-38, 5])),
    NumPyArray(shape: [2, 1, 2], .int64s([.min, -1, 0, .max])),
  ]

  @Test(arguments: arrays.indices)
  func `a written npy file reads back bit for bit`(_ index: Int) throws {
    let array = Self.arrays[index]
    try array.write(to: scratch.file("a.npy"))
    let file = try ArrayFile.open(scratch.file("a.npy"))
    try expect(file, is: array)
    #expect(file.member == nil)
    // NumPy asks for elements that begin at a multiple of 64.
    #expect(file.layout.dataOffset % 64 == 0)
  }

  @Test(arguments: [ZipWriter.Limits(), ZipWriter.Limits(size: 100, count: 2)])
  func `a written archive reads back bit for bit, with 64-bit records too`(_ limits: ZipWriter.Limits) throws {
    let names = ["layer1.0.conv1.weight", "group/0", "C:\\x", "größe", "a.npy", ""]
    let members = zip(names, Self.arrays).map { (name: $0, array: $1) }
    try NumPyArchive.write(members, to: scratch.file("a.npz"), limits: limits)
    let archive = try NumPyArchive(scratch.file("a.npz"))
    #expect(archive.names == names)
    for (name, array) in members {
      let file = try archive.array(named: name)
      #expect(file.member == name)
      try expect(file, is: array)
    }
  }

  @Test func `names that differ only in their bytes stay two names`() throws {
    let names = ["e\u{301}", "\u{e9}"]
    #expect(names[0] == names[1])
    try NumPyArchive.write(
      [(names[0], NumPyArray(.int64s([0]))), (names[1], NumPyArray(.int64s([1])))], to: scratch.file("a.npz"))
    let archive = try NumPyArchive(scratch.file("a.npz"))
    #expect(try archive.array(named: names[0]).int64s() == [0])
    #expect(try archive.array(named: names[1]).int64s() == [1])
  }

  @Test func `an archive of more members than 16 bits count reads back`() throws {
    let members = (0..<66_000).map { (name: "m\($0)", array: NumPyArray(.int64s([Int64($0)]))) }
    try NumPyArchive.write(members, to: scratch.file("many.npz"))
    let archive = try NumPyArchive(scratch.file("many.npz"))
    #expect(archive.names.count == 66_000)
    #expect(try archive.array(named: "m65999").int64s() == [65_999])
  }

  @Test func `equal arrays give equal bytes`() throws {
    let members = [(name: "a", array: Self.arrays[2]), (name: "b", array: Self.arrays[4])]
    try NumPyArchive.write(members, to: scratch.file("1.npz"))
    try NumPyArchive.write(members, to: scratch.file("2.npz"))
    let first = try bytes(ofFile: scratch.file("1.npz"))
    #expect(first == (try bytes(ofFile: scratch.file("2.npz"))))
    // 1980-01-01 00:00 in the first local header.
    #expect(first[10..<14] == [0, 0, 0x21, 0])
  }

  @Test(arguments: [["a", "b", "a"], ["a\u{0}b"], [String(repeating: "n", count: 65_532)]])
  func `names that an archive cannot hold are turned away`(_ names: [String]) throws {
    let members = names.map { (name: $0, array: NumPyArray(.doubles([1]))) }
    let error = arrayFileError { () throws(ArrayFileError) in
      try NumPyArchive.write(members, to: scratch.file("a.npz"))
    }
    #expect(error?.kind == .badContent)
    #expect(try scratch.contents.isEmpty)
  }

  private func expect(_ file: ArrayFile, is array: NumPyArray) throws {
    #expect(file.shape == array.shape)
    switch array.elements {
    case .floats(let values):
      #expect(file.elementType == .float32)
      #expect(try file.floats().map(\.bitPattern) == values.map(\.bitPattern))
    case .doubles(let values):
      #expect(file.elementType == .float64)
      #expect(try file.doubles().map(\.bitPattern) == values.map(\.bitPattern))
    case .int64s(let values):
      #expect(file.elementType == .int64)
      #expect(try file.int64s() == values)
    }
  }
}
