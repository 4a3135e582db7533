import ArgumentParser
import Configuration
import Foundation
import ProgramRuns
import SchemaValidation
import Testing

@testable import prune_cluster

/// The pages say what is so.
@Suite(.timeLimit(.minutes(30)))
struct DocumentationTests {
  @Test func `there are pages with commands, pieces of configurations and links`() {
    #expect(MarkdownPage.all.count > 30)
    #expect(DocumentedCommand.all.count > 50)
    #expect(DocumentedJSON.all.count { $0.isOfConfiguration } > 30)
    #expect(MarkdownPage.all.map(\.links.count).reduce(0, +) > 90)
  }

  @Test func `every command line parses`() {
    for command in DocumentedCommand.all {
      do {
        _ = try PruneCluster.parseAsRoot(command.exampleArguments)
      } catch {
        let message = PruneCluster.message(for: error)
        let isMissing = message.contains("Missing expected argument")
        // Help is no error.
        guard PruneCluster.exitCode(for: error) != .success, !(command.isCut && isMissing) else { continue }
        Issue.record("\(command.place): \(command.text): \(message)")
      }
    }
  }

  @Test func `every option that is named is one of the program's, or of a program that is known here`() throws {
    let known = try KnownOptions()
    for page in MarkdownPage.all {
      for span in page.spans {
        let words = span.text.split(separator: " ").map(String.init)
        guard let first = words.first else { continue }
        if first.hasPrefix("--") {
          let name = String(first.prefix { $0 != "=" && $0 != ":" })
          #expect(known.isKnown(name), "\(span.place): \(span.text)")
        } else if let options = known.options(of: first), words.count > 1 {
          for option in words.dropFirst() where option.hasPrefix("--") {
            #expect(options.contains(option), "\(span.place): \(span.text)")
          }
        }
      }
    }
  }

  @Test func `the README shows every command`() throws {
    let shown = Set(DocumentedCommand.all.filter { $0.place.hasPrefix("README.md") }.compactMap(\.arguments.first))
    #expect(try KnownOptions().commands.subtracting(shown) == ["help"])
  }

  @Test func `every configuration, and every piece of one, is one that the program takes`() {
    for json in DocumentedJSON.all {
      if let problem = json.problem { Issue.record("\(json.place): \(json.text): \(problem)") }
    }
  }

  @Test func `every link leads somewhere`() {
    let pages = Dictionary(uniqueKeysWithValues: MarkdownPage.all.map { ($0.path, $0) })
    for page in MarkdownPage.all {
      for link in page.links where !link.target.contains("://") {
        let parts = link.target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let folder = URL(fileURLWithPath: "/" + page.path).deletingLastPathComponent()
        let path = parts[0].isEmpty ? "/" + page.path : folder.appendingPathComponent(parts[0]).standardized.path
        let file = String(path.dropFirst())
        let isThere = FileManager.default.fileExists(atPath: MarkdownPage.root.appendingPathComponent(file).path)
        #expect(isThere, "\(link.place): \(link.target)")
        guard parts.count == 2, isThere else { continue }
        #expect(pages[file]?.anchors.contains(parts[1]) ?? false, "\(link.place): \(link.target)")
      }
    }
  }

  @Test func `the tables of keys are what the program prints`() throws {
    let run = try ProgramRun("prune-cluster", ["schema", "--markdown"])
    #expect(run.exitCode == 0)
    let block = /<!-- keys: (\S+) -->\n(?:.*\n)*?<!-- end of keys -->\n/
    let printed = Dictionary(uniqueKeysWithValues: run.output.matches(of: block).map { ($0.output.1, $0.output.0) })
    #expect(printed.count == ConfigurationSchema.tables.count)
    var shown: Set<Substring> = []
    for page in MarkdownPage.all {
      for match in page.text.matches(of: block) {
        shown.insert(match.output.1)
        let isSame = printed[match.output.1] == match.output.0
        #expect(
          isSame, "\(page.path): the table \(match.output.1) is old: scripts/config-reference PROGRAM writes it anew")
      }
    }
    #expect(Set(printed.keys) == shown)
  }

  @Test func `tables are written anew in all pages or in none`() throws {
    let folder = try TemporaryFolder()
    for name in ["docs", "scripts"] {
      try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    }
    let script = try folder.write(
      Data(contentsOf: MarkdownPage.root.appendingPathComponent("scripts/config-reference")),
      as: "scripts/config-reference")
    func table(_ name: String, _ row: String) -> String { "<!-- keys: \(name) -->\n\(row)\n<!-- end of keys -->\n" }
    let program = try folder.write(
      Data("#!/bin/sh\nprintf '%s' '\(table("known", "new"))'\n".utf8), as: "program")
    _ = try folder.write(Data(table("known", "old").utf8), as: "docs/a.md")
    _ = try folder.write(Data(table("unknown", "old").utf8), as: "docs/b.md")
    func write() throws -> ProgramRun {
      try ProgramRun(
        "/usr/bin/env", ["sh", "-c", #"chmod +x "$1" && python3 "$0" "$1""#, script, program])
    }
    let refused = try write()
    #expect(refused.exitCode == 1)
    #expect(refused.errors.contains("docs/b.md: there is no table unknown; there are known"), "\(refused.errors)")
    #expect(try folder.contents(of: "docs/a.md") == Data(table("known", "old").utf8))
    try FileManager.default.removeItem(atPath: folder.file("docs/b.md"))
    #expect(try write().exitCode == 0)
    #expect(try folder.contents(of: "docs/a.md") == Data(table("known", "new").utf8))
  }
}

/// The options of the program's commands, as it tells them itself.
struct KnownOptions {
  private let byCommand: [String: Set<String>]

  init() throws {
    let run = try ProgramRun("prune-cluster", ["--experimental-dump-help"])
    let root = try JSONValue(parsing: Array(run.output.utf8), file: "help")["command"]
    var found: [String: Set<String>] = [:]
    for command in root?["subcommands"].elements ?? [] {
      guard case .string(let name)? = command["commandName"] else { continue }
      found[name] = Set(
        command["arguments"].elements.flatMap(\.["names"].elements).compactMap { spelling in
          if case .string(let option)? = spelling["name"] { "--" + option } else { nil }
        })
    }
    byCommand = found
  }

  /// The commands.
  var commands: Set<String> { Set(byCommand.keys) }

  /// The options of a command; `nil` for what is none.
  func options(of command: String) -> Set<String>? { byCommand[command] }

  /// Whether a command has the option, or one of the programs has that the pages start beside this one.
  func isKnown(_ option: String) -> Bool {
    byCommand.values.contains { $0.contains(option) } || Self.ofOthers.contains(option)
  }

  private static let ofOthers: Set<String> = [
    // mpirun
    "--bind-to", "--map-by", "--oversubscribe", "--prefix", "--timeout",
    // Slurm
    "--array", "--cpu-bind", "--cpus-per-task", "--mpi", "--ntasks", "--ntasks-per-socket", "--signal",
    // apptainer and docker
    "--bind",
    // the scripts of this repository
    "--cluster", "--filter", "--hours", "--sanitize", "--threads", "--with-libraries",
  ]
}

extension JSONValue? {
  fileprivate var elements: [JSONValue] {
    if case .array(let elements)? = self { elements } else { [] }
  }
}
