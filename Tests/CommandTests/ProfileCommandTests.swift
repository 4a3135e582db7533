import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// `profile` as a user drives it.
@Suite(.timeLimit(.minutes(30)))
struct ProfileCommandTests {
  private static func profile(
    _ output: String, ranks: Int? = nil, quiet: Bool = false, _ more: String...
  ) throws -> ProgramRun {
    try ProgramRun(
      "prune-cluster", ranks: ranks,
      ["profile", "--widths", "2", "--output", output] + (quiet ? ["--quiet"] : []) + more + [DemoNetwork.model])
  }

  /// The text of a table without its times.
  private static func frame(_ folder: TemporaryFolder, _ name: String) throws -> String {
    String(decoding: try folder.contents(of: name), as: UTF8.self)
      .replacing(/"nanoseconds": \[[0-9, ]*\]/) { _ in "" }
  }

  @Test func `a model is timed once, and the table and what was taken are told`() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("new/latency.json")
    let run = try Self.profile(output)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("all layers: "))
    #expect(run.output.contains("table: \(output)\n"))
    #expect(run.errors.contains("times to take: "))
    let table = try folder.contents(of: "new/latency.json")
    let again = try Self.profile(output, quiet: true)
    #expect(again.exitCode == 0 && again.errors.isEmpty, "\(again.errors)")
    #expect(again.output.contains("times taken: 0, all were known\n"))
    #expect(try folder.contents(of: "new/latency.json") == table)
  }

  @Test(.enabled(if: ProgramRun.hasLauncher), arguments: [1, 2, 3])
  func `under mpirun the ranks time the same layers at the same widths`(_ ranks: Int) throws {
    let folder = try TemporaryFolder()
    #expect(try Self.profile(folder.file("alone.json")).exitCode == 0)
    let run = try Self.profile(folder.file("job.json"), ranks: ranks)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.components(separatedBy: "all layers: ").count == 2, "the summary comes once")
    #expect(try Self.frame(folder, "job.json") == Self.frame(folder, "alone.json"))
  }

  @Test(arguments: [nil, 3])
  func `a mistake is one line with the documented exit code`(_ ranks: Int?) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    let other = #"{"processor": "another", "executor": "E", "threads": 1, "batch_size": 1}"#
    let foreign = try folder.write(
      Data(#"{"format_version": 1, "machine": \#(other), "entries": []}"#.utf8), as: "foreign.json")
    let broken = try folder.write(Data(#"{"format_version": 1"#.utf8), as: "broken.json")
    for (output, exitCode, text) in [
      (foreign, 73, "holds times of another"), (broken, 65, "broken.json: line 1"),
      ("/proc/no/such.json", 73, "/proc/no"),
      (DemoNetwork.model, 65, "fashion-resnet.onnx"),
    ] {
      let run = try Self.profile(output, ranks: ranks)
      #expect(run.exitCode == Int32(exitCode), "\(run.errors)")
      #expect(run.complaints.count == 1, "\(run.errors)")
      #expect(run.complaints.first?.contains(text) ?? false, "\(run.errors)")
      #expect(run.output.isEmpty)
    }
    let missing = try ProgramRun(
      "prune-cluster", ranks: ranks, ["profile", "--output", folder.file("x.json"), "/no/such.onnx"])
    #expect(missing.exitCode == 66)
    #expect(try folder.names == ["broken.json", "foreign.json"])
  }
}
