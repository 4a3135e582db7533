import Channels
import Configuration
import Foundation
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Search
import Sensitivity
import Testing

/// Criteria of weights need no calibration data.
@Suite(.timeLimit(.minutes(30)))
struct SamplelessSearchTests {
  private static let without: [(path: String, json: String?)] = [("calibration", nil), ("loss", nil)]

  @Test(arguments: ["l1", "l2", "geometric_median", "nisp", "random"])
  func `the results are those of a search that has samples`(_ method: String) throws {
    let folder = try TemporaryFolder()
    let criterion: [(path: String, json: String?)] = [
      ("sensitivity", #"{"method": "\#(method)"}"#), ("solver", #"{"method": "greedy"}"#),
    ]
    let with = try DemoSearch.run(in: folder, criterion)
    var files: [String: Data] = [:]
    for name in ["ratios.json", "sensitivities.npz"] { files[name] = try folder.contents(of: "out/\(name)") }
    let other = try TemporaryFolder()
    let outcome = try DemoSearch.run(in: other, criterion + Self.without)
    #expect(outcome.sampleCount == 0 && with.sampleCount == 0)
    for (name, bytes) in files {
      let isSame = try other.contents(of: "out/\(name)") == bytes
      #expect(isSame, "\(name)")
    }
    let record = try JSONValue(parsing: Array(try other.contents(of: "out/run.json")), file: "run.json")
    #expect(record["data"] == [])
    #expect(record["configuration"]?["calibration"] == nil)
    #expect(record["configuration"]?["repair"]?["bias_correction"] == false)
  }

  @Test func `there are no error bars to solve by`() throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [("sensitivity", #"{"method": "l2"}"#)] + Self.without)
    var request = SolveRun.Request(directory: folder.file("out"))
    request.changes = [ConfigurationChange(["solver", "robust"], to: true)]
    let error = #expect(throws: SearchError.self) {
      try SolveRun(format: ONNXFormat(), logger: DemoSearch.logger).execute(request)
    }
    #expect(error?.problem == "$.solver.robust: scores by \"l2\" have no error bars")
  }

  @Test func `another target is solved from what it has left`() throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [("sensitivity", #"{"method": "l2"}"#)] + Self.without)
    var request = SolveRun.Request(directory: folder.file("out"))
    request.changes = [ConfigurationChange(["target", "compression_ratio"], to: .number(3))]
    let solved = try SolveRun(format: ONNXFormat(), logger: DemoSearch.logger).execute(request)
    #expect(DemoSearch.meetsTargets(solved.ratios))
  }

  @Test(arguments: [1, 3]) func `the pruned model is made and certified by random samples`(_ ranks: Int) throws {
    let folder = try TemporaryFolder()
    let text = try DemoNetwork.configuration(
      output: folder.file("out"), changes: Self.without + [("sensitivity", #"{"method": "l1"}"#)])
    let path = try folder.write(text, as: "config.json")
    let outcomes = try InProcess.run(ranks: ranks) { world in
      try SearchRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), applies: true, logger: DemoSearch.logger,
        progress: { _ in }
      ).execute(path)
    }
    let pruning = try #require(outcomes[0]?.pruning)
    #expect(pruning.certificate.isValid)
    #expect(pruning.evaluations.isEmpty && pruning.repairs.isEmpty)
    #expect(FileManager.default.fileExists(atPath: folder.file("out/pruned.onnx")))
  }

  @Test func `the evaluation of models wants samples`() throws {
    let folder = try TemporaryFolder()
    let text = try DemoNetwork.configuration(
      output: folder.file("out"), changes: Self.without + [("sensitivity", #"{"method": "l1"}"#)])
    let path = try folder.write(text, as: "config.json")
    let error = #expect(throws: SearchError.self) {
      try InProcess.run(ranks: 1) { world in
        try EvaluateRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: DemoSearch.logger)
          .execute([], configuration: path)
      }
    }
    #expect(error?.kind == .configuration)
    #expect(error?.problem.contains("\"calibration\" is missing") == true, "\(String(describing: error))")
  }
}

/// The oracle on some units of each group.
@Suite(.timeLimit(.minutes(30)))
struct SampledAblationTests {
  private static func scores(_ units: String) throws -> [[Double]] {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(
      in: folder, [("sensitivity", #"{"method": "ablation", "units": \#(units)}"#), ("solver", "{}")])
    let structure = try DemoSearch.structure()
    return try StoredSensitivities(reading: folder.file("out/sensitivities.npz"), for: structure).scores.groups
  }

  @Test func `those that are measured have the change of the loss, the others lie between`() throws {
    let structure = try DemoSearch.structure()
    let whole = try Self.scores("\"all\"")
    let some = try Self.scores("6")
    for group in structure.groups where group.isPrunable {
      let equal = whole[group.id].indices.filter { whole[group.id][$0] == some[group.id][$0] }
      #expect(equal.count >= min(6, group.unitCount), "group \(group.id)")
      let range = (whole[group.id].min() ?? 0)...(whole[group.id].max() ?? 0)
      #expect(some[group.id].allSatisfy(range.contains), "a fit leaves the range of no measurement")
      if group.unitCount > 12 { #expect(equal.count < group.unitCount) }
    }
    #expect(try Self.scores("4096") == whole)
  }

  @Test func `they are chosen by the sums of squares that the Fisher criterion is made of`() throws {
    let structure = try DemoSearch.structure()
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [("sensitivity", #"{"method": "fisher"}"#), ("solver", "{}")])
    let squares = try StoredSensitivities(reading: folder.file("out/sensitivities.npz"), for: structure).scores.groups
    let (whole, some) = (try Self.scores("\"all\""), try Self.scores("6"))
    for group in structure.groups where group.isPrunable {
      for unit in UnitSample(of: squares[group.id], count: 6).units {
        #expect(some[group.id][unit] == whole[group.id][unit], "unit \(unit) of group \(group.id)")
      }
    }
  }
}
