import Foundation
import ProgramRuns
import Testing

/// The reference of the library for plug-ins.
@Suite(.timeLimit(.minutes(30)))
struct LibraryReferenceTests {
  /// The modules of this build.
  private static let modules = (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0]))
    .deletingLastPathComponent().appendingPathComponent("Modules").path

  private static let hasDocC: Bool = {
    let isFound = (try? ProgramRun("/usr/bin/env", ["which", "docc"]))?.exitCode == 0
    if !isFound { print("docc is not on PATH: the reference of the library is not made") }
    return isFound
  }()

  @Test(.enabled(if: hasDocC)) func `it is made without a warning, in a folder from where one is`() throws {
    let folder = try TemporaryFolder()
    let script = MarkdownPage.root.appendingPathComponent("scripts/documentation").path
    let run = try ProgramRun("/usr/bin/env", ["-C", folder.path, script, "site", Self.modules])
    #expect(run.exitCode == 0, "\(run.output)\(run.errors)")
    #expect(try folder.names == ["site"])
    let page = folder.file("site/data/documentation/pruneclusterplugins/writingacriterion.json")
    #expect(FileManager.default.fileExists(atPath: page))
  }

  @Test func `the program of its article compiles`() throws {
    let article = try #require(MarkdownPage.all.first { $0.path.hasSuffix("WritingACriterion.md") })
    let program = try #require(article.blocks.first { $0.text.contains("@main") })
    let folder = try TemporaryFolder()
    let file = try folder.write(Data(program.text.utf8), as: "program.swift")
    let zlib = MarkdownPage.root.appendingPathComponent("Sources/CZlib").path
    let run = try ProgramRun(
      "/usr/bin/env", ["swiftc", "-typecheck", "-parse-as-library", "-I", Self.modules, "-I", zlib, file])
    #expect(run.exitCode == 0, "\(run.errors)")
  }
}
