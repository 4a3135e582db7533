import Configuration
import Foundation
import ProgramRuns
import Testing

@testable import Search

/// What is read for a search by name may be anything.
struct HostileFileTests {
  @Test(.timeLimit(.minutes(30)))
  func `a pipe that nobody writes into is an error and no wait without end`() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    let error = try #require(throws: SearchError.self) {
      try FileHandleReader.contents(of: folder.file("pipe"), limit: 100)
    }
    #expect(error.kind == .cannotBeRead)
  }

  @Test(.timeLimit(.minutes(30)))
  func `a pipe that somebody writes into is read`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    let writer = Thread { try? Data(repeating: 7, count: 200_000).write(to: URL(fileURLWithPath: path)) }
    writer.start()
    #expect(try FileHandleReader.contents(of: path, limit: 1 << 20) == [UInt8](repeating: 7, count: 200_000))
  }

  @Test func `scores of a group without an order are refused`() throws {
    let text = #"""
      {"format_version": 1, "basis": {"model_sha256": ["0a"], "data_sha256": ["1b"], "samples": 8, "samples_per_run": 4, "loss":
      "agreement", "inputs": [{}]}, "original": null, "groups": [{"group": 0, "layer": "c", "units": 4, "order": [], "scores":
      [{"kept": 3, "loss": 0.625, "accuracy": null}]}]}
      """#
    let error = try #require(throws: ConfigurationError.self) {
      try EvaluationScores.Stored(parsing: Array(text.utf8), file: "scores.json")
    }
    #expect(error.description == "scores.json: $.groups[0].scores[0]: 1 units have gone, the order has 0")
  }

  @Test func `what is endless ends at the limit`() throws {
    let error = try #require(throws: SearchError.self) {
      try FileHandleReader.contents(of: "/dev/zero", limit: 1 << 20)
    }
    #expect(error.problem.contains("is larger than"))
  }

  @Test func `an error is one line whatever names are in it`() {
    let error = SearchError(.badContent, file: "a\nb", "layer '\u{1B}[31m\u{2028}' is odd")
    #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x2028 })
  }
}
