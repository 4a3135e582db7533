import Configuration
import Foundation
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Testing
import WorkSharing

@testable import Search

/// Comparisons in a folder, the ranks being threads; on the network that ships with the project unless it is said.
struct ComparisonCase {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  typealias Changes = [(path: String, json: String?)]

  /// Three criteria, two solvers, two targets, all of which go together.
  static let few: Changes = [
    ("solver", "{}"),
    (
      "compare",
      #"""
      {"sensitivity": [{"reduction": "mean_abs"}, "l1", {"order": 2}], "solver": ["greedy", "optimal"],
       "targets": [{"compression_ratio": 2, "metric": "macs"}, {"compression_ratio": 1.4, "metric": "params"}]}
      """#
    ),
  ]

  /// Writes a configuration on few samples.
  func configuration(_ changes: Changes) throws -> String {
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: DemoSearch.small + changes)
    return try folder.write(text, as: "config.json")
  }

  func compare(ranks: Int = 1, _ changes: Changes) throws -> ComparisonOutcome {
    try compare(ranks: ranks, configuration: try configuration(changes))
  }

  /// - Parameters:
  ///   - format: reads the model.
  ///   - stop: what asks the comparison to stop.
  ///   - progress: what rank 0 tells.
  func compare(
    ranks: Int = 1, configuration path: String, _ format: any ModelFormat = ONNXFormat(),
    stop: StopRequest = StopRequest(), progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
  ) throws -> ComparisonOutcome {
    let outcomes = try InProcess.run(ranks: ranks) { world in
      try ComparisonRun(
        on: world, backend: OneDNNBackend(), format: format, options: WorkSession.Options(stop: stop),
        logger: DemoSearch.logger, progress: progress
      ).execute(path)
    }
    #expect(outcomes.dropFirst().allSatisfy { $0 == nil })
    return try #require(outcomes[0])
  }

  /// The files of a comparison but for those that differ from run to run.
  func results() throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try names() where name != "run.json" { files[name] = try folder.contents(of: "out/compare/\(name)") }
    return files
  }

  /// The names of the files, without what is kept of finished work.
  func names() throws -> [String] { try DemoSearch.files(in: folder.file("out/compare")) }

  /// A file in JSON.
  func json(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: Array(try folder.contents(of: "out/compare/\(name)")), file: name)
  }

  /// The pieces restored and computed by the last attempt.
  func pieces() throws -> [Int] {
    guard case .array(let attempts)? = try json("run.json")["attempts"], let last = attempts.last,
      case .integer(let restored)? = last["pieces_restored"], case .integer(let computed)? = last["pieces_computed"]
    else { return [] }
    return [restored, computed]
  }
}
