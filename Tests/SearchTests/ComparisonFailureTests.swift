import Configuration
import Foundation
import MessagePassing
import Networks
import ONNXFormat
import OneDNN
import ProgramRuns
import Testing
import WorkSharing

@testable import Search

/// What comes to nothing while others go on, and what ends a comparison all the same.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ComparisonFailureTests {
  private let bench: ComparisonCase
  private var folder: TemporaryFolder { bench.folder }

  init() throws { bench = try ComparisonCase() }

  private func configuration(_ comparison: String) throws -> String {
    try bench.configuration([("solver", "{}"), ("compare", comparison)])
  }

  // MARK: Programs

  /// A criterion that a shell script is, with its settings.
  private func criterion(_ name: String, _ script: String, _ more: String = "") throws -> String {
    _ = try folder.write(Data(script.utf8), as: name)
    return #"{"method": "external", "command": ["sh", "\#(name)"]\#(more)}"#
  }

  private static let head = #"{"protocol":"prune-cluster-criterion","version":1,"unit":"score","groups":["#

  @Test func `a criterion of the user's that fails is a row for each of its combinations, and the others go on`() throws
  {
    let answers = [
      try criterion("exit.sh", "echo it broke; exit 3", #", "inputs": ["activations"]"#),
      try criterion("nan.sh", #"echo '\#(Self.head){"group":0,"scores":[NaN]}]}' > $1/answer.json"#),
      try criterion("shape.sh", #"echo '\#(Self.head){"group":0,"scores":[1,2]}]}' > $1/answer.json"#),
      try criterion("slow.sh", "sleep 600", #", "time_limit": 0.3"#),
    ]
    let path = try configuration(
      #"""
      {"sensitivity": ["l1", \#(answers.joined(separator: ", ")), "taylor"], "solver": ["greedy", "optimal"]}
      """#)
    var first: [String: Data] = [:]
    for ranks in 1...3 {
      let outcome = try bench.compare(ranks: ranks, configuration: path)
      let rows = outcome.rows.sorted { $0.number < $1.number }
      #expect(rows.map { $0.plan != nil } == [true, true] + [Bool](repeating: false, count: 8) + [true, true])
      let expected = [
        #"$.compare.sensitivity[1].command: the plug-in "sh exit.sh" ended with exit code 3, expected 0; the last that it wrote: "it broke""#,
        #"answer.json of the plug-in "sh nan.sh": line 1, column "#,
        #"answer.json of the plug-in "sh shape.sh": $.groups[0].scores: expected 16 scores"#,
        #"$.compare.sensitivity[4].command: the plug-in "sh slow.sh" was not done after 0.3 s"#,
      ]
      for (number, text) in expected.enumerated() {
        for row in rows[2 + 2 * number..<4 + 2 * number] {
          #expect(row.failure?.hasPrefix(text) == true, "\(row.failure ?? "")")
        }
      }
      if ranks == 1 { first = try bench.results() }
      #expect(try bench.results() == first, "\(ranks) ranks")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("out/compare"))
      #expect(!names.contains { $0.hasPrefix(".") })
    }
  }

  @Test(arguments: [1, 2])
  func `where nothing else is asked for the first program's failure ends it`(_ ranks: Int) throws {
    let path = try configuration(
      #"{"sensitivity": [\#(try criterion("exit.sh", "exit 3")), \#(try criterion("exit.sh", "exit 3", #", "unit": "loss""#))]}"#
    )
    let error = #expect(throws: SearchError.self) { try bench.compare(ranks: ranks, configuration: path) }
    #expect(error?.kind == .badContent)
    #expect(error?.problem.hasPrefix("$.compare.sensitivity[0].command: ") == true)
    #expect(try bench.names() == ["run.json"])
  }

  @Test(arguments: [1, 2])
  func `a machine that cannot go on, and a stop, end the comparison though a criterion could be left out`(
    _ ranks: Int
  ) throws {
    // The first takes away the directory in which the second's folder has to be made.
    let broken = try criterion("away.sh", "rm -r $(dirname $1); exit 3")
    let other = try criterion("exit.sh", "exit 3")
    let path = try configuration(#"{"sensitivity": ["l1", \#(broken), \#(other)]}"#)
    let error = #expect(throws: SearchError.self) { try bench.compare(ranks: ranks, configuration: path) }
    #expect(error?.kind == .cannotCreate, "\(String(describing: error))")

    let slow = try criterion("slow.sh", "touch begun; sleep 600")
    let stopped = try configuration(#"{"sensitivity": ["l1", \#(slow)]}"#)
    let stop = StopRequest()
    let begun = folder.file("begun")
    let asking = Thread {
      while !FileManager.default.fileExists(atPath: begun) { usleep(10_000) }
      stop.make()
    }
    asking.start()
    let interruption = #expect(throws: (any Error).self) {
      try bench.compare(ranks: ranks, configuration: stopped, stop: stop)
    }
    #expect(interruption is Interruption, "\(String(describing: interruption))")
    #expect(try bench.names() == ["run.json"])
  }

  // MARK: Losses that are not finite

  @Test func `a plan that leaves no finite loss is a row that says so, for any number of ranks`() throws {
    // 62 parameters: without the last channel of the first layer 54, without two 46.
    let path = try SteepFormat.configuration(
      in: folder,
      #"""
      , "compare": {"sensitivity": ["l1", "taylor"],
        "targets": [{"limit": 54, "metric": "params"}, {"limit": 46, "metric": "params"}]}
      """#)
    var first: [String: Data] = [:]
    for ranks in 1...3 {
      let outcome = try bench.compare(ranks: ranks, configuration: path, SteepFormat())
      let rows = outcome.rows.sorted { $0.number < $1.number }
      #expect(rows.map { $0.plan != nil } == [false, true, true, true])
      #expect(rows[0].failure == "the loss of the pruned network is infinite or not a number")
      #expect(rows.dropFirst().allSatisfy { $0.plan?.loss.isFinite == true })
      #expect(rows[2].isBest && rows[1].isBest != rows[3].isBest)
      let files = try bench.results()
      if ranks == 1 { first = files }
      #expect(files == first, "\(ranks) ranks")
      #expect(files.keys.sorted() == ["compare.csv", "compare.json"] + (2...4).map { "ratios-\($0).json" })
      try FileManager.default.removeItem(atPath: folder.file("out"))
    }
  }

  @Test(arguments: [1, 2])
  func `where no plan leaves a finite loss, or the network has none itself, that ends it`(_ ranks: Int) throws {
    let target = #"{"limit": 54, "metric": "params"}"#
    let path = try SteepFormat.configuration(
      in: folder, #", "target": \#(target), "compare": {"sensitivity": ["l1"], "solver": ["optimal", "greedy"]}"#)
    let error = #expect(throws: SearchError.self) {
      try bench.compare(ranks: ranks, configuration: path, SteepFormat())
    }
    #expect(error?.kind == .badContent)
    #expect(error?.problem == "the loss of the pruned network is infinite or not a number")
    #expect(try bench.names() == ["run.json"])
    let own = #expect(throws: SearchError.self) {
      try bench.compare(ranks: ranks, configuration: path, SteepFormat(constant: 300))
    }
    #expect(own?.kind == .badContent)
    #expect(own?.problem.contains("sample") == true, "\(String(describing: own))")
  }

  /// Compares for any number of ranks: the same bytes.
  /// - Returns: by row why there is no plan.
  private func failures(_ path: String, _ format: any ModelFormat) throws -> [String?] {
    var first: [String: Data] = [:]
    var failures: [String?] = []
    for ranks in 1...3 {
      let outcome = try bench.compare(ranks: ranks, configuration: path, format)
      let rows = outcome.rows.sorted { $0.number < $1.number }
      failures = rows.map(\.failure)
      #expect(rows.map { $0.plan == nil } == failures.map { $0 != nil })
      if ranks == 1 { first = try bench.results() }
      #expect(try bench.results() == first, "\(ranks) ranks")
      try FileManager.default.removeItem(atPath: folder.file("out"))
    }
    return failures
  }

  private static let limits = #""targets": [{"limit": 54, "metric": "params"}, {"limit": 46, "metric": "params"}]"#
  private static let notFinite = "the loss is not finite; evaluated was the network without input channels of 'mix'"

  @Test func `a loss that is not finite is a row of the criterion or the solver that needs it`() throws {
    // The loss without each channel alone is what this criterion is.
    let ablated = try failures(
      SteepFormat.configuration(
        in: folder, #", "compare": {"sensitivity": ["ablation", "taylor"], \#(Self.limits)}"#), SteepFormat())
    #expect(ablated == [Self.notFinite, Self.notFinite, nil, nil])
    let measured = try failures(
      SteepFormat.configuration(
        in: folder, #", "compare": {"sensitivity": ["l1"], "solver": ["measured", "greedy"], \#(Self.limits)}"#),
      SteepFormat())
    #expect(
      measured == [
        Self.notFinite, Self.notFinite, "the loss of the pruned network is infinite or not a number", nil,
      ])
  }

  @Test func `channels that no layer can be asked about are a row of the criteria that would ask`() throws {
    let found = try failures(
      WideFormat.configuration(in: folder, #", "compare": {"sensitivity": ["thinet", "l1", "lasso"]}"#), WideFormat())
    for (row, criterion) in [(0, "thinet"), (2, "lasso")] {
      #expect(
        found[row]?.hasPrefix("\(criterion): no layer can be asked about the channels of 'first'") == true,
        "\(found[row] ?? "")")
    }
    #expect(found[1] == nil)
    // Alone it ends the comparison, and so it does a search.
    let path = try WideFormat.configuration(in: folder, #", "sensitivity": {"method": "thinet"}"#)
    for isComparison in [true, false] {
      let error = #expect(throws: SearchError.self) {
        if isComparison {
          _ = try bench.compare(ranks: 2, configuration: path, WideFormat())
        } else {
          _ = try InProcess.run(ranks: 2) { world in
            try SearchRun(
              on: world, backend: OneDNNBackend(), format: WideFormat(), logger: DemoSearch.logger,
              progress: { _ in }
            ).execute(path)
          }
        }
      }
      #expect(error?.problem.contains("no layer can be asked") == true, "\(String(describing: error))")
    }
  }

  @Test func `a loss that a comparison has found not to be finite serves nobody who needs one`() throws {
    let path = try SteepFormat.configuration(
      in: folder, #", "compare": {"sensitivity": ["ablation", "taylor"], \#(Self.limits)}"#)
    _ = try bench.compare(configuration: path, SteepFormat())
    let error = #expect(throws: SearchError.self) {
      try bench.compare(
        configuration: try SteepFormat.configuration(
          in: folder, #", "compare": {"sensitivity": ["ablation"], \#(Self.limits)}"#), SteepFormat())
    }
    #expect(error?.problem == Self.notFinite)
  }

  @Test(arguments: [1, 3])
  func `a repair that leaves no finite loss is not kept, and where it has to be the row says so`(_ ranks: Int) throws {
    let comparison = #"{"sensitivity": ["l1"], "repair": true}"#
    let outcome = try bench.compare(ranks: ranks, configuration: try configuration(comparison), OverflowingFormat())
    let plan = try #require(outcome.rows[0].plan)
    // The file and the masked network differ by the order of sums in float32.
    #expect(abs(try #require(plan.repairedLoss) - plan.loss) < 1e-4)
    let path = try bench.configuration([
      ("solver", "{}"), ("repair", #"{"held_out": 0}"#), ("compare", comparison),
    ])
    let error = #expect(throws: SearchError.self) {
      try bench.compare(ranks: ranks, configuration: path, OverflowingFormat())
    }
    #expect(error?.problem == "the loss of the repaired network is infinite or not a number")
  }

  /// Makes weights that are repaired as large as they can be.
  private struct OverflowingFormat: ModelFormat {
    private let base = ONNXFormat()

    func read(_ path: String) throws -> ModelSource { try base.read(path) }

    func decode(_ message: [UInt8], sampleShapes: [String: [Int]]) throws -> any DecodedModel {
      try base.decode(message, sampleShapes: sampleShapes)
    }

    func replacing(_ parameters: [LayerParameters], in message: [UInt8]) throws -> [UInt8] {
      let large = parameters.map { one in
        var one = one
        one.bias = one.bias.map { $0.map { _ in .greatestFiniteMagnitude } }
        one.mean = one.mean.map { $0.map { _ in -.greatestFiniteMagnitude } }
        return one
      }
      return try base.replacing(large, in: message)
    }

    func obstacles(toReplacing nodes: [String], in message: [UInt8]) throws -> [String: String] {
      try base.obstacles(toReplacing: nodes, in: message)
    }

    func files(of message: [UInt8], named name: String) throws -> [ModelFile] {
      try base.files(of: message, named: name)
    }
  }
}
