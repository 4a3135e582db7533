import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// What a person sees on a terminal.
@Suite(.enabled(if: TerminalRun.isPossible), .timeLimit(.minutes(30)))
struct TerminalTests {
  private static func configuration(
    in folder: TemporaryFolder, _ changes: [(path: String, json: String?)] = []
  ) throws -> String {
    let some: [(path: String, json: String?)] = [("calibration.samples", "512"), ("calibration.batch_size", "4")]
    return try folder.write(
      try DemoNetwork.configuration(output: folder.file("out"), changes: some + changes), as: "config.json")
  }

  @Test(arguments: [20, 60, 80, 100])
  func `progress is one line that is rewritten, never wider than the terminal, and a line when a phase is done`(
    _ columns: Int
  ) throws {
    let folder = try TemporaryFolder()
    // Results are in a file, so that the terminal has progress alone.
    let run = try TerminalRun(
      "prune-cluster", ["search", try Self.configuration(in: folder)], columns: columns,
      outputFile: folder.file("result"))
    #expect(run.exitCode == 0, "\(run.text)")
    let screen = run.screen
    #expect(screen.unknown.isEmpty && !screen.hasColours)
    let live = screen.erased.filter { $0.hasPrefix("measuring") }
    #expect(live.count > 1, "\(screen.erased)")
    #expect(screen.erased.allSatisfy { $0.count < columns }, "\(screen.erased)")
    if columns >= 60 {
      let percents = live.compactMap { $0.firstMatch(of: /^measuring: (\d+) % \((\d+) of 512 samples\)/)?.output }
      #expect(percents.count == live.count, "\(live)")
      #expect(percents.contains { $0.2 != "0" })
    }
    let done = screen.lines.filter { !$0.hasPrefix("prune-cluster: ") }
    #expect(done.last == "", "the cursor is at the beginning of a line")
    #expect(done.allSatisfy { $0.count < columns }, "\(done)")
    #expect(done.filter { $0.hasPrefix("measuring") }.count == 1, "\(done)")
    let result = String(decoding: try folder.contents(of: "result"), as: UTF8.self)
    #expect(result.contains("level: 1 - current / full") && !result.contains("\u{1B}") && !result.contains("…"))
  }

  @Test func `the time goes on while nothing is counted and nobody tells anything`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.configuration(in: folder, [("calibration.samples", "32")])
    #expect(try ProgramRun("prune-cluster", ["search", "--quiet", config]).exitCode == 0)
    // What it solves with waits longer than any machine takes to come round to it, and has no answer.
    let solver = #"solver={"method": "external", "command": ["sh", "-c", "sleep 8; exit 3"]}"#
    let run = try TerminalRun(
      "prune-cluster", ["solve", folder.file("out"), "--set", solver], columns: 80, outputFile: folder.file("result"))
    #expect(run.exitCode == 65, "\(run.text)")
    let screen = run.screen
    let seconds = screen.erased.compactMap { $0.firstMatch(of: /^solving: (\d+) s$/).flatMap { Int($0.output.1) } }
    #expect(seconds == seconds.sorted() && Set(seconds).count > 2, "\(screen.erased)")
  }

  @Test(arguments: [60, 80, 132])
  func `the table fits the terminal`(_ columns: Int) throws {
    let folder = try TemporaryFolder()
    let run = try TerminalRun(
      "prune-cluster", ["search", "--quiet", try Self.configuration(in: folder, [("calibration.samples", "32")])],
      columns: columns)
    #expect(run.exitCode == 0, "\(run.text)")
    let lines = run.screen.lines
    let end = try #require(lines.firstIndex { $0.hasPrefix("level: 1 - current / full") }, "\(run.text)")
    #expect(lines[..<end].allSatisfy { $0.count <= columns }, "\(lines)")
    #expect(lines[0].hasPrefix("layer") && lines[0].hasSuffix("feasible"))
  }

  @Test func `there are colours on a terminal, and none where its user or its kind says no`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.configuration(in: folder, [("calibration.samples", "32")])
    func text(_ environment: [String: String]) throws -> String {
      let run = try TerminalRun("prune-cluster", ["search", config], columns: 100, environment: environment)
      #expect(run.exitCode == 0, "\(run.text)")
      return run.text
    }
    #expect(try text([:]).contains(", \u{1B}[32mreached: "))
    // An empty one is none.
    #expect(try text(["NO_COLOR": ""]).contains("\u{1B}[32m"))
    let refused = try text(["NO_COLOR": "1"])
    #expect(!refused.contains("\u{1B}[32m") && refused.contains("\u{1B}[K"), "only colours are refused")
    let dumb = try text(["TERM": "dumb"])
    #expect(!dumb.contains("\u{1B}") && dumb.replacing("\r\n", with: "\n").contains("\nmeasuring: 32 samples in "))
    let error = try TerminalRun("prune-cluster", ["search", "/no/such.json"], columns: 100)
    #expect(error.exitCode == 66)
    #expect(error.text.contains("prune-cluster: \u{1B}[31merror:\u{1B}[0m /no/such.json"), "\(error.text)")
    let plain = try TerminalRun(
      "prune-cluster", ["search", "/no/such.json"], columns: 100, environment: ["NO_COLOR": "1"])
    #expect(plain.screen.lines.contains { $0.hasPrefix("prune-cluster: error: /no/such.json") }, "\(plain.text)")
  }

  @Test(arguments: [1, 2])
  func `Ctrl-C leaves whole lines and the documented code, typed once or twice`(_ times: Int) throws {
    let folder = try TemporaryFolder()
    let config = try Self.configuration(
      in: folder,
      [("calibration.batch_size", "2"), ("sensitivity", #"{"order": 2, "curvature": "gauss_newton", "draws": 40}"#)])
    let run = try TerminalRun(
      "prune-cluster", ["search", config], columns: 80, interrupts: times, when: "measuring: 0 %")
    #expect(run.exitCode == 75, "\(run.text)")
    let lines = run.screen.lines
    #expect(lines.last == "", "\(lines)")
    #expect(lines.contains("prune-cluster: stopping by SIGINT: what is finished is kept"), "\(lines)")
    if times == 1 {
      #expect(lines.dropLast().last?.hasPrefix("prune-cluster: stopped by SIGINT") ?? false, "\(lines)")
      #expect(!lines.contains { $0.contains("^C") }, "\(lines)")
    }
  }

  @Test(.enabled(if: ProgramRun.hasLauncher))
  func `a launcher on a terminal passes on plain lines`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.configuration(in: folder, [("calibration.samples", "64")])
    let program = ProgramRun.path(of: "prune-cluster")
    let run = try TerminalRun(
      "/usr/bin/env",
      ["mpirun", "-n", "2", "--oversubscribe", "--bind-to", "none", program, "search", config], columns: 80,
      environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"])
    #expect(run.exitCode == 0, "\(run.text)")
    #expect(!run.text.contains("\u{1B}"), "\(run.text)")
    #expect(run.screen.lines.contains { $0.hasPrefix("measuring: 64 samples in ") }, "\(run.text)")
    #expect(run.screen.lines.contains { $0.hasPrefix("target: bit_complexity 2.000 x smaller, reached: ") })
  }
}
