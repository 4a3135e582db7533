import Configuration
import Foundation
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Testing
import WorkSharing

@testable import Search

/// Networks repaired for every plan of a comparison.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ComparisonRepairTests {
  private let bench: ComparisonCase
  private var folder: TemporaryFolder { bench.folder }

  init() throws { bench = try ComparisonCase() }

  private typealias Changes = ComparisonCase.Changes

  @Test func `where repairs are asked for the repaired networks are those that apply makes, on any number of ranks`()
    throws
  {
    let changes: Changes = [
      ("calibration.samples", "75"), ("solver", "{}"), ("target", #"{"compression_ratio": 1.5, "metric": "macs"}"#),
      ("compare", #"{"sensitivity": ["l1", "taylor"], "repair": true}"#),
    ]
    let outcome = try bench.compare(changes)
    let first = try bench.results()
    _ = try bench.compare(ranks: 3, changes)
    #expect(try bench.results() == first)
    let path = try bench.configuration(changes)
    let found = try InProcess.run(ranks: 1) { world in
      try SearchRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), applies: true, logger: DemoSearch.logger,
        progress: { _ in }
      ).execute(path, changes: [ConfigurationChange(["sensitivity"], to: ["method": "l1"])])
    }
    let pruning = try #require(found[0]?.pruning)
    let row = try #require(outcome.rows.first { outcome.criteria[$0.criterion].label == "l1" }?.plan)
    let repaired = try #require(row.repairedLoss)
    // Both evaluate the same model file.
    #expect(repaired - outcome.originalLoss == pruning.finalLossChange)
    #expect(row.repairedAccuracy == pruning.evaluations.last?.accuracy)
    #expect(repaired < row.loss)
    #expect(outcome.rows.map { $0.plan?.finalLoss ?? 0 } == outcome.rows.map { $0.plan?.repairedLoss ?? 0 }.sorted())
  }

  private static let repaired: Changes = [
    ("calibration.samples", "75"), ("solver", "{}"), ("target", #"{"compression_ratio": 1.5, "metric": "macs"}"#),
    (
      "evaluation",
      #"{"inputs": "\#(DemoNetwork.images)", "labels": "\#(DemoNetwork.labels)", "samples": 40, "preprocessing": {"scale": 0.00392156862745098, "mean": 0.286, "std": 0.353}}"#
    ),
  ]

  private var stored: Set<String> {
    get throws { Set(try FileManager.default.contentsOfDirectory(atPath: folder.file("out/compare/checkpoint"))) }
  }

  @Test(arguments: [1, 3])
  func `repairs are kept, one by one, and found again on any number of ranks`(_ ranks: Int) throws {
    let criteria = #""sensitivity": ["l1", "taylor"]"#
    _ = try bench.compare(Self.repaired + [("compare", "{\(criteria)}")])
    let measured = try stored
    let changes = Self.repaired + [("compare", #"{\#(criteria), "repair": true}"#)]
    let outcome = try bench.compare(changes)
    let first = try bench.results()
    let repairs = try stored.subtracting(measured).sorted()
    #expect(repairs.count == 2)
    #expect(try stored.isSuperset(of: measured))
    // As a run leaves it that was killed in the second repair, the first one damaged since.
    let store = folder.file("out/compare/checkpoint")
    for damage in [false, true] {
      try FileManager.default.removeItem(atPath: folder.file("out/compare/compare.json"))
      try FileManager.default.removeItem(atPath: "\(store)/\(repairs[1])")
      if damage { try Data("no piece".utf8).write(to: URL(fileURLWithPath: "\(store)/\(repairs[0])")) }
      _ = try bench.compare(ranks: ranks, changes)
      #expect(try bench.pieces()[0] == measured.count + (damage ? 0 : 1))
      #expect(try bench.results() == first)
    }
    _ = try bench.compare(ranks: ranks, changes)
    #expect(try bench.pieces() == [measured.count + 2, 0])
    #expect(try bench.results() == first)
    // Other samples to judge the repaired networks by, and other repairs, give other scores.
    var losses = outcome.rows.map(\.plan?.repairedLoss)
    for other in [("evaluation.samples", "39"), ("repair.ridge", "0.5")] {
      let outcome = try bench.compare(ranks: ranks, changes + [other])
      #expect(Set(losses).isDisjoint(with: outcome.rows.map(\.plan?.repairedLoss)), "\(other)")
      losses += outcome.rows.map(\.plan?.repairedLoss)
    }
  }

  @Test func `rows are there before repairs begin, and the repaired losses when they are done`() throws {
    let changes = Self.repaired + [("compare", #"{"sensitivity": ["l1", "taylor"], "repair": true}"#)]
    let path = try bench.configuration(changes)
    let stop = StopRequest()
    let error = #expect(throws: (any Error).self) {
      try bench.compare(
        ranks: 2, configuration: path, stop: stop,
        progress: { event in
          guard case .advanced(let progress) = event, progress.phase.name == "repair", progress.done == 1 else {
            return
          }
          stop.make()
        })
    }
    #expect(error is Interruption, "\(String(describing: error))")
    guard case .array(let rows)? = try bench.json("compare.json")["rows"] else {
      Issue.record("no rows")
      return
    }
    #expect(rows.count == 2)
    for row in rows {
      #expect(row["repaired_loss"] == .null && row["repaired_accuracy"] == .null && row["loss"] != nil)
    }
    #expect(
      try bench.names() == ["compare.csv", "compare.json", "ratios-1.json", "ratios-2.json", "run.json"])
    let goingOn = try bench.compare(ranks: 3, changes)
    #expect(try bench.pieces()[0] > 0)
    let whole = try bench.results()
    #expect(goingOn.rows.allSatisfy { $0.plan?.repairedLoss != nil })
    try FileManager.default.removeItem(atPath: folder.file("out"))
    _ = try bench.compare(changes)
    #expect(try bench.results() == whole)
  }
}
