import Configuration
import Foundation
import ProgramRuns
import Testing

/// `convert` as a user drives it.
@Suite(.timeLimit(.minutes(30)))
struct ConvertCommandTests {
  private static let search = "compress_ratio: 1.5\noverride_prune_cfg: 'override.cfg'\n"
  private static let override = "skip_layers: \"conv1\"\n"

  @Test func `a search config and the file beside it become a part of a configuration`() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Data(Self.search.utf8), as: "search.cfg")
    _ = try folder.write(Data(Self.override.utf8), as: "override.cfg")
    let run = try ProgramRun("prune-cluster", ["convert", file, "--to", "config"])
    #expect(run.exitCode == 0)
    let document = try JSONValue(parsing: Array(run.output.utf8), file: "output")
    #expect(document["target"]?["compression_ratio"] == 1.5)
    #expect(document["solver"]?["channel_multiple"] == 16)
    #expect(run.output.contains("\"op_names\": [\"conv1\"]"))
    let remarks = run.errors.split(separator: "\n")
    #expect(!remarks.isEmpty && remarks.allSatisfy { $0.hasPrefix("prune-cluster: remark: ") }, "\(run.errors)")
  }

  @Test func `ratios go to a file of AMCT and come back`() throws {
    let folder = try TemporaryFolder()
    let ratios = try folder.write(Data(#"{"a": 0.5, "b": 0.0}"#.utf8), as: "ratios.json")
    let file = ratios.replacing("ratios.json", with: "ratios.cfg")
    let out = try ProgramRun(
      "prune-cluster", ["convert", ratios, "--from", "ratios", "--to", "amct", "--output", file])
    #expect(out.exitCode == 0 && out.output.isEmpty)
    let back = try ProgramRun("prune-cluster", ["convert", file, "--to", "ratios", "--named-only"])
    #expect(back.exitCode == 0)
    #expect(back.output == "{\n  \"a\": 0.5,\n  \"b\": 0.0\n}\n")
  }

  @Test(arguments: [
    ("", 66, "no-such.cfg", ["convert", "no-such.cfg", "--to", "config"]),
    ("compress_ratio: 1", 65, "line 1, column 1", []),
    ("compress_ratio: 2 override_prune_cfg: 'x.cfg'", 66, "x.cfg", []), (#"{"a": 0.5}"#, 65, "--from", []),
    ("compress_ratio: 2", 64, "--from", ["--from", "config"]), ("compress_ratio: 2", 64, "--to", ["--to", "nonsense"]),
    ("compress_ratio: 2", 73, "/no/such", ["--output", "/no/such/file"]),
  ])
  func `a mistake is one line and an exit code`(_ text: String, _ code: Int32, _ expected: String, _ rest: [String])
    throws
  {
    let folder = try TemporaryFolder()
    let file = try folder.write(Data(text.utf8), as: "file")
    let target = rest.contains("--to") ? [] : ["--to", "config"]
    let run = try ProgramRun("prune-cluster", rest.first == "convert" ? rest : ["convert", file] + target + rest)
    #expect(run.exitCode == code)
    #expect(run.output.isEmpty)
    #expect(run.complaints.count == 1 && run.complaints[0].contains(expected), "\(run.errors)")
  }

  @Test func `a file is not written over the one that is read`() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Data(Self.search.utf8), as: "search.cfg")
    #expect(try ProgramRun("prune-cluster", ["convert", file, "--to", "config", "--output", file]).exitCode == 64)
  }
}
