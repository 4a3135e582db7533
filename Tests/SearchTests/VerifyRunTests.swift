import Configuration
import Foundation
import Glibc
import ProgramRuns
import ReferenceData
import Testing

@testable import Search

/// Whether a directory holds what its search has written.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct VerifyRunTests {
  private let folder: TemporaryFolder

  /// Searches once: every test damages its own result.
  init() throws {
    folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [("sensitivity", #"{"order": 2}"#), ("solver", "{}")])
  }

  private var out: String { folder.file("out") }

  private func error(includesInputs: Bool = false) -> SearchError? {
    do {
      _ = try VerifyRun(out, includesInputs: includesInputs)
      return nil
    } catch {
      return error as? SearchError ?? SearchError(.program, file: "", "another error: \(error)")
    }
  }

  private func changeRecord(_ path: [String], to value: JSONValue?) throws {
    let record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    let changed = ConfigurationChange(path, to: value).applied(to: record)
    _ = try folder.write(Data(changed.text().utf8), as: "out/run.json")
  }

  @Test func `every file of a finished search is named with its digest`() throws {
    let verified = try VerifyRun(out, includesInputs: true)
    #expect(
      verified.outputs.map(\.path).sorted() == [
        "frontier.json", "ratios.cfg", "ratios.json", "report.html", "sensitivities.npz", "set_loss.npz",
      ])
    #expect(verified.inputs.map(\.path) == [DemoNetwork.model, DemoNetwork.images, DemoNetwork.labels])
    for file in verified.outputs {
      let content = try folder.contents(of: "out/\(file.path)")
      #expect(file.bytes == content.count)
      #expect(file.sha256 == FileDigest(path: "", bytes: content).sha256)
    }
    #expect(verified.text.split(separator: "\n").count == 9)
    #expect(verified.text.hasPrefix("\(verified.outputs[0].sha256)  \(verified.outputs[0].path)\n"))
  }

  @Test(
    .timeLimit(.minutes(30)),
    arguments: ["ratios.json", "ratios.cfg", "sensitivities.npz", "set_loss.npz", "frontier.json", "report.html"])
  func `any damage to any file is named`(_ name: String) throws {
    let content = try folder.contents(of: "out/\(name)")
    func expect(_ problem: String) {
      let error = error()
      #expect(error?.kind == .badContent)
      #expect(error?.file == "\(out)/\(name)")
      #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "no error")")
    }
    try FileManager.default.removeItem(atPath: "\(out)/\(name)")
    expect("is missing, expected \(content.count) bytes with the SHA-256 ")
    #expect(symlink(try folder.write(content, as: "elsewhere"), "\(out)/\(name)") == 0)
    expect("is a symbolic link")
    unlink("\(out)/\(name)")
    #expect(mkfifo("\(out)/\(name)", 0o600) == 0)
    expect("is no regular file")
    unlink("\(out)/\(name)")
    _ = try folder.write(content.dropLast(), as: "out/\(name)")
    expect("has \(content.count - 1) bytes, expected \(content.count)")
    _ = try folder.write(content + [10], as: "out/\(name)")
    expect("has \(content.count + 1) bytes, expected \(content.count)")
    for place in [0, content.count / 2, content.count - 1] {
      var changed = content
      changed[place] ^= 4
      _ = try folder.write(changed, as: "out/\(name)")
      expect("…, expected ")
    }
    _ = try folder.write(content, as: "out/\(name)")
    #expect(error() == nil)
  }

  private static let records: [(path: [String], value: JSONValue?, problem: String)] = [
    (["state"], "running", "$.state is \"running\": the search has not finished: run it again"),
    (["state"], "stopped", "$.state is \"stopped\": the search has not finished: run it again"),
    (["state"], "failed", "the search has not finished"), (["state"], nil, "$.state is missing"),
    (["state"], "done", "$.state: expected one of "), (["state"], 3, "$.state: expected one of "),
    (["outputs"], nil, "$.outputs is missing"), (["outputs"], 3, "$.outputs: expected an array"),
    (["outputs"], [], "$.outputs: expected an array"), (["outputs"], [[]], "$.outputs[0]: "),
    (["outputs"], [["path": "ratios.json"]], "$.outputs[0]: "),
    (["format_version"], 2, "$.format_version: "),
  ]

  @Test(arguments: records.indices)
  func `a record that is not that of a finished search is refused`(_ index: Int) throws {
    let (path, value, problem) = Self.records[index]
    try changeRecord(path, to: value)
    let error = error()
    #expect(error?.kind == .badContent)
    #expect(error?.file == "\(out)/run.json")
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "no error")")
  }

  @Test(arguments: [
    "../ratios.json", "/etc/passwd", "a/b", "..", ".", "", "ratios.json\u{0}x", "./ratios.json", "out/../../x",
  ])
  func `a path that may lead out of the directory is refused`(_ name: String) throws {
    _ = try folder.write(try folder.contents(of: "out/ratios.json"), as: "ratios.json")
    let digest = try VerifyRun(out).outputs.first { $0.path == "ratios.json" }
    let file = try #require(digest)
    try changeRecord(
      ["outputs"], to: [["path": .string(name), "sha256": .string(file.sha256), "bytes": .integer(file.bytes)]])
    let error = error()
    #expect(error?.kind == .badContent)
    #expect(
      error?.problem.hasPrefix("$.outputs[0].path: expected the name of a file in this directory") == true,
      "\(error?.problem ?? "no error")")
  }

  @Test func `claims that no file can have are refused`() throws {
    let digits = String(repeating: "0", count: 64)
    let entries: [(JSONValue, String)] = [
      (["path": "x", "sha256": "0", "bytes": 3], "64 hexadecimal digits"),
      (["path": "x", "sha256": .string(digits.dropLast() + "G"), "bytes": 3], "64 hexadecimal digits"),
      (["path": "x", "sha256": .string(digits), "bytes": -1], "a number of bytes"),
      (["path": "x", "sha256": .string(digits), "bytes": 1.5], "a number of bytes"),
      (["path": "x", "sha256": .string(digits), "bytes": 9_000_000_000_000_000_000], "x: is missing"),
      (["path": "run.json", "sha256": .string(digits), "bytes": 9_000_000_000_000_000_000], "bytes, expected 9000"),
    ]
    for (entry, problem) in entries {
      try changeRecord(["outputs"], to: [entry])
      #expect("\(try #require(error()))".contains(problem))
    }
    let ratios: JSONValue = ["path": "ratios.json", "sha256": .string(digits), "bytes": 3]
    try changeRecord(["outputs"], to: [ratios, ratios])
    #expect(error()?.problem.contains("stands twice") == true)
  }

  @Test(arguments: ["", "{", "[]"])
  func `a damaged record is bad content, and none cannot be read`(_ text: String) throws {
    _ = try folder.write(Data(text.utf8), as: "out/run.json")
    #expect(error()?.kind == .badContent)
    try FileManager.default.removeItem(atPath: folder.file("out/run.json"))
    #expect(error()?.kind == .cannotBeRead)
    #expect(error()?.file == "\(out)/run.json")
  }

  @Test func `inputs are compared with what the search has read`() throws {
    let labels = try folder.write(try Data(contentsOf: URL(fileURLWithPath: DemoNetwork.labels)), as: "labels")
    _ = try DemoSearch.run(in: folder, [("calibration.labels", #""\#(labels)""#)])
    #expect(error(includesInputs: true) == nil)
    _ = try folder.write(Data([1, 2, 3]), as: "labels")
    let wrong = try #require(error(includesInputs: true))
    #expect(wrong.kind == .badContent)
    #expect(wrong.file == labels)
    #expect(wrong.problem.contains("but the search has read"))
    #expect(error() == nil)
    try FileManager.default.removeItem(atPath: labels)
    #expect(error(includesInputs: true)?.kind == .cannotBeRead)
  }
}
