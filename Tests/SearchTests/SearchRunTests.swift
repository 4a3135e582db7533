import Channels
import Configuration
import Foundation
import Logging
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Search
import Testing

/// Whole searches on the network that ships with the project, the ranks being threads.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct SearchRunTests {
  /// Runs a search in a folder of its own and gives what rank 0 returns.
  private static func search(
    in folder: TemporaryFolder, ranks: Int = 1, _ changes: [(path: String, json: String?)]
  ) throws -> SearchOutcome {
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: changes)
    let path = try folder.write(text, as: "config.json")
    let outcomes = try InProcess.run(ranks: ranks) { world in
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let run = SearchRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: logger, progress: { _ in })
      return try run.execute(path)
    }
    return try #require(outcomes[0])
  }

  @Test(arguments: ["batch", "sample"], ["mean_abs", "abs_mean", "mean_square"])
  func `the results have the same bytes for 1, 2, 3 and 4 ranks`(_ level: String, _ reduction: String) throws {
    // 75 samples in batches of 8: a short last batch, and shares that no rank count divides.
    let changes: [(path: String, json: String?)] = [
      ("calibration.samples", "75"), ("calibration.batch_size", "8"), ("sensitivity.reduction", #""\#(reduction)""#),
      ("sensitivity.level", #""\#(level)""#),
    ]
    var first: [Data] = []
    for ranks in 1...4 {
      let folder = try TemporaryFolder()
      _ = try Self.search(in: folder, ranks: ranks, changes)
      let files = try ["out/ratios.json", "out/sensitivities.npz"].map(folder.contents)
      if ranks == 1 { first = files }
      let isSame = files == first
      #expect(isSame, "\(ranks) ranks")
      let names = try DemoSearch.files(in: folder.file("out"))
      #expect(names == ["ratios.cfg", "ratios.json", "run.json", "sensitivities.npz"])
    }
  }

  @Test func `the record says between which ratios every layer could be pruned`() throws {
    let folder = try TemporaryFolder()
    let rules = #"""
      [{"op_types": ["default"], "max_sparsity_per_layer": 0.9}, {"op_names": ["stage1.0.conv1"], "max_sparsity_per_layer": 0.5}]
      """#
    let outcome = try Self.search(in: folder, [("calibration.samples", "32"), ("config_list", rules)])
    let record = try JSONValue(parsing: [UInt8](folder.contents(of: "out/run.json")), file: "run.json")
    guard case .object(let ranges)? = record["feasible_prune_ratios"] else {
      Issue.record("no ranges in \(record.text())")
      return
    }
    #expect(ranges.members.map(\.key) == outcome.ratios.layers.map(\.name))
    for layer in outcome.ratios.layers {
      #expect(ranges[layer.name] == .array([.number(layer.feasible.lowerBound), .number(layer.feasible.upperBound)]))
    }
    #expect(ranges["/stage1/stage1.0/conv1/Conv"] == [0.0, 0.5])
    #expect(ranges["/head/Gemm"] == [0.0, 0.0])
  }

  @Test(arguments: ["bit_complexity", "flops", "macs", "params"], [1.2, 2.0, 6.0])
  func `the target is met in every metric, and not by more than a channel step`(
    _ metric: String, _ ratio: Double
  ) throws {
    let folder = try TemporaryFolder()
    let outcome = try Self.search(
      in: folder,
      [
        ("target.compression_ratio", "\(ratio)"), ("target.metric", #""\#(metric)""#), ("calibration.samples", "32"),
      ])
    #expect(outcome.ratios.achieved.metric.rawValue == metric)
    #expect(outcome.ratios.achieved.ratio >= ratio)
    // One channel of this network is at most a few percent of it.
    #expect(outcome.ratios.achieved.ratio < ratio * 1.15)
    for layer in outcome.ratios.layers {
      #expect(layer.prunedChannels == layer.prunedChannels.sorted())
      #expect(layer.prunedChannels.count < layer.channels)
    }
  }

  @Test func `config_list, multiples and limits are obeyed by every layer`() throws {
    let folder = try TemporaryFolder()
    let rules = """
      [{"op_types": ["Conv"], "max_sparsity_per_layer": 0.5}, {"op_names": ["stage1.0.conv1"], "exclude": true},
       {"op_names": ["stage1.1.conv1"], "sparsity_per_layer": 0.25}]
      """
    let outcome = try Self.search(
      in: folder,
      [
        ("calibration.samples", "32"), ("solver", #"{"channel_multiple": 4, "min_channels": 8}"#),
        ("target.compression_ratio", "1.5"), ("config_list", rules),
      ])
    for layer in outcome.ratios.layers {
      let kept = layer.channels - layer.prunedChannels.count
      #expect(kept == layer.channels || kept % 4 == 0 && kept >= 8)
      #expect(layer.pruneRatio <= 0.5)
      if layer.name.contains("stage1.0/conv1") {
        #expect(layer.prunedChannels.isEmpty)
        #expect(layer.reason == "excluded by config_list")
      }
      if layer.name.contains("stage1.1/conv1") { #expect(layer.pruneRatio == 0.25) }
    }
  }

  @Test func `total_sparsity takes its share of the layers' weights, without a target`() throws {
    let folder = try TemporaryFolder()
    let rules = #"[{"op_partial_names": ["conv1"], "total_sparsity": 0.5, "max_sparsity_per_layer": 0.75}]"#
    let outcome = try Self.search(
      in: folder, [("calibration.samples", "32"), ("target", nil), ("config_list", rules)])
    let result = try JSONValue(parsing: Array(try folder.contents(of: "out/ratios.json")), file: "ratios.json")
    #expect(result["target"] == .null)
    // Weights of the 3×3 convolutions by their channels, inputs at full width, as the rule counts them.
    let weights = [
      "stage1.0": 144.0, "stage1.1": 144, "stage2.0": 144, "stage2.1": 288, "stage3.0": 288, "stage3.1": 576,
    ]
    var (removed, all) = (0.0, 0.0)
    for layer in outcome.ratios.layers {
      guard layer.name.contains("conv1/") else {
        #expect(layer.prunedChannels.isEmpty)
        continue
      }
      let weight = try #require(weights.first { layer.name.contains($0.key) }?.value)
      removed += weight * Double(layer.prunedChannels.count)
      all += weight * Double(layer.channels)
      #expect(layer.pruneRatio <= 0.75)
    }
    #expect(removed / all >= 0.5)
    #expect(removed / all < 0.51)
  }

  @Test func `a data file of extents beyond all counting beside an empty one is refused, not multiplied out`() throws {
    let folder = try TemporaryFolder()
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, \(1 << 40), 0, \(1 << 40)), }\n"
    let path = try folder.write(
      Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)), as: "empty.npy")
    var text = ""
    do {
      _ = try Self.search(
        in: folder,
        [
          ("calibration.inputs", #""\#(path)""#), ("calibration.labels", nil), ("calibration.preprocessing", nil),
          ("loss", nil),
        ])
    } catch {
      text = "\(error)"
    }
    #expect(text.contains("empty.npy"), "\(text)")
  }

  private static let mistakes: [(path: String, json: String, text: String)] = [
    ("target.compression_ratio", "1e6", "compression ratio"),
    (
      "target.compression_ratio", "341",
      "in bit_complexity cannot be reached; with everything removed that may go the nearest"
    ),
    (
      "solver", #"{"channel_multiple": 100}"#, "the nearest is 1.0; what may go is limited by $.solver.channel_multiple"
    ),
    ("solver", #"{"min_channels": 60}"#, "; what may go is limited by $.solver.min_channels"),
    ("solver", #"{"channel_widths": [100]}"#, "; what may go is limited by $.solver.channel_widths"),
    (
      "config_list",
      """
      [{"op_types": ["default"], "max_sparsity_per_layer": 0.1}, {"op_names": ["stage1.1.conv2"], "exclude": true}]
      """,
      "; what may go is limited by $.config_list[0].max_sparsity_per_layer, $.config_list[1].exclude"
    ),
    (
      "config_list",
      """
      [{"op_names": ["stage1.0.conv2"], "sparsity_per_layer": 0.5}, {"op_names": ["stage1.1.conv2"], "exclude": true}]
      """,
      "config_list excludes '/stage1/stage1.1/conv2/Conv', and layers that share their channels stay whole together"
    ),
    (
      "config_list",
      """
      [{"op_names": ["stage1.0.conv2"], "sparsity_per_layer": 0.5},
       {"op_names": ["stage1.1.conv2"], "max_sparsity_per_layer": 0.25}]
      """,
      "the one is given the sparsity 0.5 and the other at most 0.25"
    ),
    (
      "config_list",
      """
      [{"op_names": ["stage1.0.conv2"], "sparsity": 0.5}, {"op_names": ["stem.0"], "sparsity": 0.25}]
      """,
      "are given the sparsities"
    ),
    ("config_list", #"[{"op_names": ["head"], "sparsity": 0.5}]"#, "network's output"),
    ("calibration.samples", "513", "asks for 513 samples"),
    ("calibration.labels", #""/no/such/file.npy""#, "/no/such/file.npy"),
    (
      "calibration.preprocessing", #"{"mean": [0.1, 0.2]}"#,
      "has 2 values, expected one for the one channel of the network's input 'image'"
    ),
    ("calibration.inputs", #"{"picture": "\#(DemoNetwork.images)"}"#, "'image'"),
    ("calibration.inputs", #""\#(DemoNetwork.labels)""#, "sample has shape []"),
  ]

  @Test(arguments: mistakes.indices)
  func `what does not go together is told before anything is computed`(_ index: Int) throws {
    let mistake = Self.mistakes[index]
    let folder = try TemporaryFolder()
    var changes: [(path: String, json: String?)] = [(mistake.path, mistake.json)]
    if mistake.path == "calibration.inputs" { changes.append(("calibration.preprocessing", nil)) }
    var text = ""
    do {
      _ = try Self.search(in: folder, ranks: 3, changes)
    } catch {
      text = "\(error)"
    }
    #expect(text.contains(mistake.text), "\(text)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
  }
}
