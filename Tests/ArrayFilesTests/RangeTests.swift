import Foundation
import Testing

@testable import ArrayFiles

@Suite struct RangeTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  enum Container: CaseIterable {
    case npy, bigEndian, fortran, stored, deflated, storedFortran, idx, gzippedIDX, gzippedNPY
  }

  /// 7 samples of 2×3 numbers, and their file.
  private func file(_ container: Container, samples: Int = 7) throws -> (ArrayFile, [Int16]) {
    let values = (0..<samples * 6).map { Int16($0 * 31 % 1000 - 500) }
    let shape = "(\(samples), 2, 3)"
    let little = npyFile(
      header: npyHeader(type: "<i2", shape: shape), data: values.flatMap { littleEndianBytes($0) })
    let big = npyFile(
      header: npyHeader(type: ">i2", shape: shape), data: values.flatMap { littleEndianBytes($0).reversed() })
    // Column after column: the element [sample, row, column] stands at sample + samples·(row + 2·column).
    var columns: [UInt8] = []
    for column in 0..<3 {
      for row in 0..<2 {
        for sample in 0..<samples { columns += littleEndianBytes(values[sample * 6 + row * 3 + column]) }
      }
    }
    let fortran = npyFile(header: npyHeader(type: "<i2", shape: shape, fortran: true), data: columns)
    let idx = idxFile(shape: [UInt32(samples), 2, 3], values)
    let bytes =
      switch container {
      case .npy: little
      case .bigEndian: big
      case .fortran: fortran
      case .stored: HandmadeZip([.init("x.npy", storing: little)]).bytes
      case .deflated: HandmadeZip([.init("x.npy", deflating: little)]).bytes
      case .storedFortran: HandmadeZip([.init("x.npy", storing: fortran)]).bytes
      case .idx: idx
      case .gzippedIDX: gzipped(idx)
      case .gzippedNPY: gzipped(little)
      }
    return (try ArrayFile.open(try scratch.write(bytes, as: "file")), values)
  }

  @Test(arguments: Container.allCases)
  func `every range equals that part of the whole`(_ container: Container) throws {
    let (file, values) = try file(container)
    #expect(file.shape == [7, 2, 3])
    #expect(file.sampleCount == 7)
    #expect(file.elementsPerSample == 6)
    #expect(file.elementType == .int16)
    for lower in 0...7 {
      for upper in lower...7 {
        let part = values[lower * 6..<upper * 6]
        #expect(try file.floats(in: lower..<upper) == part.map(Float.init))
        #expect(try file.doubles(in: lower..<upper) == part.map(Double.init))
        #expect(try file.int64s(in: lower..<upper) == part.map(Int64.init))
      }
    }
  }

  @Test(arguments: Container.allCases)
  func `an array of many chunks equals what was written`(_ container: Container) throws {
    // 50,000 samples are 600,000 bytes: more than two chunks, and for deflated data more than the first bytes.
    let (file, values) = try file(container, samples: 50_000)
    try expectSame(file.int64s(), values.map(Int64.init))
    #expect(try file.floats(in: 49_999..<50_000) == values.suffix(6).map(Float.init))
    try expectSame(file.doubles(in: 21_000..<48_000), values[21_000 * 6..<48_000 * 6].map(Double.init))
  }

  @Test(arguments: [-1..<2, 5..<8, 8..<9])
  func `a range outside the samples is an error`(_ range: Range<Int>) throws {
    let (file, _) = try file(.npy)
    let error = arrayFileError { () throws(ArrayFileError) in _ = try file.floats(in: range) }
    #expect(error?.kind == .badContent)
    #expect(error?.problem.contains("only 7 samples") == true)
  }

  @Test(.timeLimit(.minutes(30)))
  func `a few samples of a file far larger than memory are read, and all of them are refused`() throws {
    let path = scratch.file("sparse.npy")
    let header = npyFile(header: npyHeader(type: "|u1", shape: "(4294967296, 1024)"))
    _ = try scratch.write(header, as: "sparse.npy")
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    let marker = header.count + 4_000_000_000 * 1024
    do {
      try handle.truncate(atOffset: UInt64(header.count) + 1 << 42)
    } catch {
      print("skipped: this file system has no sparse files of 4 TiB")
      return
    }
    try handle.seek(toOffset: UInt64(marker))
    try handle.write(contentsOf: [7, 8, 9] as [UInt8])
    try handle.close()

    let file = try ArrayFile.open(path)
    #expect(try file.floats(in: 4_000_000_000..<4_000_000_001).prefix(4) == [7, 8, 9, 0])
    let error = arrayFileError { () throws(ArrayFileError) in _ = try file.floats() }
    #expect(error?.problem.contains("memory") == true)
  }

  @Test(.timeLimit(.minutes(30)))
  func `threads read one deflated array at the same time`() async throws {
    let (file, values) = try file(.deflated, samples: 5000)
    let sums = try await withThrowingTaskGroup(of: Int64.self) { group in
      for part in 0..<10 { group.addTask { try file.int64s(in: part * 500..<(part + 1) * 500).reduce(0, +) } }
      return try await group.reduce(0, +)
    }
    #expect(sums == values.reduce(0) { $0 + Int64($1) })
  }
}
