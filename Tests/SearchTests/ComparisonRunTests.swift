import Configuration
import Foundation
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Testing

@testable import Search

/// Several criteria, solvers and targets side by side.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ComparisonRunTests {
  private let bench: ComparisonCase
  private var folder: TemporaryFolder { bench.folder }

  init() throws { bench = try ComparisonCase() }

  private typealias Changes = ComparisonCase.Changes

  /// Criteria of every kind, one of which this network has nothing for; a target that cannot be met; solvers that measure
  /// again, that evaluate, and that do not go with each criterion.
  private static let all: Changes = [
    ("solver", #"{"min_channels": 2}"#), ("measured", #"{"candidates": 3}"#),
    (
      "compare",
      #"""
      {"sensitivity": ["taylor", "bn_scale", {"order": 2}, "geometric_median", "mean_activation", {"bootstrap": 4}],
       "solver": ["optimal", {"method": "greedy", "iterations": 2}, "measured", {"robust": true}],
       "targets": [{"compression_ratio": 2, "metric": "macs"}, {"compression_ratio": 500}]}
      """#
    ),
  ]

  @Test func `every file has the same bytes for 1, 2 and 3 ranks, and is in the record`() throws {
    var first: [String: Data] = [:]
    for ranks in 1...3 {
      try? FileManager.default.removeItem(atPath: folder.file("out"))
      let outcome = try bench.compare(ranks: ranks, Self.all)
      let files = try bench.results()
      if ranks == 1 { first = files }
      #expect(outcome.files.sorted() == (files.keys + ["run.json"]).sorted())
      #expect(files.keys.sorted() == first.keys.sorted())
      for (name, bytes) in files {
        let isSame = bytes == first[name]
        #expect(isSame, "\(name) of \(ranks) ranks")
      }
      let verified = try VerifyRun(folder.file("out/compare"), includesInputs: true)
      #expect(verified.outputs.map(\.path).sorted() == files.keys.sorted())
      #expect(try DemoSearch.files(in: folder.file("out")) == ["compare"])
    }
  }

  @Test(arguments: [1, 3])
  func `a comparison goes on from what is finished, on any number of ranks, to the same bytes`(_ ranks: Int) throws {
    _ = try bench.compare(Self.all)
    let (first, done) = (try bench.results(), try bench.pieces())
    _ = try bench.compare(ranks: ranks, Self.all)
    // Two criteria of the same expansion share their shards in the first run already.
    #expect(try bench.pieces() == [done[0] + done[1], 0], "nothing is measured again")
    #expect(try bench.results() == first)
    // As a run leaves it that was killed.
    let store = folder.file("out/compare/checkpoint")
    var lost = 0
    for (number, piece) in try FileManager.default.contentsOfDirectory(atPath: store).sorted().enumerated()
    where number % 3 == 1 {
      try FileManager.default.removeItem(atPath: store + "/" + piece)
      lost += 1
    }
    try FileManager.default.removeItem(atPath: folder.file("out/compare/compare.json"))
    _ = try bench.compare(ranks: ranks, Self.all)
    #expect(try bench.pieces()[1] >= lost)
    #expect(try bench.results() == first)
  }

  @Test func `each criterion is measured once, whatever the number of solvers and targets`() throws {
    _ = try bench.compare([("solver", "{}"), ("compare", #"{"sensitivity": ["taylor", {"order": 2}]}"#)])
    let one = try bench.pieces()
    try FileManager.default.removeItem(atPath: folder.file("out"))
    let outcome = try bench.compare([
      ("solver", "{}"),
      (
        "compare",
        #"{"sensitivity": ["taylor", {"order": 2}], "solver": ["greedy", "optimal"], "targets": [{"compression_ratio": 2}, {"compression_ratio": 3}]}"#
      ),
    ])
    // 27 samples in batches of 8: four shards for each criterion; one part for the network as it is and for each of its
    // distinct plans.
    #expect(one == [0, 8 + 3])
    let plans = Set(outcome.rows.compactMap { $0.plan?.ratios.layers.map(\.prunedChannels) })
    #expect(try bench.pieces() == [0, 8 + 1 + plans.count])
  }

  @Test
  func `the ratios of a row are those of a search for its combination, and the loss is that of the network pruned`()
    throws
  {
    let outcome = try bench.compare(ComparisonCase.few)
    #expect(outcome.rows.count == 12)
    let whole = try SearchConfiguration(
      parsing: Array(try folder.contents(of: "config.json")), file: folder.file("config.json"))
    // The last of each criterion's, in order of their numbers.
    for number in [4, 8, 12] {
      let own = try whole.configuration(of: whole.combinations[number - 1])
      let path = try folder.write(Data(own.canonicalJSON.text().utf8), as: "alone.json")
      let changes = [ConfigurationChange(["output", "directory"], to: .string(folder.file("alone\(number)")))]
      let found = try InProcess.run(ranks: 1) { world in
        try SearchRun(
          on: world, backend: OneDNNBackend(), format: ONNXFormat(), applies: true, logger: DemoSearch.logger,
          progress: { _ in }
        ).execute(path, changes: changes)
      }
      let row = try #require(outcome.rows.first { $0.number == number }?.plan)
      let alone = try #require(found[0])
      let plain = try InProcess.run(ranks: 1) { world in
        try SearchRun(
          on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: DemoSearch.logger, progress: { _ in }
        ).execute(path, changes: changes)
      }
      #expect(plain[0] != nil)
      let isSame =
        try folder.contents(of: "alone\(number)/ratios.json")
        == folder.contents(of: "out/compare/ratios-\(number).json")
      #expect(isSame, "row \(number)")
      // Masked and removed channels differ by the order of sums in float32.
      let measured = try #require(alone.pruning?.measuredLossChange)
      #expect(abs(row.loss - outcome.originalLoss - measured) < 1e-4 * max(1, row.loss), "row \(number)")
    }
  }

  @Test(.enabled(if: PluginScripts.hasPython), arguments: [1, 3])
  func `plug-ins plan what they plan in a search, on any number of ranks`(_ ranks: Int) throws {
    let solver = #"{"method": "external", "command": \#(PluginScripts.shipped("solver.py"))}"#
    let criterion =
      #"{"method": "external", "command": \#(PluginScripts.shipped("criterion.py")), "inputs": ["activations", "#
      + #""gradients"], "normalization": "lamp"}"#
    let outcome = try bench.compare(
      ranks: ranks,
      [("solver", "{}"), ("compare", #"{"sensitivity": [{"method": "l1"}, \#(criterion)], "solver": [\#(solver)]}"#)])
    #expect(outcome.rows.count == 2 && outcome.rows.allSatisfy { $0.plan != nil }, "\(outcome.rows.map(\.failure))")
    #expect(Set(outcome.criteria.map(\.label)).count == 2)
    let text = try DemoNetwork.configuration(
      output: folder.file("alone"), changes: DemoSearch.small + [("solver", solver), ("sensitivity", criterion)])
    _ = try DemoSearch.run(configuration: try folder.write(text, as: "alone.json"))
    let row = try #require(outcome.rows.first { $0.criterion == 1 })
    #expect(
      try folder.contents(of: "out/compare/ratios-\(row.number).json") == folder.contents(of: "alone/ratios.json"))
  }

  @Test func `rows stand by target and loss, the first with a plan is the best, and only losses are predicted`() throws
  {
    let outcome = try bench.compare(ComparisonCase.few)
    let keys = outcome.rows.map { ($0.target, $0.plan?.loss ?? .infinity) }
    #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 <= $1 })
    for target in outcome.targets.indices {
      let rows = outcome.rows.filter { $0.target == target }
      #expect(rows.map(\.isBest) == [true] + rows.dropFirst().map { _ in false })
    }
    for row in outcome.rows {
      let plan = try #require(row.plan)
      #expect((plan.predictedLossChange == nil) == (outcome.criteria[row.criterion].label == "l1"))
      #expect(DemoSearch.meetsTargets(plan.ratios))
      #expect((0...1).contains(plan.accuracy ?? -1))
    }
    #expect(outcome.criteria.map(\.label) == ["taylor, reduction mean_abs", "l1", "taylor, order 2"])
  }

  @Test func `what cannot be run is a row that says why`() throws {
    let outcome = try bench.compare(Self.all)
    #expect(outcome.rows.count == 48)
    func rows(_ criterion: Int, solver: Int? = nil, target: Int? = nil) -> [ComparisonOutcome.Row] {
      outcome.rows.filter {
        $0.criterion == criterion && $0.solver == solver ?? $0.solver && $0.target == target ?? $0.target
      }
    }
    for row in outcome.rows { #expect((row.plan == nil) == (row.failure != nil)) }
    for row in rows(1, target: 0) where row.solver != 1 && row.solver != 3 {
      #expect(row.failure?.contains("no normalisation follows") == true, "\(row.failure ?? "")")
    }
    for row in outcome.rows where row.target == 1 {
      #expect(row.failure?.hasPrefix("$.compare.") == true, "\(row.failure ?? "")")
    }
    #expect(
      rows(0, solver: 0, target: 1)[0].failure?.hasPrefix(
        "$.compare.targets[1].compression_ratio: a compression ratio of 500.0 in bit_complexity") == true)
    #expect(rows(3, solver: 1, target: 0)[0].failure?.hasPrefix("$.compare.solver[1].iterations: ") == true)
    #expect(rows(3, solver: 3, target: 0)[0].failure?.hasPrefix("$.compare.solver[3].robust: ") == true)
    #expect(rows(2, solver: 3, target: 0)[0].failure?.hasPrefix("$.compare.solver[3]: ") == true)
    for solver in 0..<4 { #expect(rows(0, solver: solver, target: 0)[0].plan != nil) }
    // The script's rows say the same.
    let text = String(decoding: try folder.contents(of: "out/compare/compare.csv"), as: UTF8.self)
    #expect(text.components(separatedBy: "\r\n").count == 50)
  }

  @Test(arguments: [1, 2])
  func `where nothing can be run the first failure ends it, and nothing is written`(_ ranks: Int) throws {
    let changes: Changes = [
      ("solver", "{}"), ("compare", #"{"solver": ["greedy", "optimal"], "targets": [{"compression_ratio": 1000}]}"#),
    ]
    let early = #expect(throws: SearchError.self) { try bench.compare(ranks: ranks, changes) }
    #expect(early?.kind == .configuration)
    #expect(early?.problem.hasPrefix("$.compare.targets[0].compression_ratio: ") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
    // This network has no normalisation: seen only when its weights are scored.
    let late = #expect(throws: SearchError.self) {
      try bench.compare(ranks: ranks, [("solver", "{}"), ("compare", #"{"sensitivity": ["bn_scale"]}"#)])
    }
    #expect(late?.kind == .badContent)
    #expect(try DemoSearch.files(in: folder.file("out/compare")) == ["run.json"])
  }

  @Test func `where the comparison has targets the configuration needs none, and a search still does`() throws {
    let changes: Changes = [
      ("target", nil), ("solver", "{}"), ("config_list", "[]"),
      ("compare", #"{"sensitivity": ["l1"], "targets": [{"compression_ratio": 2, "metric": "macs"}]}"#),
    ]
    let outcome = try bench.compare(ranks: 2, changes)
    #expect(outcome.rows.count == 1 && outcome.rows[0].plan != nil)
    #expect(try VerifyRun(folder.file("out/compare"), includesInputs: true).inputs.isEmpty == false)
    let path = try bench.configuration(changes)
    for ranks in [1, 2] {
      let error = #expect(throws: ConfigurationError.self) { try DemoSearch.run(configuration: path, ranks: ranks) }
      #expect(error?.path == "$")
      #expect(error?.problem.contains("nothing says how much to prune") == true)
      #expect(error?.problem.hasSuffix("what $.compare.targets asks for is for `compare` alone") == true)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("out/ratios.json")))
    #expect(throws: ConfigurationError.self) {
      try SearchRun.validate(path, ONNXFormat(), backend: OneDNNBackend())
    }
  }

  @Test func `networks are evaluated on the samples that are held out for it`() throws {
    let held =
      #"{"inputs": "\#(DemoNetwork.images)", "labels": "\#(DemoNetwork.labels)", "samples": 40, "preprocessing": {"scale": 0.00392156862745098, "mean": 0.286, "std": 0.353}}"#
    let own = try bench.compare(ComparisonCase.few)
    let other = try bench.compare(ranks: 2, ComparisonCase.few + [("evaluation", held)])
    #expect(own.sampleCount == 27 && other.sampleCount == 40)
    #expect(own.originalLoss != other.originalLoss)
    let first = try bench.results()
    #expect(String(decoding: first["compare.json"] ?? Data(), as: UTF8.self).contains(#""evaluated_on": "evaluation""#))
    let done = try bench.pieces()
    #expect(done[0] > 0, "sensitivities are found again")
    _ = try bench.compare(ComparisonCase.few + [("evaluation", held)])
    #expect(try bench.pieces()[1] == 0)
    #expect(try bench.results() == first)
    // The same samples named again give the same numbers.
    let named = try bench.compare(
      ComparisonCase.few + [("evaluation", held.replacingOccurrences(of: "40", with: "27"))])
    #expect(named.originalLoss == own.originalLoss)
    #expect(named.rows.map(\.plan?.loss) == own.rows.map(\.plan?.loss))
  }

  @Test func `a comparison leaves no ratios of an earlier one, and a search beside it keeps its files`() throws {
    _ = try DemoSearch.run(in: folder, [])
    let search = try folder.contents(of: "out/ratios.json")
    _ = try bench.compare(ComparisonCase.few)
    _ = try bench.compare([("solver", "{}"), ("compare", #"{"sensitivity": ["l2"]}"#)])
    #expect(
      try DemoSearch.files(in: folder.file("out/compare"))
        == ["compare.csv", "compare.json", "ratios-1.json", "run.json"])
    #expect(try folder.contents(of: "out/ratios.json") == search)
    #expect(try VerifyRun(folder.file("out")).outputs.isEmpty == false)
  }
}
