import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing
import WorkSharing

@testable import Search

/// Searches that find what earlier ones have measured.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct StoredShardTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Searches, and gives what was restored and what was computed.
  private func search(ranks: Int = 1, _ changes: [(path: String, json: String?)] = []) throws -> [Int] {
    _ = try DemoSearch.run(in: folder, ranks: ranks, changes)
    let record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    guard case .array(let attempts)? = record["attempts"], let last = attempts.last,
      case .integer(let restored)? = last["pieces_restored"], case .integer(let computed)? = last["pieces_computed"]
    else { return [] }
    return [restored, computed]
  }

  private var results: [Data] {
    get throws { try ["ratios.json", "sensitivities.npz"].map { try folder.contents(of: "out/\($0)") } }
  }

  private var pieces: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.file("out/checkpoint")).sorted() }
  }

  @Test(arguments: 1...3)
  func `what was measured is not measured again, on any number of ranks, and the bytes are the same`(
    _ ranks: Int
  ) throws {
    #expect(try search() == [0, 4])
    let first = try results
    #expect(try pieces.count == 4)
    #expect(try search(ranks: ranks) == [4, 0])
    #expect(try results == first)
    // As a run leaves it that was killed.
    for piece in try pieces.prefix(2) {
      try FileManager.default.removeItem(atPath: folder.file("out/checkpoint/\(piece)"))
    }
    try FileManager.default.removeItem(atPath: folder.file("out/ratios.json"))
    #expect(try search(ranks: ranks) == [2, 2])
    #expect(try results == first)
  }

  @Test(arguments: ["truncated", "flipped", "swapped", "emptied"])
  func `a damaged piece is measured again`(_ damage: String) throws {
    _ = try search()
    let (first, names) = (try results, try pieces)
    let path = "out/checkpoint/\(names[1])"
    var content = try folder.contents(of: path)
    switch damage {
    case "truncated": content.removeLast(8)
    case "flipped": content[content.count / 2] ^= 1
    case "swapped": content = try folder.contents(of: "out/checkpoint/\(names[2])")
    default: content = Data()
    }
    _ = try folder.write(content, as: path)
    #expect(try search() == [3, 1])
    #expect(try results == first)
    #expect(try search() == [4, 0])
  }

  /// Places in a table's first numbers, and what stands there instead: counts that no shard has.
  private static let claims: [(place: Int, value: Double)] = [
    (0, .nan), (0, -1), (0, 0), (0, 1e18), (0, 9), (1, .infinity), (1, 0), (1, -8), (1, 1e18), (1, 7.5), (3, 1e300),
    (3, -1), (3, 9),
  ]

  @Test(arguments: claims.indices, [#"{"order": 1}"#, #"{"order": 2}"#])
  func `a piece that is whole but claims what cannot be is refused and ends nothing else`(
    _ index: Int, _ sensitivity: String
  ) throws {
    let changes: [(path: String, json: String?)] = [("sensitivity", sensitivity), ("solver", "{}")]
    _ = try search(changes)
    let store = PieceStore(directory: folder.file("out/checkpoint"))
    let name = try pieces[0]
    let key = try #require(PieceKey(hexadecimal: String(name.dropLast(6))))
    let count = (try folder.contents(of: "out/checkpoint/\(name)").count - 88) / 8
    guard case .values(var values) = store.load(key, count: count) else {
      Issue.record("\(name) cannot be read")
      return
    }
    values[Self.claims[index].place] = Self.claims[index].value
    try store.save(values, as: key)
    let error = #expect(throws: SearchError.self) { try search(changes) }
    #expect(error?.kind == .program)
  }

  @Test func `more samples and another target take over what they can`() throws {
    #expect(try search() == [0, 4])
    #expect(try search([("target.compression_ratio", "3")]) == [4, 0])
    // 27 samples make three full batches and a short one.
    #expect(try search([("calibration.samples", "40")]) == [3, 2])
    let grown = try results
    // The short one's piece is of no use any more.
    #expect(try pieces.count == 5)
    try FileManager.default.removeItem(atPath: folder.file("out"))
    #expect(try search([("calibration.samples", "40")]) == [0, 5])
    #expect(try results == grown)
  }

  @Test func `another way to measure finds nothing`() throws {
    _ = try search()
    #expect(try search([("sensitivity", #"{"level": "sample"}"#)]) == [0, 4])
  }

  @Test(arguments: [1, 3])
  func `evaluations of changed networks are found again`(_ ranks: Int) throws {
    let mode = try #require(SearchMode.ofOneStep.first { $0.testDescription == "bits" })
    let first = try search(mode.changes)
    let table = try folder.contents(of: "out/quantization.npz")
    #expect(first[0] == 0)
    // Other ranks and workers are given the same pieces.
    #expect(try search(ranks: ranks, mode.changes) == [first[1], 0])
    for (number, piece) in try pieces.enumerated() where number % 4 == 2 {
      try FileManager.default.removeItem(atPath: folder.file("out/checkpoint/\(piece)"))
    }
    _ = try search(ranks: ranks, mode.changes)
    let isSame = try folder.contents(of: "out/quantization.npz") == table
    #expect(isSame)
  }

  @Test(arguments: SearchMode.others.indices)
  func `every way to search goes on to the same bytes`(_ index: Int) throws {
    let mode = SearchMode.others[index]
    _ = try search(ranks: 2, mode.changes)
    let names = ["ratios.json", "sensitivities.npz"] + mode.files
    let first = try names.map { try folder.contents(of: "out/\($0)") }
    for (number, piece) in try pieces.enumerated() where number % 3 == 1 {
      try FileManager.default.removeItem(atPath: folder.file("out/checkpoint/\(piece)"))
    }
    _ = try search(mode.changes)
    let isSame = try names.map { try folder.contents(of: "out/\($0)") } == first
    #expect(isSame)
  }

  @Test func `a second search in the directory of one that is under way is refused`() throws {
    let first = try search()
    let lock = try OutputLock(folder.file("out"))
    let error = #expect(throws: SearchError.self) { try search() }
    #expect(error?.kind == .cannotCreate)
    #expect(error?.description.contains("another search") == true)
    withExtendedLifetime(lock) {}
    #expect(first == [0, 4])
  }

  @Test func `the outputs of a record are all files of the directory`() throws {
    _ = try search()
    let outputs = try VerifyRun(folder.file("out")).outputs.map(\.path)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("out"))
    #expect(Set(names) == Set(outputs + ["run.json", "checkpoint"]))
  }
}
