import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// The tutorial, from top to bottom, in a folder of its own.
@Suite(.timeLimit(.minutes(30)))
struct TutorialTests {
  @Test func `the tutorial does what it says`() throws {
    let page = try #require(MarkdownPage.all.first { $0.path == "docs/tutorial.md" })
    let folder = try TemporaryFolder()
    var output: String?
    var compared = 0
    for block in page.blocks {
      switch block.language {
      case "":
        for line in block.text.split(separator: "\n") { output = try run(String(line), at: block.place, in: folder) }
      case "json": _ = try folder.write(Data(block.text.utf8), as: "config.json")
      case "python" where !block.text.contains("torch."):
        output = try PythonPeer.python.map { python in
          try PythonPeer.run(python, "import os, sys\nos.chdir(sys.argv[1])\n" + block.text, [folder.path])
        }
      case "text":
        guard let output else { continue }
        for line in block.text.split(separator: "\n") {
          #expect(Self.shows(output, String(line)), "\(block.place): \(line) is not in: \(output)")
          compared += 1
        }
      default: break
      }
    }
    #expect(compared >= 8)
    #expect(try folder.names.contains("small.onnx"))
  }

  /// Runs a line of the page and gives what it writes.
  private func run(_ line: String, at place: String, in folder: TemporaryFolder) throws -> String? {
    let words = line.split(separator: " ").map(String.init)
    if words.count == 3, words[0] == "cp", words[1].hasPrefix("CHECKOUT/") {
      let source = MarkdownPage.root.appendingPathComponent(String(words[1].dropFirst("CHECKOUT/".count)))
      _ = try folder.write(Data(contentsOf: source), as: words[2])
      return nil
    }
    let commands = DocumentedCommand.commands(in: line, at: place)
    #expect(commands.count == 1, "\(place): \(line)")
    let ranks = commands.first?.launcher.isEmpty ?? true ? nil : 2
    let run = try ProgramRun(
      "prune-cluster", ranks: ranks, under: ["env", "-C", folder.path], commands.first?.arguments ?? [])
    #expect(run.exitCode == 0, "\(place): \(line): \(run.errors)")
    return run.output + run.errors
  }

  /// Whether a line of an output has the words of another one, one after another, with numbers within 2 %: those that are
  /// measured or rounded differ a little from processor to processor.
  private static func shows(_ output: String, _ line: String) -> Bool {
    let wanted = line.split(separator: " ")
    return output.split(separator: "\n").contains { shown in
      let words = shown.split(separator: " ")
      guard words.count >= wanted.count else { return false }
      return (0...words.count - wanted.count).contains { start in
        zip(words[start...], wanted).allSatisfy { word, expected in
          guard let number = Double(word), let other = Double(expected) else { return word == expected }
          return abs(number - other) <= 0.02 * abs(other)
        }
      }
    }
  }
}
