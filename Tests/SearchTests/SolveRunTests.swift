import Channels
import Configuration
import Foundation
import ONNXFormat
import ProgramRuns
import ReferenceData
import Testing

@testable import Search

/// Other plans from what a search has left.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct SolveRunTests {
  private static func solve(
    _ directory: String, _ changes: [String] = [], model: String? = nil, output: String? = nil, points: Int = 0
  ) throws -> SolveOutcome {
    var request = SolveRun.Request(directory: directory)
    request.changes = try changes.map { try #require(ConfigurationChange($0)) }
    request.model = model
    request.output = output
    request.frontierPoints = points
    return try SolveRun(format: ONNXFormat(), logger: DemoSearch.logger).execute(request)
  }

  /// What is thrown, in words; empty when nothing is.
  private static func error(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: SearchMode.ofOneStep + PluginScripts.modes)
  func `without changes the result is that of the search, byte by byte`(_ mode: SearchMode) throws {
    let folder = try TemporaryFolder()
    let search = try DemoSearch.run(in: folder, mode.changes)
    let solved = try Self.solve(folder.file("out"))
    #expect(solved.files == ["ratios.json", "ratios.cfg"])
    #expect(solved.directory == folder.file("out/solved"))
    #expect(solved.ratios.layers.map(\.prunedChannels) == search.ratios.layers.map(\.prunedChannels))
    #expect(solved.ratios.predictedLossChange == search.ratios.predictedLossChange)
    let isSame = try folder.contents(of: "out/solved/ratios.json") == folder.contents(of: "out/ratios.json")
    #expect(isSame)
  }

  /// Changes, and the configuration of a search that has them from the beginning.
  private static let changes: [(settings: [String], search: [(path: String, json: String?)])] = [
    (["target.compression_ratio=3"], [("target.compression_ratio", "3")]),
    (
      [#"target={"compression_ratio": 1.5, "metric": "params"}"#],
      [("target", #"{"compression_ratio": 1.5, "metric": "params"}"#)]
    ),
    ([#"target={"limit": 600000, "metric": "macs"}"#], [("target", #"{"limit": 600000, "metric": "macs"}"#)]),
    (
      [#"target=[{"compression_ratio": 2, "metric": "flops"}, {"compression_ratio": 1.6, "metric": "memory"}]"#],
      [("target", #"[{"compression_ratio": 2, "metric": "flops"}, {"compression_ratio": 1.6, "metric": "memory"}]"#)]
    ),
    (["solver.method=greedy"], [("solver.method", #""greedy""#)]),
    (
      ["solver.min_channels=6", "solver.channel_multiple=2"],
      [("solver", #"{"min_channels": 6, "channel_multiple": 2, "method": "optimal"}"#)]
    ),
    (["solver.channel_widths=[8, 16, 32]"], [("solver.channel_widths", "[8, 16, 32]")]),
    (["solver.robust=true"], [("solver.robust", "true")]),
    (
      [#"config_list=[{"op_names": ["stage1.0.conv1"], "exclude": true}]"#],
      [("config_list", #"[{"op_names": ["stage1.0.conv1"], "exclude": true}]"#)]
    ),
    (
      ["bits.weight=4", "target.metric=memory", "target.compression_ratio=1.5"],
      [("bits.weight", "4"), ("target", #"{"compression_ratio": 1.5, "metric": "memory"}"#)]
    ),
    (
      ["target=", #"config_list=[{"op_types": ["Conv"], "total_sparsity": 0.5}]"#],
      [("target", nil), ("config_list", #"[{"op_types": ["Conv"], "total_sparsity": 0.5}]"#)]
    ),
  ]

  @Test(arguments: changes.indices)
  func `a change gives what a search with it from the beginning gives`(_ index: Int) throws {
    let (settings, changed) = Self.changes[index]
    let base: [(path: String, json: String?)] = [("solver", #"{"method": "optimal"}"#)]
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try DemoSearch.run(in: folder, base)
    let search = try DemoSearch.run(in: other, base + changed)
    let solved = try Self.solve(folder.file("out"), settings, output: folder.file("new/place"))
    #expect(DemoSearch.meetsTargets(solved.ratios))
    #expect(solved.ratios.layers.map(\.prunedChannels) == search.ratios.layers.map(\.prunedChannels))
    let isSame = try folder.contents(of: "new/place/ratios.json") == other.contents(of: "out/ratios.json")
    #expect(isSame)
    #expect(!FileManager.default.fileExists(atPath: folder.file("out/solved")))
    // The search's own files stay as they were.
    #expect(
      try DemoSearch.files(in: folder.file("out"))
        == (DemoSearch.names + ["frontier.json"]).sorted())
  }

  @Test func `bits that were measured may be searched again, and others not`() throws {
    let folder = try TemporaryFolder()
    let bits: [(path: String, json: String?)] = [
      ("bits", #"{"search": [4, 6, 8]}"#), ("solver", "{}"), ("target.compression_ratio", "4"),
    ]
    _ = try DemoSearch.run(in: folder, bits)
    let fewer = try Self.solve(folder.file("out"), ["bits.search=[4, 8]"])
    #expect(fewer.ratios.layers.allSatisfy { [4, 8].contains($0.bits?.weight) })
    let none = try Self.solve(folder.file("out"), ["bits.search="])
    #expect(none.ratios.layers.allSatisfy { $0.bits == nil })
    // More than 16 bits are taken to lose nothing and are not measured.
    _ = try Self.solve(folder.file("out"), ["bits.search=[8, 32]"])
    #expect(
      Self.error { _ = try Self.solve(folder.file("out"), ["bits.search=[5, 8]"]) }.contains(
        "$.bits.search: 5 bits were not measured, only 4, 6, 8"))
    let plain = try TemporaryFolder()
    _ = try DemoSearch.run(in: plain, [("sensitivity.reduction", #""mean_abs""#)])
    #expect(
      Self.error { _ = try Self.solve(plain.file("out"), ["bits.search=[4, 8]"]) }.contains(
        "$.bits.search: the search has measured no widths"))
  }

  @Test func `layers whose widths were given by hand in the search have none to choose from`() throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(
      in: folder,
      [
        ("bits", #"{"search": [4, 8], "layers": {"head": {"weight": 4}}}"#), ("solver", "{}"),
        ("target.compression_ratio", "4"),
      ])
    let text = Self.error { _ = try Self.solve(folder.file("out"), ["bits.layers={}"]) }
    #expect(text.contains("head") && text.contains("bits"), "\(text)")
  }

  @Test(
    arguments: [
      ("model=other.onnx", "$.model cannot be changed"),
      ("calibration.samples=5", "$.calibration.samples cannot be changed"),
      ("loss.kind=agreement", "$.loss.kind cannot be changed"),
      ("sensitivity.seed=1", "$.sensitivity.seed cannot be changed"),
      ("sensitivity.damping=1", "$.sensitivity"), ("solver.method=measured", "$.solver.method"),
      ("solver.method=best", "$.solver.method"), ("target.compresion_ratio=3", "compression_ratio"),
      ("target.compression_ratio=1e6", "$.target.compression_ratio"), ("target.compression_ratio=0.5", "$.target"),
      ("target=", "nothing says how much to prune"),
      ("repair=none", "$.repair cannot be changed: solving does not go by it"),
      ("output.directory=x", "$.output.directory cannot be changed"), ("unknown.key=1", "$.unknown"),
      (#"config_list=[{"op_names": ["nothing"], "exclude": true}]"#, "$.config_list[0].op_names[0]"),
    ])
  func `what would have to be measured anew, or is wrong, is refused in one line`(
    _ change: String, _ text: String
  ) throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [])
    let error = Self.error { _ = try Self.solve(folder.file("out"), [change]) }
    #expect(error.contains(text), "\(error)")
    #expect(error.hasPrefix(folder.file("out/run.json")), "\(error)")
    #expect(!error.contains("\n"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("out/solved/ratios.json")))
  }

  @Test func `a search that evaluated can be solved by its sensitivities`() throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(
      in: folder, [("solver", #"{"method": "measured", "min_channels": 4}"#), ("measured", #"{"candidates": 3}"#)])
    let text = Self.error { _ = try Self.solve(folder.file("out")) }
    #expect(text.contains("$.solver.method") && text.contains("saved_eval_scores"), "\(text)")
    let other = try TemporaryFolder()
    _ = try DemoSearch.run(in: other, [("solver", #"{"method": "greedy", "min_channels": 4}"#)])
    _ = try Self.solve(folder.file("out"), ["solver.method=greedy", "measured="])
    let isSame = try folder.contents(of: "out/solved/ratios.json") == other.contents(of: "out/ratios.json")
    #expect(isSame)
  }

  @Test func `the model has to be the one that was searched, wherever it is`() throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [])
    let model = try Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model))
    let same = try folder.write(model, as: "same.onnx")
    let expected = try Self.solve(folder.file("out")).ratios.layers.map(\.prunedChannels)
    #expect(try Self.solve(folder.file("out"), model: same).ratios.layers.map(\.prunedChannels) == expected)
    // A field that no reader knows: the same network, but not the same file.
    let other = try folder.write(model + [0xA0, 0x06, 0x01], as: "other.onnx")
    let text = Self.error { _ = try Self.solve(folder.file("out"), model: other) }
    #expect(text.hasPrefix("\(other): has the SHA-256 "), "\(text)")
    #expect(text.contains("the search was for"))
    #expect(Self.error { _ = try Self.solve(folder.file("out"), model: "/no/such.onnx") }.contains("/no/such.onnx"))
  }

  /// A key of `run.json` by its path, what stands there instead, and what the error says.
  private static let damages: [(path: [String], value: JSONValue?, text: String)] = [
    (["state"], "stopped", "$.state is \"stopped\": the search has not finished: run it again"),
    (["state"], nil, "$.state is missing: this is no record of a search"),
    (["configuration"], nil, "$.configuration is missing"), (["configuration"], [], "expected an object"),
    (["configuration_directory"], nil, "$.configuration_directory is missing"),
    (["configuration_directory"], 3, "expected a string"), (["model"], nil, "$.model is missing"),
    (["model"], [], "$.model is missing"), (["model"], [["path": "x"]], "$.model is missing"),
    (["calibration"], nil, "$.calibration is missing"),
    (["calibration", "batch_size_run"], nil, "$.calibration.batch_size_run is missing"),
    (["calibration", "batch_size_run"], 0, "found the number 0"),
    (["calibration", "sample_shapes"], nil, "$.calibration.sample_shapes is missing"),
    (["calibration", "sample_shapes"], ["": [-1]], "found the number -1"),
    (["configuration", "sensitivity", "order"], 7, "$.sensitivity.order"),
    (["configuration", "model"], nil, "the key \"model\" is missing"),
  ]

  @Test(arguments: damages.indices)
  func `a damaged record is one clear error`(_ index: Int) throws {
    let damage = Self.damages[index]
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [])
    let record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    let changed = ConfigurationChange(damage.path, to: damage.value).applied(to: record)
    _ = try folder.write(Data(changed.text().utf8), as: "out/run.json")
    let text = Self.error { _ = try Self.solve(folder.file("out")) }
    #expect(text.hasPrefix(folder.file("out/run.json") + ": "), "\(text)")
    #expect(text.contains(damage.text), "\(text)")
    #expect(!text.contains("\n"))
  }

  @Test(arguments: [0, 1, 100, 1000])
  func `a record cut short is bad content`(_ length: Int) throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [])
    _ = try folder.write(try folder.contents(of: "out/run.json").prefix(length), as: "out/run.json")
    let error = #expect(throws: SearchError.self) { try Self.solve(folder.file("out")) }
    #expect(error?.kind == .badContent)
    #expect(error?.file == folder.file("out/run.json"))
  }

  @Test func `a directory without a search, or without one of its files, is one clear error`() throws {
    let folder = try TemporaryFolder()
    #expect(Self.error { _ = try Self.solve(folder.file("none")) }.contains(folder.file("none/run.json")))
    _ = try DemoSearch.run(
      in: folder, [("sensitivity", #"{"order": 2}"#), ("bits", #"{"search": [4, 8]}"#), ("solver", "{}")])
    for name in ["quantization.npz", "set_loss.npz", "sensitivities.npz"] {
      try FileManager.default.removeItem(atPath: folder.file("out/\(name)"))
      let text = Self.error { _ = try Self.solve(folder.file("out")) }
      #expect(text.contains(folder.file("out/\(name)")), "\(text)")
      #expect(!text.contains("\n"))
    }
  }

  @Test func `files of another network are refused`() throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try DemoSearch.run(in: folder, [("sensitivity", #"{"order": 2}"#), ("solver", "{}")])
    _ = try folder.write(Data("PK".utf8), as: "out/set_loss.npz")
    #expect(Self.error { _ = try Self.solve(folder.file("out")) }.contains("set_loss.npz"))
    _ = try DemoSearch.run(in: other, [])
    try FileManager.default.removeItem(atPath: folder.file("out/sensitivities.npz"))
    try FileManager.default.copyItem(
      atPath: folder.file("out/run.json"), toPath: folder.file("out/sensitivities.npz"))
    #expect(Self.error { _ = try Self.solve(folder.file("out")) }.contains("sensitivities.npz"))
  }

  @Test(arguments: ["{}", #"{"order": 2}"#, #"{"order": 2, "set_loss": "additive"}"#], [2, 12])
  func `the curve rises, its points keep what they ask for, and the knee is one of them`(
    _ sensitivity: String, _ points: Int
  ) throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [("sensitivity", sensitivity), ("solver", "{}")])
    let outcome = try Self.solve(folder.file("out"), points: points)
    #expect(outcome.files == ["ratios.json", "ratios.cfg", "frontier.json"])
    let frontier = try #require(outcome.frontier)
    #expect(!frontier.points.isEmpty && frontier.points.count <= max(points, 2))
    #expect(frontier.metric == .bitComplexity)
    for point in frontier.points {
      #expect(point.reached >= point.asked)
      #expect(point.lowerBound.map { $0 <= point.predictedLossChange } ?? true)
      #expect(point.keptChannels.count == outcome.ratios.layers.count)
      for (kept, layer) in zip(point.keptChannels, outcome.ratios.layers) {
        #expect((1...layer.channels).contains(kept))
      }
    }
    for (first, second) in zip(frontier.points, frontier.points.dropFirst()) {
      #expect(first.asked < second.asked)
      #expect(first.predictedLossChange <= second.predictedLossChange)
    }
    if let knee = frontier.knee { #expect(frontier.points.indices.contains(knee)) }
    if points > 2 { #expect(frontier.knee != nil) }

    let json = try JSONValue(parsing: Array(try folder.contents(of: "out/solved/frontier.json")), file: "f")
    guard case .array(let stored)? = json["points"] else {
      Issue.record("no points")
      return
    }
    #expect(stored.count == frontier.points.count)
    #expect(json["knee"] == (frontier.knee.map { .integer($0) } ?? .null))
    #expect(json["metric"] == "bit_complexity")
    for (point, stored) in zip(frontier.points, stored) {
      #expect(stored["compression_ratio"] == .number(point.asked))
      #expect(stored["predicted_loss_change"] == .number(point.predictedLossChange))
      #expect(stored["kept_channels"] == .array(point.keptChannels.map { .integer($0) }))
      let macs = try #require(point.costs.first { $0.metric == .macs })
      #expect(stored["cost"]?["macs"] == .integer(Int(macs.cost)))
    }
    // Without a curve the old one does not stay behind.
    _ = try Self.solve(folder.file("out"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("out/solved/frontier.json")))
  }

  @Test(arguments: ["out", "out/", "out/../out"])
  func `a search's own result is not written over`(_ output: String) throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [])
    let ratios = try folder.contents(of: "out/ratios.json")
    let error = #expect(throws: SearchError.self) { try Self.solve(folder.file("out"), output: folder.file(output)) }
    #expect(error?.kind == .cannotCreate)
    let isSame = try folder.contents(of: "out/ratios.json") == ratios
    #expect(isSame)
  }

  @Test func `a curve needs a target`() throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(
      in: folder, [("target", nil), ("config_list", #"[{"op_types": ["Conv"], "total_sparsity": 0.5}]"#)])
    let text = Self.error { _ = try Self.solve(folder.file("out"), points: 5) }
    #expect(text.contains("$.target: a curve needs a target"), "\(text)")
  }

  @Test func `a directory may be moved, and its configuration may have been named from anywhere`() throws {
    let folder = try TemporaryFolder()
    for part in ["config/data", "moved"] {
      try FileManager.default.createDirectory(atPath: folder.file(part), withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(atPath: DemoNetwork.model, toPath: folder.file("config/data/m.onnx"))
    let text = try DemoNetwork.configuration(
      output: "results", changes: DemoSearch.small + [("model", #""data/m.onnx""#)])
    let config = try folder.write(text, as: "config/config.json")
    // The same file, named from the working directory.
    let here = FileManager.default.currentDirectoryPath
    let up = [String](repeating: "..", count: here.split(separator: "/").count).joined(separator: "/")
    let search = try DemoSearch.run(configuration: up + config)
    #expect(FileManager.default.fileExists(atPath: folder.file("config/results/run.json")))
    let record = try JSONValue(parsing: Array(try folder.contents(of: "config/results/run.json")), file: "run.json")
    guard case .string(let directory)? = record["configuration_directory"] else {
      Issue.record("no directory")
      return
    }
    #expect(directory.hasPrefix("/"), "\(directory)")
    #expect(FileManager.default.fileExists(atPath: directory + "/data/m.onnx"))

    try FileManager.default.moveItem(atPath: folder.file("config/results"), toPath: folder.file("moved/results"))
    let solved = try Self.solve(folder.file("moved/results"))
    #expect(solved.ratios.layers.map(\.prunedChannels) == search.ratios.layers.map(\.prunedChannels))
    #expect(solved.directory == folder.file("moved/results/solved"))
  }
}
