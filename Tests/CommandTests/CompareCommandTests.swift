import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// `compare` as a user drives it.
@Suite(.timeLimit(.minutes(30)))
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

  @Test(.enabled(if: ProgramRun.hasLauncher), arguments: [nil, 2])
  func `a criterion of the user's that fails is told in the table, and the command succeeds`(_ ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let comparison = #"{"sensitivity": ["l1", {"method": "external", "command": ["sh", "-c", "exit 9"]}]}"#
    let run = try ProgramRun(
      "prune-cluster", ranks: ranks, ["compare", "--quiet", try Self.configuration(in: folder, "out", comparison)])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.isEmpty)
    #expect(
      run.output.contains(
        #"2 (external sh; optimal): $.compare.sensitivity[1].command: the plug-in "sh -c exit 9" ended with exit code 9"#
      ),
      "\(run.output)")
    #expect(try ProgramRun("prune-cluster", ["verify", folder.file("out/compare")]).exitCode == 0)
  }

  @Test(arguments: [nil, 1, 3])
  func `a dry run says what would be run and what cannot be, and writes nothing`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    let config = try Self.configuration(
      in: folder, samples: 27, batchSize: 8,
      #"""
      {"sensitivity": ["taylor", {"bootstrap": 2}, "l1"], "solver": ["greedy", {"iterations": 2}],
       "targets": [{"compression_ratio": 2}, {"compression_ratio": 900}]}
      """#)
    let run = try ProgramRun("prune-cluster", ranks: ranks, ["compare", "--dry-run", config])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.complaints.isEmpty)
    let lines = run.output.split(separator: "\n").map(String.init)
    for start in [
      "\(config): valid", "layers: 16, of which ", "calibration: 27 samples, batches: 4, shards: 4",
      "combinations: 12 (3 × 2 × 2), to be run: 5",
      "criterion taylor: 2 combinations, 0 of 4 shards need no computing, about ",
      "criterion taylor, bootstrap 2: 2 combinations, by what is measured for one before",
      "criterion l1: 1 combination",
      "not to be run: 7", "target: 2.0 x bit_complexity",
      "11 (l1; optimal, iterations 2): $.compare.solver[1].iterations: ", "target: 900.0 x bit_complexity",
      "2 (taylor; greedy), 4 (taylor; optimal, iterations 2), ", "memory: about ", "ranks: \(ranks ?? 1), workers: ",
      "time: about ",
      "files in \(folder.file("out"))/compare: compare.json, compare.csv, run.json, ratios-N.json for 5 rows at the most",
      "nothing was written",
    ] {
      #expect(lines.count { $0.hasPrefix(start) } == 1, "\(start) in \(run.output)")
    }
    #expect(try folder.names == ["out.json"])
  }

  @Test func `a dry run finds the checkpoint, and what it says of the files is so`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.configuration(in: folder, samples: 27, batchSize: 8, Self.comparison)
    let run = try ProgramRun("prune-cluster", ["compare", "--quiet", config])
    #expect(run.exitCode == 0, "\(run.errors)")
    let record = try folder.contents(of: "out/compare/run.json")
    let dry = try ProgramRun("prune-cluster", ["compare", "--dry-run", config])
    #expect(dry.output.contains("criterion taylor: 2 combinations, 4 of 4 shards need no computing, "), "\(dry.output)")
    #expect(try folder.contents(of: "out/compare/run.json") == record)
    // That one criterion finds nothing is seen when the weights are scored.
    #expect(dry.output.contains("ratios-N.json for 6 rows at the most"), "\(dry.output)")
    #expect(try Self.files(folder, "out").keys.count { $0.hasPrefix("ratios-") } == 4)
  }

  @Test(arguments: [nil, 3])
  func `a mistake ends a dry run as it ends the comparison`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    for (comparison, output, exitCode, text) in [
      (#"{"sensitivity": ["l3"]}"#, "out", 78, "$.compare.sensitivity[0].method"),
      (#"{"targets": [{"compression_ratio": 1e6}]}"#, "out", 78, "$.compare.targets[0].compression_ratio"),
      (#"{"sensitivity": ["l1"]}"#, "/dev/null/out", 73, "/dev/null/out/compare"),
    ] {
      let folder = try TemporaryFolder()
      let run = try ProgramRun(
        "prune-cluster", ranks: ranks,
        [
          "compare", "--dry-run", "--output", output.hasPrefix("/") ? output : folder.file(output),
          try Self.configuration(in: folder, "out", comparison),
        ])
      #expect(run.exitCode == Int32(exitCode), "\(run.errors)")
      #expect(run.complaints.count == 1, "\(run.errors)")
      #expect(run.complaints.first?.contains(text) ?? false, "\(run.errors)")
      #expect(run.output.isEmpty)
      #expect(try folder.names == ["out.json"])
    }
  }

  @Test func `a configuration whose targets are those of the comparison serves all that needs none`() throws {
    let folder = try TemporaryFolder()
    let text = try DemoNetwork.configuration(
      output: folder.file("out"),
      changes: [
        ("calibration.samples", "32"), ("target", nil), ("config_list", "[]"),
        ("compare", #"{"sensitivity": ["l1"], "targets": [{"compression_ratio": 2}]}"#),
      ])
    let config = try folder.write(text, as: "config.json")
    let run = try ProgramRun("prune-cluster", ["compare", "--quiet", config])
    #expect(run.exitCode == 0, "\(run.errors)")
    let pruned = folder.file("small.onnx")
    let apply = try ProgramRun(
      "prune-cluster",
      [
        "apply", folder.file("out/compare/ratios-1.json"), "--model", DemoNetwork.model, "--output", pruned, "--config",
        config,
      ])
    #expect(apply.exitCode == 0, "\(apply.errors)")
    let evaluate = try ProgramRun("prune-cluster", ["evaluate", DemoNetwork.model, pruned, "--config", config])
    #expect(evaluate.exitCode == 0, "\(evaluate.errors)")
    for command in [["search"], ["search", "--dry-run"], ["validate"]] {
      let refused = try ProgramRun("prune-cluster", command + [config])
      #expect(refused.exitCode == 78 && refused.complaints.count == 1, "\(command): \(refused.errors)")
      #expect(refused.complaints.first?.contains("nothing says how much to prune") ?? false, "\(refused.errors)")
    }
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
        "prune-cluster", ranks: ranks, ["compare", "--quiet", try Self.configuration(in: folder, "out", comparison)])
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
