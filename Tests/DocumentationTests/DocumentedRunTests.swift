import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// What the pages show runs.
@Suite(.timeLimit(.minutes(30)))
struct DocumentedRunTests {
  /// The names of files and folders that the pages take for the reader's own, which the test has.
  private static let files: Set<String> = [
    "amct.cfg", "config.json", "model.onnx", "out", "ratios.json", "small.onnx",
  ]

  /// Command lines whose files there are, each once, in the order of the pages.
  private static let commands: [DocumentedCommand] = {
    var seen: Set<String> = []
    return DocumentedCommand.all.filter { command in
      let isStarted = command.launcher.isEmpty || command.launcher.count == 3 && command.launcher[0] == "mpirun"
      let isOwn = command.arguments.dropFirst().allSatisfy { word in
        files.contains(word) || !word.contains(/[.\/]/) && word != word.uppercased() || Double(word) != nil
      }
      return isStarted && isOwn && !command.isCut && !command.arguments.contains("--grid")
        && seen.insert(command.text).inserted
    }
  }()

  @Test func `what can run does`() throws {
    let folder = try TemporaryFolder()
    let here = ["env", "-C", folder.path]
    _ = try folder.write(Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model)), as: "model.onnx")
    _ = try folder.write(Data("compress_ratio: 2.0\n".utf8), as: "amct.cfg")
    let begun = try ProgramRun("prune-cluster", under: here, ["init", "model.onnx"])
    #expect(begun.exitCode == 0, "\(begun.errors)")
    _ = try folder.write(
      DemoNetwork.configuration(output: "out", changes: [("model", #""model.onnx""#), ("calibration.samples", "64")]),
      as: "config.json")
    #expect(Self.commands.count >= 20)
    for command in Self.commands where command.arguments.first != "init" {
      let ranks = command.launcher.isEmpty ? nil : 2
      guard ranks == nil || ProgramRun.hasLauncher else { continue }
      let run = try ProgramRun("prune-cluster", ranks: ranks, under: here, command.arguments)
      #expect(run.exitCode == 0, "\(command.place): \(command.text): \(run.errors.suffix(500))")
      if try !folder.names.contains("ratios.json"), try folder.names.contains("out") {
        _ = try folder.write(folder.contents(of: "out/ratios.json"), as: "ratios.json")
      }
    }
  }

  /// Numbers may differ a little from processor to processor.
  @Test func `the picture of the README is that of the example`() throws {
    let folder = try TemporaryFolder()
    let run = try ProgramRun(
      "prune-cluster",
      ["search", "--apply", "--output", folder.file("out"), DemoNetwork.directory + "/fashion-resnet.json"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let script = MarkdownPage.root.appendingPathComponent("scripts/example-figure").path
    let drawn = try ProgramRun("/usr/bin/env", ["python3", script, folder.file("out"), folder.file("example.svg")])
    #expect(drawn.exitCode == 0, "\(drawn.errors)")
    let shipped = try Data(contentsOf: MarkdownPage.root.appendingPathComponent("docs/example.svg"))
    func words(_ svg: Data) -> [Substring] {
      String(decoding: svg, as: UTF8.self).split { $0.isWhitespace || "\"<>,".contains($0) }
    }
    let (now, before) = (try words(folder.contents(of: "example.svg")), words(shipped))
    #expect(now.count == before.count)
    for (word, other) in zip(now, before) {
      guard let number = Double(word), let expected = Double(other) else {
        #expect(word == other)
        continue
      }
      #expect(abs(number - expected) <= max(3, 0.05 * abs(expected)), "\(word), \(other)")
    }
  }
}
