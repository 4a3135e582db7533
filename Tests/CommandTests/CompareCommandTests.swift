import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// `compare` as a user drives it.
@Suite(.timeLimit(.minutes(10)))
struct CompareCommandTests {
  private static let comparison = #"""
    {"sensitivity": ["taylor", "l1", "bn_scale"], "solver": ["greedy", "optimal"], "targets": [{"compression_ratio": 2}]}
    """#

  private static func configuration(
    in folder: TemporaryFolder, _ name: String = "out", samples: Int = 150, batchSize: Int = 16,
    _ comparison: String = comparison
  ) throws -> String {
    let text = try DemoNetwork.configuration(
      output: folder.file(name),
      changes: [
        ("calibration.samples", "\(samples)"), ("calibration.batch_size", "\(batchSize)"), ("compare", comparison),
      ])
    return try folder.write(text, as: "\(name).json")
  }

  private static func files(_ folder: TemporaryFolder, _ name: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.file("\(name)/compare"))
    where !["run.json", "checkpoint"].contains(file) {
      files[file] = try folder.contents(of: "\(name)/compare/\(file)")
    }
    return files
  }

  @Test(.enabled(if: ProgramRun.hasLauncher), arguments: [1, 2, 3])
  func `the files have the same bytes without mpirun and with it, and the table comes once`(_ ranks: Int) throws {
    let folder = try TemporaryFolder()
    for (name, ranks) in [("alone", nil), ("job", ranks)] {
      let run = try ProgramRun("prune-cluster", ranks: ranks, ["compare", try Self.configuration(in: folder, name)])
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(run.complaints.isEmpty)
      #expect(run.output.components(separatedBy: "target: 2.0 x bit_complexity\n").count == 2, "\(run.output)")
      #expect(run.output.contains(" best "))
      #expect(run.output.contains("5 (bn_scale; greedy), 6 (bn_scale; optimal): bn_scale: no normalisation"))
      let verified = try ProgramRun("prune-cluster", ["verify", folder.file("\(name)/compare")])
      #expect(verified.exitCode == 0, "\(verified.errors)")
    }
    let (alone, job) = (try Self.files(folder, "alone"), try Self.files(folder, "job"))
    #expect(alone.count == 6)
    #expect(alone == job)
    let script = try ProgramRun(
      "prune-cluster", ["compare", "--quiet", "--json", try Self.configuration(in: folder, "alone")])
    #expect(script.exitCode == 0 && script.errors.isEmpty, "\(script.errors)")
    #expect(Data(script.output.utf8) == alone["compare.json"])
  }

  @Test(arguments: [nil, 2])
  func `a comparison that is stopped says so, and goes on to the same bytes`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    // Some seconds of work: mpirun passes a signal on when it gets to it.
    let long = #"{"sensitivity": ["l1", {"order": 2, "curvature": "gauss_newton", "draws": 40}, "apoz"]}"#
    func config(_ name: String) throws -> String {
      try Self.configuration(in: folder, name, samples: 512, batchSize: 2, long)
    }
    let whole = try ProgramRun("prune-cluster", ["compare", "--quiet", try config("whole")])
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let config = try config("cut")
    let store = folder.file("cut/compare/checkpoint")
    let stopped = try ProgramRun(
      "prune-cluster", ranks: ranks, ["compare", "--quiet", config],
      signal: (
        ranks == nil ? SIGTERM : SIGUSR1,
        { ((try? FileManager.default.contentsOfDirectory(atPath: store))?.count ?? 0) > 5 }
      ))
    #expect(stopped.exitCode == 75, "\(stopped.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("cut/compare/compare.json")))
    let finished = try FileManager.default.contentsOfDirectory(atPath: store).filter { $0.hasSuffix(".piece") }.count
    #expect(finished > 0)
    let goingOn = try ProgramRun("prune-cluster", ["compare", config])
    #expect(goingOn.exitCode == 0, "\(goingOn.errors)")
    let record = try JSONValue(parsing: Array(try folder.contents(of: "cut/compare/run.json")), file: "run.json")
    guard case .array(let attempts)? = record["attempts"],
      case .integer(let restored)? = attempts.last?["pieces_restored"]
    else {
      Issue.record("no attempts")
      return
    }
    #expect(attempts.count == 2 && attempts[0]["state"] == "stopped")
    #expect(restored >= finished, "what was finished is not measured again")
    #expect(try Self.files(folder, "cut") == Self.files(folder, "whole"))
  }

  @Test(arguments: [nil, 3])
  func `a mistake is one line with the documented exit code`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    for (comparison, exitCode, text) in [
      (#"{"sensitivity": ["l3"]}"#, 78, "$.compare.sensitivity[0].method"),
      (#"{"sensitivity": []}"#, 78, "$.compare.sensitivity"),
      (#"{"targets": [{"compression_ratio": 1e6}]}"#, 78, "$.compare.targets[0].compression_ratio"),
      (#"{"sensitivity": ["bn_scale"]}"#, 65, "fashion-resnet.onnx"),
    ] {
      let folder = try TemporaryFolder()
      let run = try ProgramRun(
        "prune-cluster", ranks: ranks, ["compare", "--quiet", try Self.configuration(in: folder, "out", comparison)],
        limitSeconds: 60)
      #expect(run.exitCode == Int32(exitCode), "\(run.errors)")
      #expect(run.complaints.count == 1, "\(run.errors)")
      #expect(run.complaints.first?.contains(text) ?? false, "\(run.errors)")
      #expect(run.output.isEmpty)
    }
    let folder = try TemporaryFolder()
    #expect(try ProgramRun("prune-cluster", ["compare"]).exitCode == 64)
    #expect(try ProgramRun("prune-cluster", ["compare", folder.file("none.json")]).exitCode == 66)
    let config = try Self.configuration(in: folder)
    let output = try ProgramRun("prune-cluster", ["compare", "--quiet", "--output", "/proc/no/such", config])
    #expect(output.exitCode == 73, "\(output.errors)")
  }
}
