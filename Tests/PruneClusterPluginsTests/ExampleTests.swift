import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing

@testable import PruneClusterPlugins

/// The example package, built as a user builds it, and what searches give to plug-ins.
@Suite(.timeLimit(.minutes(30)))
struct ExampleTests {
  private static let package = "\(DemoNetwork.directory)/plugins/swift"

  /// Whether the example is built, which is told once where it is not.
  private static let isBuilt: Bool = {
    let isBuilt = ["distinct-channels", "lagrangian"].allSatisfy {
      FileManager.default.isExecutableFile(atPath: "\(package)/.build/release/\($0)")
    }
    if !isBuilt { print("scripts/test builds configs/plugins/swift, which is not built: it is not run") }
    return isBuilt
  }()

  /// Runs a program of the example by hand.
  private static func run(_ program: String, _ arguments: [String]) throws -> ProgramRun {
    try ProgramRun("\(package)/.build/release/\(program)", arguments)
  }

  // MARK: What searches give

  /// Has a search write a request, and keeps it.
  private static func request(
    _ folder: TemporaryFolder, _ part: String, _ members: String, _ changes: [(path: String, json: String?)]
  ) throws -> String {
    let kept = folder.file("kept")
    let command = #"["sh", "-c", "cp -r \"$0\" \#(kept); exit 1"]"#
    let text = try DemoNetwork.configuration(
      output: folder.file("out"),
      changes: [("calibration.samples", "27"), ("calibration.batch_size", "8")] + changes
        + [(part, #"{"method": "external", "command": \#(command)\#(members)}"#)])
    let run = try ProgramRun("prune-cluster", ["search", try folder.write(text, as: "config.json")])
    #expect(run.exitCode == 65, "\(run.errors)")
    return kept
  }

  /// The shipped network, and those of the reference: residual additions, depthwise convolutions, normalisations.
  private static let networks: [String?] = [nil] + ReferenceData.models.map(\.description)

  @Test(arguments: networks)
  func `all that a search says of a network is read`(_ name: String?) throws {
    var changes: [(path: String, json: String?)] = [("solver", "{}")]
    if let name {
      guard ReferenceData.isPresent else { return }
      let model = try #require(ReferenceData.models.first { $0.description == name })
      changes += [("model", "\"\(model.path)\"")]
    }
    let kept = try Self.request(
      folder, "sensitivity", #", "inputs": ["gradients", "activations"], "unit": "loss""#, changes)
    let file = "\(kept)/request.json"
    let network = try PrunableNetwork(RequestFile.json(file), in: kept)
    #expect(network.request.text() == String(decoding: try folder.contents(of: "kept/request.json"), as: UTF8.self))
    #expect(network.unit == .loss && network.sampleCount == 27 && network.groups.contains { $0.isPrunable })
    for layer in network.layers {
      #expect(try layer.weight.floats().count == layer.weight.count)
      #expect(try layer.scale?.doubles().count ?? layer.outputs == layer.outputs)
    }
    for quantity in PrunableNetwork.Quantity.allCases {
      let columns = try network.mean(of: quantity).count
      #expect(columns == (quantity.isByUnit ? network.unitCount : network.channelCount))
    }
  }

  @Test func `all that a search says of a problem is read`() throws {
    let kept = try Self.request(
      folder, "solver", "",
      [
        ("bits", #"{"search": [4, 8]}"#),
        ("target", #"[{"compression_ratio": 2, "metric": "flops"}, {"compression_ratio": 1.5, "metric": "params"}]"#),
      ])
    let problem = try PruningProblem(RequestFile.json("\(kept)/problem.json"))
    #expect(problem.request.text() == String(decoding: try folder.contents(of: "kept/problem.json"), as: UTF8.self))
    #expect(problem.requirements.count == 2 && !problem.options.isEmpty)
    for requirement in problem.requirements {
      #expect(requirement.cost(of: problem.original) == requirement.original)
    }
  }

  // MARK: The example

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `what docs/plugins.md shows is the code of the example`() throws {
    func text(_ path: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
    let blocks = try text("\(DemoNetwork.directory)/../docs/plugins.md").components(separatedBy: "```swift\n")
      .dropFirst()
    let sources = try ["Package.swift", "Sources/distinct-channels/DistinctChannels.swift"].map {
      // Comments on whole types are for who reads the file.
      try text("\(Self.package)/\($0)").split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !$0.hasPrefix("///") }.joined(separator: "\n")
    }
    #expect(blocks.count == 2)
    for block in blocks {
      let code = try #require(block.components(separatedBy: "```").first)
      #expect(sources.contains { $0.contains(code) }, "\(code)")
    }
  }

  @Test(arguments: ["criterion", "solver"])
  func `the example gives the same bytes with one rank and with three`(_ part: String) throws {
    guard Self.isBuilt, ProgramRun.hasLauncher else { return }
    // The configuration as it stands, beside links to what it names: results go to a folder of the test.
    func search(_ folder: TemporaryFolder, ranks: Int?) throws -> ProgramRun {
      try FileManager.default.createDirectory(
        atPath: folder.file("plugins/swift"), withIntermediateDirectories: true)
      for name in ["fashion-resnet", "plugins/swift/.build", "plugins/swift/\(part).json"] {
        try FileManager.default.createSymbolicLink(
          atPath: folder.file(name), withDestinationPath: "\(DemoNetwork.directory)/\(name)")
      }
      return try ProgramRun(
        "prune-cluster", ranks: ranks, ["search", folder.file("plugins/swift/\(part).json")])
    }
    let alone = try search(folder, ranks: nil)
    #expect(alone.exitCode == 0, "\(alone.errors)")
    if part == "criterion" { #expect(alone.errors.contains("distinct-channels: filters of 16 layers compared")) }
    let other = try TemporaryFolder()
    let together = try search(other, ranks: 3)
    #expect(together.exitCode == 0, "\(together.errors)")
    for name in ["ratios.json", "sensitivities.npz"] {
      let file = "out/plugins/swift/\(part)/\(name)"
      #expect(try folder.contents(of: file) == other.contents(of: file))
    }
  }

  @Test func `a criterion that throws ends the search with what it says`() throws {
    guard Self.isBuilt else { return }
    let text = try DemoNetwork.configuration(
      output: folder.file("out"),
      changes: [
        ("calibration.samples", "8"), ("calibration.batch_size", "8"), ("solver", "{}"),
        (
          "sensitivity",
          #"{"method": "external", "command": ["\#(Self.package)/.build/release/distinct-channels"]}"#
        ),
      ])
    let run = try ProgramRun("prune-cluster", ["search", try folder.write(text, as: "config.json")])
    #expect(run.exitCode == 65)
    #expect(run.complaints.count == 1, "\(run.errors)")
    let line = try #require(run.complaints.first)
    #expect(line.contains("ended with exit code 78, expected 0; the last that it wrote: "), "\(line)")
    let said = #""error: unit_squares is not measured: add \"gradients\" to $.sensitivity.inputs""#
    #expect(line.hasSuffix("; the last that it wrote: " + said), "\(line)")
  }

  /// The request in the folder, the program's exit code, and what its one line has.
  private static let failures: [(program: String, file: String, text: String?, code: Int32, line: String)] = [
    ("distinct-channels", "request.json", nil, 66, "request.json: cannot be read: No such file or directory"),
    ("distinct-channels", "request.json", "{", 65, "request.json: line 1, column 2: not JSON"),
    (
      "distinct-channels", "request.json",
      SampleRequests.network.replacingOccurrences(of: #""version": 1"#, with: #""version": 2"#), 65,
      "request.json: $.version: expected version 1, found the number 2"
    ),
    ("lagrangian", "problem.json", SampleRequests.network, 65, #"$.protocol: expected "prune-cluster-solver""#),
    (
      "distinct-channels", "request.json",
      SampleRequests.network.replacingOccurrences(of: #""unit": "score""#, with: #""unit": "loss""#), 78,
      #"this criterion gives "unit": "score", and $.sensitivity asks for "loss""#
    ),
    (
      "lagrangian", "problem.json",
      SampleRequests.problem.replacingOccurrences(of: #""limit": 7"#, with: #""limit": 1"#), 70,
      "no price brings the costs down to their limits"
    ),
  ]

  @Test(arguments: failures.indices)
  func `a plug-in that cannot answer says so in one line, and leaves no answer`(_ index: Int) throws {
    guard Self.isBuilt else { return }
    let failure = Self.failures[index]
    if let text = failure.text { _ = try folder.write(Data(text.utf8), as: failure.file) }
    let run = try Self.run(failure.program, [folder.path])
    #expect(run.exitCode == failure.code)
    #expect(run.errors.hasPrefix("error: ") && run.errors.contains(failure.line), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    #expect(try folder.names == (failure.text == nil ? [] : [failure.file]))
  }

  @Test func `a plug-in without a folder says what starts it`() throws {
    guard Self.isBuilt else { return }
    let run = try Self.run("lagrangian", [])
    #expect(run.exitCode == 64)
    #expect(run.errors.contains("expected the folder of a request as the last argument"), "\(run.errors)")
  }

  @Test func `the Lagrangian solver finds the best plan of a small problem`() throws {
    guard Self.isBuilt else { return }
    _ = try folder.write(Data(SampleRequests.problem.utf8), as: "problem.json")
    let run = try Self.run("lagrangian", [folder.path])
    #expect(run.exitCode == 0, "\(run.errors)")
    let bytes = Array(try folder.contents(of: "plan.json"))
    let plan = try SolverAnswer(parsing: bytes, file: "plan.json", ladders: [[4, 2, 1], [2]], alternatives: [2]).plan
    // Keeping 4 costs 2 · 4 · 4 = 32, or 8 in fewer bits, for a loss of 0.75; keeping 2 costs 12 for a loss of 0.5.
    #expect(plan == PruningPlan(kept: [2, 2], alternatives: [1]))
  }
}
