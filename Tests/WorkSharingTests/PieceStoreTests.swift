import ArrayFiles
import Foundation
import Glibc
import ProgramRuns
import Testing

@testable import WorkSharing

@Suite struct PieceStoreTests {
  private let folder: TemporaryFolder
  private let store: PieceStore
  private let key = PieceKey(["a piece"])

  init() throws {
    folder = try TemporaryFolder()
    store = PieceStore(directory: folder.file("checkpoint"))
  }

  @Test(arguments: [0, 1, 3, 100_000])
  func `a saved piece is loaded bit by bit`(_ count: Int) throws {
    let special: [Double] = [
      -0.0, .infinity, -.infinity, .nan, .signalingNaN, Double(nan: 0x1234, signaling: false), .leastNonzeroMagnitude,
    ]
    let values = (0..<count).map { $0 < special.count ? special[$0] : Double($0) / 3 }
    try store.save(values, as: key)
    #expect(load(count: count) == bits(values))
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory) == ["\(key).piece"])
  }

  @Test func `the file has the layout that its description gives`() throws {
    try store.save([1, -2], as: key)
    let bytes = try content()
    #expect(Array(bytes[..<16]) == [0x89, 0x50, 0x43, 0x50, 0x49, 0x45, 0x43, 0x45, 1, 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(bytes[16..<48]) == key.bytes)
    #expect(Array(bytes[48..<56]) == [2, 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(bytes[56..<72]) == [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0])
    // hashlib.sha256 of the 72 bytes.
    let checksum = "6a9a7183e553df240275cbd2f607e7c340ed6616303a9f1eac9de1bafa347359"
    #expect(PieceKey(hexadecimal: checksum)?.bytes == Array(bytes[72...]))
  }

  @Test func `what was never saved is absent, with or without a directory`() throws {
    #expect(isAbsent(store.load(key, count: 1)))
    try store.save([1], as: PieceKey(["another piece"]))
    #expect(isAbsent(store.load(key, count: 1)))
  }

  @Test func `a piece that is saved again takes the place of what was there`() throws {
    try store.save([1, 2, 3], as: key)
    try store.save([4], as: key)
    #expect(load(count: 1) == bits([4.0]))
  }

  @Test func `a flip of any one bit is damage`() throws {
    try store.save([1, -0.5], as: key)
    let whole = try content()
    for bit in 0..<8 * whole.count {
      var bytes = whole
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      try put(bytes)
      guard damage(count: 2) != nil else {
        Issue.record("bit \(bit) was flipped and nobody saw it")
        return
      }
    }
    try put(whole)
    #expect(damage(count: 2) == nil)
  }

  @Test func `every other length is damage`() throws {
    try store.save([1, -0.5], as: key)
    let whole = try content()
    for length in Array(0..<whole.count) + [whole.count + 1, 2 * whole.count] {
      try put(Array((whole + whole)[..<length]))
      #expect(damage(count: 2) == "has \(length) bytes, expected \(whole.count)")
    }
  }

  @Test func `what another piece would be is damage, and the text says what is wrong`() throws {
    let other = PieceKey(["another piece"])
    try store.save([1, 2], as: other)
    try FileManager.default.moveItem(atPath: path(of: other), toPath: path(of: key))
    #expect(damage(count: 2) == "is the piece of another key")

    try store.save([1, 2], as: key)
    #expect(damage(count: 3) == "has 104 bytes, expected 112")
    var bytes = try content()
    bytes[48] = 3
    try put(resealed(bytes))
    #expect(damage(count: 2) == "says that it has 3 values, expected 2")
    bytes[8] = 2
    try put(resealed(bytes))
    #expect(damage(count: 2) == "has version 2, expected 1")
    bytes[0] = 0
    try put(resealed(bytes))
    #expect(damage(count: 2) == "does not begin like a stored piece of work")
  }

  @Test(.timeLimit(.minutes(30)))
  func `what is no regular file is damage`() throws {
    try store.save([1], as: key)
    let elsewhere = folder.file("elsewhere")
    try FileManager.default.moveItem(atPath: path(of: key), toPath: elsewhere)
    #expect(symlink(elsewhere, path(of: key)) == 0)
    #expect(damage(count: 1) == "is a symbolic link, expected a regular file")
    unlink(path(of: key))
    #expect(mkfifo(path(of: key), 0o600) == 0)
    #expect(damage(count: 1) == "is no regular file")
    unlink(path(of: key))
    #expect(mkdir(path(of: key), 0o700) == 0)
    #expect(damage(count: 1) == "is no regular file")
  }

  @Test func `a link in a piece's place is replaced and not followed`() throws {
    try store.save([1], as: key)
    let precious = try folder.write(Data([1, 2, 3]), as: "precious")
    unlink(path(of: key))
    #expect(symlink(precious, path(of: key)) == 0)
    try store.save([2], as: key)
    #expect(load(count: 1) == bits([2.0]))
    #expect(try folder.contents(of: "precious") == Data([1, 2, 3]))
  }

  @Test func `keys are those of the names, whatever else lies there`() throws {
    #expect(store.keys() == [])
    let keys = (0..<5).map { PieceKey(["\($0)"]) }
    for key in keys { try store.save([1], as: key) }
    try addStrangers()
    try put([], as: "\(key).piece")
    #expect(store.keys() == Set(keys + [key]))
  }

  @Test func `removing takes other pieces and what killed writers left, and nothing else`() throws {
    let keys = (0..<5).map { PieceKey(["\($0)"]) }
    for key in keys { try store.save([1], as: key) }
    let strangers = try addStrangers()
    for name in [".prune-cluster-0.tmp", ".prune-cluster-3w5e11264sgsf.tmp"] { try put([1], as: name) }
    store.removeAll(except: [keys[1], keys[3], key])
    let expected = strangers + ["\(keys[1]).piece", "\(keys[3]).piece"]
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory).sorted() == expected.sorted())
  }

  @Test func `removing from a directory that is not there does nothing`() {
    store.removeAll(except: [])
    #expect(!FileManager.default.fileExists(atPath: store.directory))
  }

  @Test func `what cannot be stored says why and leaves nothing`() throws {
    let file = try folder.write(Data(), as: "file")
    for (directory, reason) in [
      (folder.file("missing/checkpoint"), "No such file or directory"), (file, "Not a directory"),
      (file + "/checkpoint", "Not a directory"),
    ] {
      let store = PieceStore(directory: directory)
      let error = #expect(throws: ArrayFileError.self) { try store.save([1], as: key) }
      #expect(error?.kind == .cannotBeCreated)
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "no error")")
    }
    #expect(try folder.names == ["file"])
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may write anywhere"))
  func `a directory that may not be written to says so`() throws {
    try store.save([1], as: key)
    chmod(store.directory, 0o500)
    defer { chmod(store.directory, 0o700) }
    let error = #expect(throws: ArrayFileError.self) { try store.save([2], as: key) }
    #expect(error?.kind == .cannotBeCreated)
    #expect(load(count: 1) == bits([1.0]))
  }

  // MARK: -

  private func path(of key: PieceKey) -> String { "\(store.directory)/\(key).piece" }

  private func content() throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path(of: key)))) }

  private func put(_ bytes: [UInt8]) throws { try put(bytes, as: "\(key).piece") }

  private func put(_ bytes: [UInt8], as name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(store.directory)/\(name)"))
  }

  /// With the checksum that goes with the content.
  private func resealed(_ bytes: [UInt8]) -> [UInt8] {
    let content = bytes.dropLast(32)
    return content + PieceFile.checksum(content)
  }

  /// Files that are no pieces, though their names look a bit like it.
  @discardableResult
  private func addStrangers() throws -> [String] {
    let digits = String(repeating: "a", count: 64)
    let names = [
      "\(digits).PIECE", "\(digits.uppercased()).piece", "\(digits)a.piece", "\(digits).piece~", digits, "notes.piece",
      ".piece", "notes", ".hidden", ".prune-cluster-.tmp", ".prune-cluster-UPPER.tmp", ".prune-cluster-a b.tmp",
      ".prune-cluster-00.tmp", "prune-cluster-1.tmp", ".prune-cluster-1.tmp.old",
    ]
    for name in names { try put([1], as: name) }
    try FileManager.default.createDirectory(
      atPath: "\(store.directory)/\(String(repeating: "b", count: 64)).piece.d", withIntermediateDirectories: false)
    return names + ["\(String(repeating: "b", count: 64)).piece.d"]
  }

  private func bits(_ values: [Double]) -> [UInt64] { values.map(\.bitPattern) }

  private func load(count: Int) -> [UInt64]? {
    guard case .values(let values) = store.load(key, count: count) else { return nil }
    return bits(values)
  }

  private func damage(count: Int) -> String? {
    guard case .damaged(let path, let problem) = store.load(key, count: count) else { return nil }
    return path == self.path(of: key) ? problem : "another path"
  }

  private func isAbsent(_ loaded: PieceStore.Loaded) -> Bool {
    if case .absent = loaded { true } else { false }
  }
}
