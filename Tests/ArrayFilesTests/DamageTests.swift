import Foundation
import Testing

@testable import ArrayFiles

/// Damaged files: an error or the true values, and in no case a trap or an endless loop.
@Suite struct DamageTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  enum Sample: CaseIterable {
    case npy, storedArchive, deflatedArchive, zip64Archive, idx, gzip, compressedGzip

    /// Whether the format states a checksum, so that changed values are found.
    var hasChecksum: Bool { self != .npy && self != .idx }

    var isArchive: Bool { [.storedArchive, .deflatedArchive, .zip64Archive].contains(self) }
  }

  private func bytes(of sample: Sample) throws -> [UInt8] {
    let idx = idxFile(shape: [3, 2], [1, -2, 3, -4, 5, -6])
    switch sample {
    case .npy: return ArchiveTests.first
    case .storedArchive:
      return HandmadeZip([.init("a.npy", storing: ArchiveTests.first), .init("b.npy", storing: ArchiveTests.second)])
        .bytes
    case .deflatedArchive:
      return HandmadeZip([
        .init("a.npy", deflating: ArchiveTests.first), .init("b.npy", deflating: ArchiveTests.second),
      ]).bytes
    case .zip64Archive:
      let path = scratch.file("zip64.npz")
      let members = [(name: "a", array: NumPyArray(.int64s([1]))), (name: "b", array: NumPyArray(.int64s([-5, 6])))]
      try NumPyArchive.write(members, to: path, limits: ZipWriter.Limits(size: 100, count: 0))
      return try ArrayFilesTests.bytes(ofFile: path)
    case .idx: return idx
    case .gzip: return gzipped(idx)
    case .compressedGzip: return Array(try #require(Data(base64Encoded: compressedIDX)))
    }
  }

  /// All values of the file.
  private func read(_ bytes: [UInt8], isArchive: Bool) throws -> [[Double]] {
    let path = try scratch.write(bytes, as: "damaged")
    guard isArchive else { return [try ArrayFile.open(path).doubles()] }
    let archive = try NumPyArchive(path)
    return try archive.names.map { try archive.array(named: $0).doubles() }
  }

  @Test(.timeLimit(.minutes(30)), arguments: Sample.allCases)
  func `every truncation is an error`(_ sample: Sample) throws {
    let whole = try bytes(of: sample)
    #expect(throws: Never.self) { try read(whole, isArchive: sample.isArchive) }
    for count in 0..<whole.count {
      let error = #expect(throws: ArrayFileError.self, "cut to \(count) of \(whole.count)") {
        try read(Array(whole[..<count]), isArchive: sample.isArchive)
      }
      #expect(error?.kind == .badContent)
    }
  }

  @Test(.timeLimit(.minutes(30)), arguments: Sample.allCases)
  func `one changed byte is an error or changes nothing where there is a checksum`(_ sample: Sample) throws {
    let whole = try bytes(of: sample)
    let values = try read(whole, isArchive: sample.isArchive)
    for place in whole.indices {
      for change in [0xff, 0x01, 0x80, 0x20] as [UInt8] {
        var damaged = whole
        damaged[place] ^= change
        guard let found = try? read(damaged, isArchive: sample.isArchive), sample.hasChecksum, found != values else {
          continue
        }
        // A member's name without its ending is no array's; the others must still be right.
        #expect(found.allSatisfy(values.contains) && found.count < values.count, "byte \(place), change \(change)")
      }
    }
  }

  @Test func `a file that becomes shorter while it is open is an error`() throws {
    let path = try scratch.write(ArchiveTests.second, as: "a.npy")
    let file = try ArrayFile.open(path)
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    try handle.truncate(atOffset: UInt64(ArchiveTests.second.count - 2))
    let error = arrayFileError { () throws(ArrayFileError) in _ = try file.doubles() }
    #expect(error?.problem.contains("became shorter") == true)
  }
}

/// 100,000 zero bytes as a raw deflate stream of 114 bytes.
let deflatedZeros =
  "7cExAQAAAMKg9U9tDQ+gAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgFcD"

/// An IDX file of 10×20 numbers of 16 bits, number i being i mod 7 − 3, compressed by gzip.
let compressedIDX = "H4sIAAAAAAACA2Ng4GZiYGDgAmKR/3////v/H8hiZGBiYB7lDTQPALzQOqOcAQAA"
