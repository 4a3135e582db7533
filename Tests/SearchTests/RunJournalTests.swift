import Configuration
import Foundation
import Glibc
import ProgramRuns
import ReferenceData
import Testing

@testable import Search

/// `run.json` from the first to the last writing.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct RunJournalTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var record: JSONValue {
    get throws { try JSONValue(parsing: Array(try folder.contents(of: "run.json")), file: "run.json") }
  }

  private func attempts() throws -> [JSONValue] {
    guard case .array(let attempts)? = try record["attempts"] else { return [] }
    return attempts
  }

  private func begin(
    _ changes: [(path: String, json: String?)] = [], sha256: String = "1f", hosts: [String] = ["n1"]
  ) throws -> RunJournal {
    let text = try DemoNetwork.configuration(output: folder.path, changes: changes)
    return try RunJournal(
      beginning: RunAttempt(hosts: hosts, schedule: "dynamic"),
      of: try SearchConfiguration(parsing: Array(text), file: "config.json"),
      model: [FileDigest(path: "m.onnx", sha256: sha256)], in: folder.path)
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (951_827_696, "2000-02-29T12:34:56Z"), (1_793_851_382, "2026-11-05T04:03:02Z"),
  ])
  func `an instant is written in UTC`(_ seconds: Int, _ text: String) {
    #expect(UTCTime.text(seconds) == text)
  }

  @Test func `a run that has begun says so, and on which ranks`() throws {
    _ = try begin(hosts: ["n1", "n1", "n2", "n1"])
    let record = try record
    #expect(record["format_version"] == 1)
    #expect(record["state"] == "running")
    #expect(record["version"] == .string(ProductVersion.text))
    #expect(record["model"] == [["path": "m.onnx", "sha256": "1f"]])
    #expect(record["configuration"]?["target"] != nil)
    #expect(record["outputs"] == nil)
    let attempts = try attempts()
    #expect(attempts.count == 1)
    #expect(attempts[0]["state"] == "running")
    #expect(attempts[0]["ended"] == .null)
    #expect(attempts[0]["ranks"] == 4)
    #expect(attempts[0]["hosts"] == ["n1", "n2"])
    #expect(attempts[0]["schedule"] == "dynamic")
    #expect(try folder.names == ["run.json"])
  }

  @Test func `a run that is stopped says why and how far it came`() throws {
    var journal = try begin()
    journal.end(.stopped, reason: "stopped by signal 15", pieces: (restored: 3, computed: 5))
    #expect(try record["state"] == "stopped")
    let attempt = try #require(try attempts().first)
    #expect(attempt["state"] == "stopped")
    #expect(attempt["reason"] == "stopped by signal 15")
    #expect(attempt["pieces_restored"] == 3)
    #expect(attempt["pieces_computed"] == 5)
    guard case .string(let ended)? = attempt["ended"], case .string(let started)? = attempt["started"] else {
      Issue.record("no times in \(attempt)")
      return
    }
    #expect(ended >= started)
    #expect(ended.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil, "\(ended)")
  }

  @Test func `the attempts go on in a run of the same search, and one that told no end is lost`() throws {
    var journal = try begin()
    journal.end(.stopped, reason: "stopped at the time limit", pieces: (0, 2))
    _ = try begin()
    _ = try begin()
    #expect(try attempts().map { $0["state"] } == ["stopped", "lost", "running"])
    #expect(try attempts()[0]["reason"] == "stopped at the time limit")
  }

  @Test func `another configuration or another model begins anew`() throws {
    _ = try begin()
    _ = try begin([("target.compression_ratio", "3")])
    #expect(try attempts().count == 1)
    _ = try begin([("target.compression_ratio", "3")], sha256: "2f")
    #expect(try attempts().count == 1)
  }

  @Test func `a hundred attempts are listed, the last ones`() throws {
    for number in 0..<103 {
      var journal = try begin()
      journal.end(.stopped, reason: "\(number)", pieces: (0, 0))
    }
    let attempts = try attempts()
    #expect(attempts.count == 100)
    #expect(attempts.first?["reason"] == "3")
    #expect(attempts.last?["reason"] == "102")
  }

  @Test(arguments: ["", "{", "[]", "{}", #"{"attempts": 3}"#, "\u{0}"])
  func `what an earlier record is not, nobody minds`(_ text: String) throws {
    _ = try folder.write(Data(text.utf8), as: "run.json")
    _ = try begin()
    #expect(try attempts().count == 1)
  }

  @Test func `what Slurm tells is noted`() throws {
    setenv("SLURM_JOB_ID", "4711", 1)
    setenv("SLURM_RESTART_COUNT", "2", 1)
    defer {
      unsetenv("SLURM_JOB_ID")
      unsetenv("SLURM_RESTART_COUNT")
    }
    _ = try begin()
    #expect(try attempts().first?["slurm_job_id"] == 4711)
    #expect(try attempts().first?["slurm_restart_count"] == 2)
  }

  @Test func `temporary files of a killed run are cleared away`() throws {
    _ = try folder.write(Data([1]), as: ".prune-cluster-1a.tmp")
    _ = try folder.write(Data([1]), as: "notes.tmp")
    _ = try begin()
    #expect(try folder.names == ["notes.tmp", "run.json"])
  }
}
