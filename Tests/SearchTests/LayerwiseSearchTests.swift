import Channels
import Configuration
import Foundation
import ProgramRuns
import Testing

@testable import Search

/// What searches by the layers behind keep, and whom they ask.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct LayerwiseSearchTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Searches, and gives what was restored and what was computed.
  private func search(ranks: Int = 1, samples: Int = 27, _ sensitivity: String) throws -> [Int] {
    _ = try DemoSearch.run(
      in: folder, ranks: ranks,
      [("sensitivity", sensitivity), ("solver", "{}"), ("calibration.samples", String(samples))])
    let record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    guard case .array(let attempts)? = record["attempts"], let last = attempts.last,
      case .integer(let restored)? = last["pieces_restored"], case .integer(let computed)? = last["pieces_computed"]
    else { return [] }
    return [restored, computed]
  }

  private var result: Data { get throws { try folder.contents(of: "out/sensitivities.npz") } }

  @Test(arguments: 1...3)
  func `sums of responses are not measured again, on any number of ranks, and serve every criterion`(
    _ ranks: Int
  ) throws {
    // One batch of layers on four parts, the batches of the samples.
    #expect(try search(#"{"method": "thinet"}"#) == [0, 4])
    let first = try result
    #expect(try search(ranks: ranks, #"{"method": "lasso"}"#) == [4, 0])
    let other = try result
    #expect(other != first)
    #expect(try search(ranks: ranks, #"{"method": "aofp"}"#) == [4, 0])
    // As a run leaves it that was killed.
    let pieces = try FileManager.default.contentsOfDirectory(atPath: folder.file("out/checkpoint"))
    for piece in pieces.sorted().prefix(2) {
      try FileManager.default.removeItem(atPath: folder.file("out/checkpoint/\(piece)"))
    }
    try FileManager.default.removeItem(atPath: folder.file("out/ratios.json"))
    #expect(try search(ranks: ranks, #"{"method": "thinet", "group_reduction": "sum"}"#) == [2, 2])
    #expect(try result == first)
    // Other positions are other sums.
    #expect(try search(ranks: ranks, #"{"method": "thinet", "rows": 50}"#) == [0, 4])
  }

  @Test func `with more samples other rows are taken of each, and nothing stands for them`() throws {
    let few = #"{"method": "thinet", "rows": 50}"#
    #expect(try search(samples: 24, few).first == 0)
    let before = try result
    #expect(try search(samples: 48, few).first == 0)
    let grown = try result
    #expect(grown != before)
    try FileManager.default.removeItem(atPath: folder.file("out"))
    #expect(try search(samples: 48, few).first == 0)
    #expect(try result == grown)
  }

  @Test func `every layer is asked about the groups that it reads, through depthwise layers and sums`() throws {
    let branched = try BranchedNetwork()
    let (found, misfits) = ReadingLayer.Finder(branched.structure, branched.network, samples: 4, rowLimit: 9).layers()
    #expect(misfits.isEmpty)
    let groups = Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0.groups) })
    #expect(groups["b"] == [branched.group("a")] && groups["c"] == [branched.group("a")])
    #expect(groups["g"] == [branched.group("c")])
    #expect(groups["d"] == nil, "depthwise")
    #expect(groups["e"] == [branched.group("g")] && groups["r"] == [branched.group("g")])
    #expect(groups["head"] == [branched.group("t")])
    #expect(groups["a"] == nil, "reads the network's input")
    #expect(found.map(\.name) == branched.structure.layers.map(\.name).filter { groups[$0] != nil })
  }
}
