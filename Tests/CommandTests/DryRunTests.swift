import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// `search --dry-run` as a user drives it.
@Suite(.timeLimit(.minutes(30)))
struct DryRunTests {
  private static let small: [(path: String, json: String?)] = [
    ("calibration.samples", "27"), ("calibration.batch_size", "8"),
  ]

  private static func config(
    in folder: TemporaryFolder, _ changes: [(path: String, json: String?)] = []
  ) throws -> String {
    try folder.write(
      try DemoNetwork.configuration(output: folder.file("out"), changes: small + changes), as: "config.json")
  }

  @Test(arguments: [nil, 1, 3])
  func `the plan is told once, and nothing is written`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    let config = try Self.config(in: folder)
    let run = try ProgramRun("prune-cluster", ranks: ranks, ["search", "--dry-run", config])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.complaints.isEmpty)
    let lines = run.output.split(separator: "\n").map(String.init)
    for start in [
      "\(config): valid", "calibration: 27 samples, batches: 4, shards: 4", "memory: about ",
      "ranks: \(ranks ?? 1), workers: ", "checkpoint: 0 of 4 shards ", "time: about ",
      "files in \(folder.file("out")): ratios.json, ratios.cfg, sensitivities.npz, frontier.json, report.html, run.json",
      "nothing was written",
    ] {
      #expect(lines.count { $0.hasPrefix(start) } == 1, "\(start) in \(run.output)")
    }
    #expect(lines.contains { $0.hasPrefix("time: ") && $0.contains("predicted") })
    #expect(try folder.names == ["config.json"])
  }

  @Test func `the files of a dry run are those of the search, and the checkpoint is found`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.config(
      in: folder, [("sensitivity", #"{"order": 2}"#), ("bits", #"{"search": [4, 8]}"#), ("solver", "{}")])
    let dry = try ProgramRun("prune-cluster", ["search", "--dry-run", "--apply", config])
    let line = try #require(dry.output.split(separator: "\n").first { $0.hasPrefix("files in ") })
    let told = try #require(line.split(separator: ": ").last).split(separator: ", ").map(String.init)
    let run = try ProgramRun("prune-cluster", ["search", "--quiet", "--apply", config])
    #expect(run.exitCode == 0, "\(run.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("out"))
    #expect(Set(told) == Set(names).subtracting(["checkpoint"]))
    let record = try folder.contents(of: "out/run.json")
    let again = try ProgramRun("prune-cluster", ["search", "--dry-run", config])
    #expect(again.output.contains("checkpoint: 4 of 4 shards "), "\(again.output)")
    #expect(try folder.contents(of: "out/run.json") == record)
  }

  /// A criterion, and what is said of its time.
  private static let times = [
    (#"{"method": "l1"}"#, "time: no sample is run for the sensitivities"),
    (#"{"method": "apoz"}"#, "on one worker"),
    (#"{"method": "ablation"}"#, "on one worker"),
    (#"{"method": "ablation", "units": 4}"#, "on one worker; on top: the choice of the units"),
    (#"{"method": "lasso"}"#, "on one worker; on top: what \"lasso\" makes of the responses"),
  ]

  @Test(arguments: times.indices, [false, true])
  func `criteria that keep no tables tell no checkpoint, and of the time what is known`(
    _ index: Int, _ isLabelled: Bool
  ) throws {
    let (sensitivity, ending) = Self.times[index]
    let folder = try TemporaryFolder()
    let labels: [(path: String, json: String?)] = isLabelled ? [] : [("calibration.labels", nil), ("loss", nil)]
    let config = try Self.config(in: folder, [("sensitivity", sensitivity)] + labels)
    let run = try ProgramRun("prune-cluster", ["search", "--dry-run", config])
    #expect(run.exitCode == 0, "\(run.errors)")
    let lines = run.output.split(separator: "\n").map(String.init)
    #expect(lines.contains { $0.hasPrefix("time: ") && $0.hasSuffix(ending) }, "\(run.output)")
    #expect(!lines.contains { $0.hasPrefix("checkpoint: ") })
    #expect(lines.contains { $0.hasPrefix("memory: about ") })
  }

  /// Ways to search whose work is of several kinds.
  private static let kinds: [[(path: String, json: String?)]] = [
    [("sensitivity", #"{"method": "geometric_median"}"#)],
    [("sensitivity", #"{"method": "l1"}"#), ("solver", #"{"method": "measured"}"#)],
    [("sensitivity", #"{"method": "apoz"}"#)], [("sensitivity", #"{"method": "thinet"}"#)],
    [("sensitivity", #"{"method": "ablation", "units": 1}"#)],
    [("sensitivity", #"{"method": "fisher"}"#), ("bits", #"{"search": [4, 8]}"#)],
  ]

  @Test(arguments: kinds.indices)
  func `a search runs within the memory that is told of it, and not within much less`(_ index: Int) throws {
    let folder = try TemporaryFolder()
    // Large batches: what is told is more than what any program takes.
    let config = try Self.config(
      in: folder,
      [("calibration.samples", "128"), ("calibration.batch_size", "128")] + Self.kinds[index])
    func told(_ limit: [String]) throws -> Int? {
      let run = try ProgramRun("prune-cluster", ["validate"] + limit + [config])
      guard run.exitCode == 0 else {
        #expect(run.exitCode == 78 && run.complaints.count == 1, "\(run.errors)")
        return nil
      }
      let line = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("memory: about ") })
      return Int(line.split(separator: " ")[2])
    }
    let free = try #require(try told([]))
    // The least limit that is valid is one that the search keeps to.
    let least = try #require((57...free).first { try told(["--memory-limit", "\($0)M"]) != nil })
    let run = try ProgramRun("prune-cluster", ["search", "--memory-limit", "\(least)M", config])
    #expect(run.exitCode == 0, "\(least) MiB: \(run.errors)")
    if least > 57 {
      let tight = try ProgramRun("prune-cluster", ["search", "--memory-limit", "\(least - 1)M", config])
      #expect(tight.exitCode == 78, "\(least - 1) MiB: \(tight.errors)")
    }
  }

  @Test func `a criterion of weights keeps a limit on memory, or says what it needs`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.config(in: folder, [("sensitivity", #"{"method": "geometric_median"}"#)])
    let tight = try ProgramRun("prune-cluster", ["search", "--memory-limit", "57M", config])
    #expect(tight.exitCode == 78, "\(tight.errors)")
    #expect(tight.complaints.count == 1)
    #expect(tight.errors.contains("--memory-limit: 57 MiB, but to look at the weights a rank needs at least "))
    let dry = try ProgramRun("prune-cluster", ["search", "--dry-run", "--memory-limit", "80M", config])
    #expect(dry.exitCode == 0 && dry.output.contains("memory: about "), "\(dry.errors)")
  }

  /// What is wrong, and the exit code.
  private static let mistakes: [(path: String, json: String, exitCode: Int32)] = [
    ("target.compression_ratio", "1e9", 78), ("target.compresion_ratio", "2", 78),
    ("output.directory", #""/dev/null/out""#, 73),
    ("model", #""/no/such/model.onnx""#, 66), ("calibration.inputs", #""\#(DemoNetwork.model)""#, 65),
  ]

  @Test(arguments: mistakes.indices, [nil, 3])
  func `a mistake ends it as it ends the search`(_ index: Int, _ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let mistake = Self.mistakes[index]
    let folder = try TemporaryFolder()
    let config = try Self.config(in: folder, [(mistake.path, mistake.json)])
    let run = try ProgramRun("prune-cluster", ranks: ranks, ["search", "--dry-run", config])
    #expect(run.exitCode == mistake.exitCode, "\(run.errors)")
    #expect(run.complaints.count == 1, "\(run.errors)")
    #expect(run.output.isEmpty)
    #expect(try folder.names == ["config.json"])
  }
}
