import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// `solve` as a user drives it.
@Suite(.timeLimit(.minutes(30)))
struct SolveCommandTests {
  private static func solve(_ arguments: [String]) throws -> ProgramRun {
    try ProgramRun("prune-cluster", ["solve"] + arguments)
  }

  /// A search's output directory.
  private static func searched(
    in folder: TemporaryFolder, _ changes: [(path: String, json: String?)] = []
  ) throws -> String {
    let small: [(path: String, json: String?)] = [("calibration.samples", "27"), ("calibration.batch_size", "8")]
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: small + changes)
    let run = try ProgramRun("prune-cluster", ["search", "--quiet", try folder.write(text, as: "config.json")])
    #expect(run.exitCode == 0, "\(run.errors)")
    return folder.file("out")
  }

  @Test func `help has examples`() throws {
    let run = try Self.solve(["--help"])
    #expect(run.exitCode == 0)
    #expect(run.output.contains("EXAMPLE"))
    #expect(run.output.contains("prune-cluster solve"))
    #expect(run.errors.isEmpty)
  }

  @Test(arguments: [
    [], ["out", "--compression-ratio", "2", "--limit", "3"], ["out", "--metric", "macs"], ["out", "--points", "1"],
    ["out", "--frontier", "--points", "1001"], ["out", "--set", "solver.method"], ["out", "--set", "=3"],
    ["out", "--compression-ratio", "much"], ["out", "more"], ["out", "--nonsense"],
  ])
  func `wrong usage is told in our form and ends with 64`(_ arguments: [String]) throws {
    let run = try Self.solve(arguments)
    #expect(run.exitCode == 64, "\(run.errors)")
    #expect(run.complaints.count == 1, "\(run.errors)")
    #expect(run.output.isEmpty)
  }

  @Test func `options are changes of the configuration, and the result is told`() throws {
    let folder = try TemporaryFolder()
    let directory = try Self.searched(in: folder)
    let short = try Self.solve([directory, "--compression-ratio", "3", "--metric", "params", "--method", "greedy"])
    #expect(short.exitCode == 0, "\(short.errors)")
    #expect(short.output.contains(directory + "/solved"))
    let first = try folder.contents(of: "out/solved/ratios.json")
    let long = try Self.solve([
      directory, "--quiet", "--set", #"target={"compression_ratio": 3, "metric": "params"}"#, "--set",
      "solver.method=greedy", "--output", folder.file("other"), "--frontier", "--points", "5", "--model",
      DemoNetwork.model,
    ])
    #expect(long.exitCode == 0 && long.errors.isEmpty, "\(long.errors)")
    #expect(try folder.contents(of: "other/ratios.json") == first)
    let replaced = "out/solved/ratios.json held another plan, which is replaced"
    let same = try Self.solve([directory, "--compression-ratio", "3", "--metric", "params", "--method", "greedy"])
    #expect(same.exitCode == 0 && !same.errors.contains(replaced), "\(same.errors)")
    #expect(!short.errors.contains(replaced), "\(short.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("other")).sorted()
        == ["frontier.json", "ratios.cfg", "ratios.json"])
    let limit = try Self.solve([directory, "--limit", "600000", "--metric", "macs"])
    #expect(limit.exitCode == 0 && limit.errors.contains(replaced), "\(limit.errors)")
    let ratios = try JSONValue(parsing: Array(try folder.contents(of: "out/solved/ratios.json")), file: "ratios.json")
    #expect(ratios["target"] == ["limit": 600_000.0, "metric": "macs"])
  }

  /// A search whose curve of a thousand points takes many seconds.
  private static func searchedJointly(in folder: TemporaryFolder) throws -> String {
    try searched(
      in: folder, [("calibration.samples", "256"), ("sensitivity", #"{"order": 2, "set_loss": "joint"}"#)])
  }

  @Test func `a signal ends it with the documented code and event, and leaves no curve`() throws {
    let folder = try TemporaryFolder()
    let directory = try Self.searchedJointly(in: folder)
    let run = try ProgramRun(
      "prune-cluster", ["solve", "--progress", "json", "--frontier", "--points", "1000", directory],
      signal: (SIGTERM, { FileManager.default.fileExists(atPath: directory + "/solved") }))
    #expect(run.exitCode == 75, "\(run.errors)")
    #expect(run.output.isEmpty)
    let lines = run.errors.split(separator: "\n").map(String.init)
    #expect(lines.last == "prune-cluster: stopped by SIGTERM", "\(run.errors)")
    let last = try #require(lines.dropLast().last)
    let event = try JSONValue(parsing: Array(last.utf8), file: "event")
    #expect(event["event"] == "stopped" && event["exit_code"] == 75, "\(last)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/solved").isEmpty)
  }

  @Test(.enabled(if: TerminalRun.isPossible))
  func `Ctrl-C while the curve is drawn leaves whole lines`() throws {
    let folder = try TemporaryFolder()
    let run = try TerminalRun(
      "prune-cluster", ["solve", "--frontier", "--points", "1000", try Self.searchedJointly(in: folder)], columns: 80,
      interrupts: 1, when: "drawing the curve")
    #expect(run.exitCode == 75, "\(run.text)")
    let lines = run.screen.lines
    #expect(lines.last == "", "\(lines)")
    #expect(lines.dropLast().last == "prune-cluster: stopped by SIGINT", "\(lines)")
    #expect(!lines.contains { $0.contains("^C") }, "\(lines)")
    #expect(run.screen.erased.contains { $0.hasPrefix("drawing the curve: ") }, "\(run.screen.erased)")
  }

  @Test(arguments: [
    (#"{"metric": "macs", "compression_ratio": 2}"#, "macs"), (#"[{"metric": "params", "limit": 100000}]"#, "params"),
    (#"{"compression_ratio": 2}"#, "bit_complexity"),
    (#"[{"metric": "macs", "compression_ratio": 2}, {"metric": "params", "limit": 150000}]"#, "bit_complexity"),
  ])
  func `another ratio is one of the metric that the search had`(_ target: String, metric: String) throws {
    let folder = try TemporaryFolder()
    let text = try DemoNetwork.configuration(
      output: folder.file("out"),
      changes: [("calibration.samples", "27"), ("calibration.batch_size", "8"), ("target", target)])
    let run = try ProgramRun("prune-cluster", ["search", "--quiet", try folder.write(text, as: "config.json")])
    #expect(run.exitCode == 0, "\(run.errors)")
    func solved(_ arguments: [String]) throws -> JSONValue? {
      let run = try Self.solve([folder.file("out"), "--quiet"] + arguments)
      #expect(run.exitCode == 0, "\(run.errors)")
      let bytes = Array(try folder.contents(of: "out/solved/ratios.json"))
      return try JSONValue(parsing: bytes, file: "ratios.json")["target"]
    }
    #expect(try solved(["--compression-ratio", "3"]) == ["compression_ratio": 3.0, "metric": .string(metric)])
    // What the command line says goes first.
    let named = ["--compression-ratio", "3", "--metric", "flops"]
    #expect(try solved(named) == ["compression_ratio": 3.0, "metric": "flops"])
    let set = ["--compression-ratio", "3", "--set", "target.metric=flops"]
    #expect(try solved(set) == ["compression_ratio": 3.0, "metric": "flops"])
    #expect(
      try solved(["--set", #"target={"compression_ratio": 3}"#]) == [
        "compression_ratio": 3.0, "metric": "bit_complexity",
      ])
  }

  @Test func `what is wrong ends with the exit code of its cause, in one line`() throws {
    let folder = try TemporaryFolder()
    let directory = try Self.searched(in: folder)
    let model = try Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model))
    let other = try folder.write(model + [0xA0, 0x06, 0x01], as: "other.onnx")
    let broken = folder.file("broken")
    try FileManager.default.copyItem(atPath: directory, toPath: broken)
    _ = try folder.write(Data(#"{"format_version": 1"#.utf8), as: "broken/run.json")
    let lost = folder.file("lost")
    try FileManager.default.copyItem(atPath: directory, toPath: lost)
    try FileManager.default.removeItem(atPath: lost + "/sensitivities.npz")
    let damaged = folder.file("damaged")
    try FileManager.default.copyItem(atPath: directory, toPath: damaged)
    _ = try folder.write(Data("PK".utf8), as: "damaged/sensitivities.npz")
    let mistakes: [(arguments: [String], exitCode: Int32, text: String)] = [
      ([directory, "--model", other], 65, "SHA-256"), ([broken], 65, "broken/run.json"),
      ([damaged], 65, "damaged/sensitivities.npz"), ([folder.file("none")], 66, "none/run.json"),
      ([lost], 66, "lost/sensitivities.npz"), ([directory, "--model", "/no/such.onnx"], 66, "/no/such.onnx"),
      ([directory, "--output", "/proc/no/such"], 73, "/proc/no"),
      ([directory, "--output", directory], 73, "the search's own directory"),
      ([directory, "--compression-ratio", "1e9"], 78, "$.target.compression_ratio"),
      ([directory, "--compression-ratio", "0.5"], 78, "$.target.compression_ratio"),
      ([directory, "--metric", "energy", "--limit", "3"], 78, "$.target.metric"),
      ([directory, "--set", "sensitivity.seed=1"], 78, "$.sensitivity.seed cannot be changed"),
      ([directory, "--method", "measured"], 78, "$.solver.method"),
    ]
    for mistake in mistakes {
      let run = try Self.solve(mistake.arguments)
      #expect(run.exitCode == mistake.exitCode, "\(mistake.arguments): \(run.errors)")
      #expect(run.complaints.count == 1, "\(run.errors)")
      #expect(run.complaints.first?.contains(mistake.text) ?? false, "\(run.errors)")
      #expect(run.output.isEmpty)
    }
  }
}
