import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// Names in a model from somewhere, which would command the terminal that they are shown on.
@Suite(.timeLimit(.minutes(30)))
struct HostileNameTests {
  /// The network of the examples with escape sequences in the names of a layer that is pruned and of one that stays whole.
  private static func model(in folder: TemporaryFolder) throws -> String {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model))
    // As long as what they replace, so that the file stays one.
    for (name, hostile) in [("/stem/stem.0/", "/\u{1B}[31mx\u{1B}]0;p/"), ("/head/", "/\u{1B}[2J/")] {
      precondition(name.utf8.count == hostile.utf8.count)
      var isFound = false
      while let range = bytes.firstRange(of: Data(name.utf8)) {
        bytes.replaceSubrange(range, with: Data(hostile.utf8))
        isFound = true
      }
      #expect(isFound, "\(name)")
    }
    return try folder.write(bytes, as: "hostile.onnx")
  }

  @Test func `no command hands them on to the terminal`() throws {
    let folder = try TemporaryFolder()
    let model = try Self.model(in: folder)
    let changes: [(path: String, json: String?)] = [
      ("model", "\"\(model)\""), ("calibration.samples", "64"),
      ("compare", #"{"sensitivity": ["taylor", "l2"], "targets": [{"compression_ratio": 2}]}"#),
    ]
    let comparison = try folder.write(
      try DemoNetwork.configuration(output: folder.file("out"), changes: changes), as: "compare.json")
    let config = try folder.write(
      try DemoNetwork.configuration(output: folder.file("out"), changes: Array(changes.dropLast())), as: "config.json")
    let out = folder.file("out")
    let commands: [[String]] = [
      ["init", model, "-"], ["inspect", model], ["inspect", "--json", model],
      ["profile", "--widths", "2", "--output", folder.file("latency.json"), model], ["validate", config],
      ["search", "--dry-run", config], ["search", "--apply", config], ["solve", out, "--frontier", "--points", "3"],
      ["apply", out + "/ratios.json", "--model", model, "--output", folder.file("small.onnx"), "--config", config],
      ["evaluate", model, folder.file("small.onnx"), "--config", config], ["compare", "--dry-run", comparison],
      ["compare", comparison], ["convert", out + "/ratios.json", "--to", "ratios"],
      ["report", out], ["verify", out],
    ]
    var shown = 0
    for command in commands {
      let run = try ProgramRun("prune-cluster", command)
      #expect(run.exitCode == 0, "\(command): \(run.errors)")
      for text in [run.output, run.errors] {
        let commanding = text.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" }
        #expect(commanding.isEmpty, "\(command): \(text.debugDescription)")
        shown += text.contains("[2J") ? 1 : 0
      }
    }
    #expect(shown >= 5, "names are shown, escaped")
  }
}
