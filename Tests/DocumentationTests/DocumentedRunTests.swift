import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// What the pages show runs.
@Suite(.timeLimit(.minutes(30)))
struct DocumentedRunTests {
  /// The names of files and folders that the pages take for the reader's own, which the test has.
  private static let files: Set<String> = [
    "amct.cfg", "config.json", "model.onnx", "out", "out/pruned.onnx", "ratios.json", "small.onnx",
  ]

  /// What `mpirun` is given here too.
  private static let launcherWords: Set<String> = ["mpirun", "-n", "--oversubscribe", "--bind-to", "none"]

  /// Command lines whose files there are, each once, in the order of the pages.
  private static let commands: [DocumentedCommand] = {
    var seen: Set<String> = []
    return DocumentedCommand.all.filter { command in
      let isStarted = command.launcher.allSatisfy { launcherWords.contains($0) || Int($0) != nil }
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

  /// What stands below a heading of the README, up to the next one, as lines for a shell.
  private static func lines(below heading: String) throws -> [Substring] {
    let readme = try #require(MarkdownPage.all.first { $0.path == "README.md" })
    let section = try #require(readme.text.components(separatedBy: "\n## \(heading)\n").dropFirst().first)
    let text = try #require(section.components(separatedBy: "\n## ").first)
    return MarkdownPage(path: readme.path, text: text).blocks.filter(\.language.isEmpty).flatMap {
      $0.text.split(separator: "\n")
    }
  }

  /// All but the build, which has been: a shell gets the lines as a reader copies them, with no setting of Open MPI.
  @Test(.enabled(if: ProgramRun.hasLauncher))
  func `the quick start of the README leads a shell to a pruned network`() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model)), as: "model.onnx")
    _ = try folder.write(
      DemoNetwork.configuration(output: "out", changes: [("model", #""model.onnx""#)]), as: "filled.json")
    let program = URL(fileURLWithPath: ProgramRun.path(of: "prune-cluster")).deletingLastPathComponent().path
    try FileManager.default.createDirectory(atPath: folder.file(".build"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: folder.file(".build/release"), withDestinationPath: program)
    var script = ["set -eu"]
    for line in try Self.lines(below: "Quick start") where !line.hasPrefix("scripts/") {
      // What one rank has made is not to be taken for what two make.
      if line.hasPrefix("mpirun") { script.append("rm -r out") }
      script.append(String(line))
      if line.contains("prune-cluster init") { script.append("mv filled.json config.json") }
    }
    #expect(script.count > 8)
    _ = try folder.write(Data(script.joined(separator: "\n").utf8), as: "quick-start")
    let settings = ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"].flatMap { ["-u", $0] }
    let run = try ProgramRun("/usr/bin/env", settings + ["-C", folder.path, "bash", "quick-start"])
    #expect(run.exitCode == 0, "\(script): \(run.output.suffix(500)) \(run.errors.suffix(1000))")
    #expect(FileManager.default.fileExists(atPath: folder.file("out/pruned.onnx")))
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
