import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// `verify` as a user drives it.
@Suite(.timeLimit(.minutes(30)))
struct VerifyCommandTests {
  private static func verify(_ arguments: String...) throws -> ProgramRun {
    try ProgramRun("prune-cluster", ["verify"] + arguments)
  }

  /// A search's output directory, with the pruned model.
  private static func searched(in folder: TemporaryFolder) throws -> String {
    let text = try DemoNetwork.configuration(
      output: folder.file("out"), changes: [("calibration.samples", "27"), ("calibration.batch_size", "8")])
    let config = try folder.write(text, as: "config.json")
    let run = try ProgramRun("prune-cluster", ["search", "--quiet", "--apply", config])
    #expect(run.exitCode == 0, "\(run.errors)")
    return folder.file("out")
  }

  @Test func `a finished search is verified file by file, the pruned model's too`() throws {
    let folder = try TemporaryFolder()
    let directory = try Self.searched(in: folder)
    let run = try Self.verify(directory)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.isEmpty)
    let names = run.output.split(separator: "\n").map { String($0.split(separator: " ").last ?? "") }
    #expect(
      names.sorted() == [
        "certificate.json", "channels.json", "evaluation.json", "frontier.json", "pruned.onnx", "ratios.cfg",
        "ratios.json", "report.html", "sensitivities.npz",
      ])
    let script = try Self.verify(directory, "--json", "--inputs")
    #expect(script.exitCode == 0, "\(script.errors)")
    let document = try JSONValue(parsing: Array(script.output.utf8), file: "verify")
    guard case .array(let outputs)? = document["outputs"], case .array(let inputs)? = document["inputs"] else {
      Issue.record("no files in \(script.output)")
      return
    }
    #expect(outputs.count == 9)
    #expect(inputs.count == 3)
    let page = try ProgramRun("prune-cluster", ["report", directory, "--output", "-"])
    #expect(page.exitCode == 0, "\(page.errors)")
    #expect(try Data(page.output.utf8) == folder.contents(of: "out/report.html"))

    for (name, count) in [("pruned.onnx", 1), ("ratios.json", 2)] {
      let content = try folder.contents(of: "out/\(name)")
      _ = try folder.write(content + [32], as: "out/\(name)")
      let wrong = try Self.verify(directory)
      #expect(wrong.exitCode == 65)
      #expect(wrong.complaints.count == 1)
      // The first in the order of the record.
      #expect(
        wrong.complaints.first?.contains(
          "\(count == 1 ? "pruned.onnx" : "ratios.json"): has \(content.count + 1) bytes, expected \(content.count)")
          == true, "\(wrong.errors)")
      #expect(wrong.output.isEmpty)
    }
  }

  @Test func `a directory without a record ends with 66, wrong usage with 64`() throws {
    let folder = try TemporaryFolder()
    let none = try Self.verify(folder.path)
    #expect(none.exitCode == 66)
    #expect(none.complaints.count == 1)
    #expect(none.complaints.first?.contains("\(folder.path)/run.json: cannot be read") == true)
    #expect(try Self.verify().exitCode == 64)
  }

  @Test func `a search that was killed is not finished, neither for verify nor for solve`() throws {
    let folder = try TemporaryFolder()
    let directory = try Self.searched(in: folder)
    let record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    _ = try folder.write(
      Data(ConfigurationChange(["state"], to: "running").applied(to: record).text().utf8), as: "out/run.json")
    for command in ["verify", "solve"] {
      let run = try ProgramRun("prune-cluster", [command, directory])
      #expect(run.exitCode == 65)
      #expect(
        run.complaints == [
          "prune-cluster: error: \(directory)/run.json: $.state is \"running\": the search has not finished: run it again"
        ])
    }
  }
}
