import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// Plug-ins as a user has them run, alone and under `mpirun`.
@Suite(.timeLimit(.minutes(30)))
struct PluginCommandTests {
  private static let small: [(path: String, json: String?)] = [
    ("calibration.samples", "27"), ("calibration.batch_size", "8"),
  ]

  private static func search(
    _ folder: TemporaryFolder, ranks: Int?, _ changes: [(path: String, json: String?)],
    signal: (number: Int32, when: () -> Bool)? = nil
  ) throws -> ProgramRun {
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: small + changes)
    return try ProgramRun(
      "prune-cluster", ranks: ranks, ["search", try folder.write(text, as: "config.json")], signal: signal)
  }

  @Test(arguments: ["criterion.json", "solver.json"])
  func `the shipped examples are valid`(_ name: String) throws {
    let run = try ProgramRun("prune-cluster", ["validate", "\(DemoNetwork.directory)/plugins/\(name)"])
    #expect(run.exitCode == 0, "\(run.errors)")
  }

  @Test(arguments: [nil, 3])
  func `a plug-in that fails ends the job with one line and 65`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    let run = try Self.search(
      folder, ranks: ranks,
      [("sensitivity", #"{"method": "external", "command": ["sh", "-c", "echo so it is; exit 3"]}"#), ("solver", "{}")])
    #expect(run.exitCode == 65, "\(run.errors)")
    #expect(run.complaints.count == 1, "\(run.errors)")
    #expect(run.complaints.first?.contains("ended with exit code 3") == true, "\(run.errors)")
    #expect(run.errors.contains("so it is\n"))
    // The launcher says so where a process of its own makes a copy of itself.
    #expect(!run.errors.contains("fork"), "\(run.errors)")
  }

  @Test(arguments: [nil, 2])
  func `a signal ends the plug-in too`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    let noted = folder.file("pid")
    let run = try Self.search(
      folder, ranks: ranks,
      [
        (
          "sensitivity",
          #"{"method": "external", "command": ["sh", "-c", "echo $$ > pid.part; mv pid.part pid; sleep 600"]}"#
        ), ("solver", "{}"),
      ],
      // Open MPI passes an interrupt on to its ranks.
      signal: (number: SIGINT, when: { FileManager.default.fileExists(atPath: noted) }))
    if ranks == nil { #expect(run.exitCode == 75, "\(run.errors)") }
    try Self.checkGone(of: "pid", in: folder)
  }

  @Test func `a plug-in does not outlive a process that is killed`() throws {
    let folder = try TemporaryFolder()
    // The watch begins when the program has, so it is given a moment.
    let script = "sleep 600 & echo $! > pids; echo $$ >> pids; sleep 1; kill -KILL $PPID; wait"
    let run = try Self.search(
      folder, ranks: nil,
      [("sensitivity", #"{"method": "external", "command": ["sh", "-c", "\#(script)"]}"#), ("solver", "{}")])
    #expect(run.exitCode == 128 + SIGKILL, "\(run.errors)")
    try Self.checkGone(of: "pids", in: folder)
  }

  /// Neither the processes that a plug-in has noted are left, nor its folder.
  private static func checkGone(of file: String, in folder: TemporaryFolder) throws {
    let pids = String(decoding: try folder.contents(of: file), as: UTF8.self).split(separator: "\n")
    #expect(!pids.isEmpty)
    var living: [String] = []
    var left: [String] = []
    // Where rank 0 was killed it is another process that does it, and that takes a moment.
    for _ in 0..<100 {
      living = pids.compactMap { try? String(contentsOfFile: "/proc/\($0)/stat", encoding: .utf8) }.filter {
        !$0.contains(") Z ")
      }
      left = try FileManager.default.contentsOfDirectory(atPath: folder.file("out")).filter { $0.hasPrefix(".") }
      if living.isEmpty, left.isEmpty { break }
      Thread.sleep(forTimeInterval: 0.1)
    }
    #expect(living.isEmpty && left.isEmpty, "\(living) \(left)")
  }

  @Test(.enabled(if: ProgramRun.hasLauncher), arguments: ["criterion", "solver"])
  func `solve goes on from it, and mpirun gives the same bytes`(_ part: String) throws {
    let command = #"["python3", "\#(DemoNetwork.directory)/plugins/\#(part).py"]"#
    let change: (String, String?) =
      part == "solver"
      ? ("solver", #"{"method": "external", "command": \#(command)}"#)
      : ("sensitivity", #"{"method": "external", "command": \#(command), "inputs": ["activations"]}"#)
    let changes = part == "solver" ? [change] : [change, ("solver", "{}")]
    let (alone, together) = (try TemporaryFolder(), try TemporaryFolder())
    #expect(try Self.search(alone, ranks: nil, changes).exitCode == 0)
    #expect(try Self.search(together, ranks: 3, changes).exitCode == 0)
    for name in ["ratios.json", "sensitivities.npz"] {
      #expect(try alone.contents(of: "out/\(name)") == together.contents(of: "out/\(name)"))
    }
    let run = try ProgramRun("prune-cluster", ["solve", alone.file("out")])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(try alone.contents(of: "out/solved/ratios.json") == alone.contents(of: "out/ratios.json"))
  }
}
