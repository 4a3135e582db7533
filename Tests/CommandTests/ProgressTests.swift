import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// What comes to standard error while commands run, in files and pipes.
@Suite(.timeLimit(.minutes(30)))
struct ProgressTests {
  private static func configuration(
    in folder: TemporaryFolder, _ changes: [(path: String, json: String?)] = []
  ) throws -> String {
    let small: [(path: String, json: String?)] = [("calibration.samples", "64"), ("calibration.batch_size", "8")]
    return try folder.write(
      try DemoNetwork.configuration(output: folder.file("out"), changes: small + changes), as: "config.json")
  }

  private static func isPlain(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }
  }

  @Test(arguments: [nil, 2])
  func `a log has plain lines, one for every phase with its time`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    let run = try ProgramRun(
      "prune-cluster", ranks: ranks, ["search", "--apply", try Self.configuration(in: folder)],
      environment: ["TERM": "xterm", "NO_COLOR": ""])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(Self.isPlain(run.errors) && Self.isPlain(run.output), "\(run.errors)")
    let lines = run.errors.split(separator: "\n")
    let titles = [
      "preparing: ", "compiling: ", "measuring: 64 samples in ", "solving: ", "hashing the data: ", "writing: ",
      "pruning: ", "certifying: 64 samples in ", "certifying: 64 random samples in ", "repairing, bias correction: ",
      "repairing, reconstruction: ", "evaluating: 64 samples in ", "timing: ",
    ]
    var places: [Int] = []
    for title in titles {
      places.append(try #require(lines.lastIndex { $0.hasPrefix(title) }, "\(title) in \(run.errors)"))
    }
    // What is at hand again at the end, such as writing, apart.
    #expect(places.filter { $0 != places[5] } == places.filter { $0 != places[5] }.sorted(), "\(run.errors)")
  }

  /// The events among what a run has written, and the lines that are none.
  private static func events(_ text: String) throws -> (events: [JSONValue], others: [String]) {
    let lines = text.split(separator: "\n").map(String.init)
    let events = try lines.filter { $0.hasPrefix("{") }.map { try JSONValue(parsing: Array($0.utf8), file: "event") }
    return (events, lines.filter { !$0.hasPrefix("{") })
  }

  private static func string(_ event: JSONValue, _ key: String) -> String? {
    if case .string(let text)? = event[key] { text } else { nil }
  }

  private static func number(_ event: JSONValue, _ key: String) -> Double? {
    switch event[key] {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// Checks that phases follow one another, each with a beginning, progress that never falls, and an end.
  /// - Returns: the names of the phases.
  private static func phases(_ events: [JSONValue]) -> [String] {
    var current: (name: String, done: Double)?
    var names: [String] = []
    for event in events {
      let name = string(event, "phase")
      switch string(event, "event") {
      case "phase_started":
        #expect(current == nil, "\(event) inside \(current?.name ?? "")")
        current = (name ?? "", 0)
        names.append(name ?? "")
      case "progress":
        #expect(current?.name == name)
        let (done, total) = (number(event, "done") ?? -1, number(event, "total") ?? -1)
        #expect(done > current?.done ?? 0 && done <= total && string(event, "unit") != nil, "\(event)")
        current?.done = done
      case "phase_finished":
        #expect(current?.name == name && number(event, "seconds") ?? -1 >= 0, "\(event)")
        current = nil
      default: #expect(name == nil, "\(event)")
      }
    }
    return names
  }

  @Test(arguments: [nil, 3])
  func `a script gets events, from the first phase to the files of the result`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    let config = try Self.configuration(
      in: folder, [("compare", #"{"sensitivity": ["taylor", "l1"], "repair": true}"#)])
    for (command, measured) in [(["search", "--apply"], "measure"), (["compare"], "measure")] {
      let run = try ProgramRun("prune-cluster", ranks: ranks, command + ["--progress", "json", config])
      #expect(run.exitCode == 0, "\(run.errors)")
      let (events, others) = try Self.events(run.errors)
      #expect(others.isEmpty, "\(others)")
      #expect(events.first?["event"] == "begin" && events.first?["command"] == .string(command[0]))
      let names = Self.phases(events)
      #expect(names.first == "prepare" && names.contains(measured) && names.contains("repair"), "\(names)")
      #expect(names.count == events.count { $0["event"] == "phase_finished" })
      let progress = events.filter { $0["event"] == "progress" && $0["phase"] == "measure" }
      #expect(progress.contains { $0["done"] == 64 && $0["total"] == 64 && $0["unit"] == "sample" }, "\(progress)")
      let last = try #require(events.last)
      #expect(last["event"] == "result" && last["exit_code"] == 0, "\(last)")
      guard case .array(let files)? = last["files"], let directory = Self.string(last, "directory") else {
        Issue.record("no files in \(last)")
        continue
      }
      #expect(files.count > 3)
      for case .string(let file) in files {
        #expect(FileManager.default.fileExists(atPath: "\(directory)/\(file)"), "\(file)")
      }
    }
  }

  @Test(arguments: [["apply"], ["evaluate"], ["solve"], ["profile"]])
  func `other commands tell their phases too`(_ command: [String]) throws {
    let folder = try TemporaryFolder()
    let config = try Self.configuration(in: folder)
    let search = try ProgramRun("prune-cluster", ["search", "--quiet", config])
    #expect(search.exitCode == 0 && search.errors.isEmpty, "\(search.errors)")
    let arguments: [String] =
      switch command[0] {
      case "apply":
        [
          folder.file("out/ratios.json"), "--model", DemoNetwork.model, "--output", folder.file("small.onnx"),
          "--config", config,
        ]
      case "evaluate": ["--config", config]
      case "solve": [folder.file("out"), "--compression-ratio", "3", "--frontier", "--points", "5"]
      default: ["--widths", "2", "--output", folder.file("latency.json"), DemoNetwork.model]
      }
    let run = try ProgramRun("prune-cluster", command + ["--progress", "json"] + arguments)
    #expect(run.exitCode == 0, "\(run.errors)")
    let (events, others) = try Self.events(run.errors)
    #expect(others.isEmpty, "\(others)")
    let expected = [
      "apply": ["prepare", "prune", "certify", "repair", "evaluate", "time", "write"],
      "evaluate": ["prepare", "evaluate", "time"], "solve": ["prepare", "solve", "curve", "write"],
      "profile": ["prepare", "measure"],
    ]
    let names = Self.phases(events).reduce(into: [String]()) { names, name in
      if names.last != name { names.append(name) }
    }
    #expect(names == expected[command[0]])
    #expect(events.last?["event"] == "result")
    let quiet = try ProgramRun("prune-cluster", command + ["--quiet"] + arguments)
    #expect(quiet.exitCode == 0 && quiet.errors.isEmpty, "\(quiet.errors)")
    let both = try ProgramRun("prune-cluster", command + ["--quiet", "--progress", "plain"] + arguments)
    #expect(both.exitCode == 64 && both.complaints.count == 1, "\(both.errors)")
  }

  @Test(arguments: [nil, 3])
  func `an error is an event, and behind it the one line that it always is`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    for (changes, exitCode) in [
      ([("target.compression_ratio", "0.5")], 78), ([("model", #""/no/such/model.onnx""#)], 66),
    ] {
      let config = try Self.configuration(in: folder, changes)
      let run = try ProgramRun(
        "prune-cluster", ranks: ranks, ["search", "--progress", "json", config])
      #expect(run.exitCode == Int32(exitCode), "\(run.errors)")
      #expect(run.complaints.count == 1, "\(run.errors)")
      let (events, _) = try Self.events(run.errors)
      let errors = events.filter { $0["event"] == "error" }
      #expect(errors.count == 1 && errors[0]["exit_code"] == .integer(exitCode), "\(run.errors)")
      let text = try #require(errors.first.flatMap { Self.string($0, "text") })
      #expect(run.complaints.first?.hasSuffix(text) ?? false, "\(run.errors)")
      #expect(!events.contains { $0["event"] == "result" })
    }
  }

  @Test func `a warning is an event, and a word in a log`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.configuration(in: folder)
    let search = try ProgramRun("prune-cluster", ["search", "--quiet", config])
    #expect(search.exitCode == 0, "\(search.errors)")
    // The ratios were made for another model file.
    let text = String(decoding: try folder.contents(of: "out/ratios.json"), as: UTF8.self)
    let digest = try #require(text.firstMatch(of: /"sha256": "([0-9a-f]{64})"/)).output.1
    let other = try folder.write(
      Data(text.replacing(digest, with: String(repeating: "0", count: 64)).utf8), as: "ratios.json")
    let apply = ["apply", other, "--model", DemoNetwork.model, "--output", folder.file("small.onnx")]
    let events = try Self.events(try ProgramRun("prune-cluster", apply + ["--progress", "json"]).errors).events
    let warnings = events.filter { $0["event"] == "warning" }
    #expect(warnings.count == 1 && warnings[0]["rank"] == 0, "\(events)")
    #expect(Self.string(warnings[0], "text")?.contains("was made for another file") ?? false)
    let log = try ProgramRun("prune-cluster", apply).errors
    #expect(log.contains("prune-cluster: warning: \(other) was made for another file"), "\(log)")
  }

  @Test func `a search that is stopped tells it, with the documented code`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.configuration(
      in: folder, [("calibration.samples", "512"), ("calibration.batch_size", "1")])
    let store = folder.file("out/checkpoint")
    let run = try ProgramRun(
      "prune-cluster", ["search", "--progress", "json", config],
      signal: (SIGTERM, { ((try? FileManager.default.contentsOfDirectory(atPath: store))?.count ?? 0) > 5 }))
    #expect(run.exitCode == 75, "\(run.errors)")
    let (events, others) = try Self.events(run.errors)
    #expect(events.last?["event"] == "stopped" && events.last?["exit_code"] == 75, "\(run.errors)")
    #expect(others.count == 1 && others[0].hasPrefix("prune-cluster: stopped by SIGTERM: "), "\(others)")
    let again = try ProgramRun("prune-cluster", ["search", "--progress", "json", config])
    #expect(again.exitCode == 0)
    let found = try Self.events(again.errors).events.filter { $0["phase"] == "measure" }.compactMap {
      Self.number($0, "found")
    }
    #expect(found.last ?? 0 > 0, "\(again.errors)")
  }
}
