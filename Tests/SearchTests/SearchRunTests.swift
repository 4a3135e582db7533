import Configuration
import Execution
import Foundation
import Logging
import MessagePassing
import OneDNN
import ProgramRuns
import ReferenceData
import Search
import Testing

/// Whole searches on the network that ships with the project, the ranks being threads.
struct SearchRunTests {
  /// Runs a search in a folder of its own and gives what rank 0 returns.
  private static func search(
    in folder: TemporaryFolder, ranks: Int = 1, _ changes: [(path: String, value: Any?)] = []
  ) throws -> SearchOutcome {
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: changes)
    let path = try folder.write(text, as: "config.json")
    let outcomes = try InProcess.run(ranks: ranks) { world in
      try SearchRun(
        on: world, backend: OneDNNBackend(), format: ONNXFiles(),
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        progress: { _ in }
      ).execute(path)
    }
    return try #require(outcomes[0])
  }

  @Test(arguments: ["batch", "sample"], ["mean_abs", "abs_mean", "mean_square"])
  func `the results have the same bytes for 1, 2, 3 and 4 ranks`(_ level: String, _ reduction: String) throws {
    // 75 samples in batches of 8: a short last batch, and shares that no rank count divides.
    let changes: [(path: String, value: Any?)] = [
      ("calibration.samples", 75), ("calibration.batch_size", 8), ("sensitivity.reduction", reduction),
      ("sensitivity.level", level),
    ]
    var first: [Data] = []
    for ranks in 1...4 {
      let folder = try TemporaryFolder()
      _ = try Self.search(in: folder, ranks: ranks, changes)
      let files = try ["out/ratios.json", "out/sensitivities.npz"].map(folder.contents)
      if ranks == 1 { first = files }
      #expect(files == first)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.file("out")).sorted()
          == ["ratios.json", "run.json", "sensitivities.npz"])
    }
  }

  @Test(arguments: ["bit_complexity", "flops", "macs", "params"], [1.2, 2.0, 6.0])
  func `the target is met in every metric, and not by more than a channel step`(_ metric: String, _ ratio: Double)
    throws
  {
    let folder = try TemporaryFolder()
    let outcome = try Self.search(
      in: folder, [("target.compression_ratio", ratio), ("target.metric", metric), ("calibration.samples", 32)])
    #expect(outcome.ratios.achieved.metric.rawValue == metric)
    #expect(outcome.ratios.achieved.ratio >= ratio)
    #expect(outcome.ratios.achieved.ratio < ratio * 1.15)
    for layer in outcome.ratios.layers {
      #expect(layer.prunedChannels == layer.prunedChannels.sorted())
      #expect(layer.prunedChannels.count < layer.channels)
    }
  }

  @Test func `config_list, multiples and limits are obeyed by every layer`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Self.search(
      in: folder,
      [
        ("calibration.samples", 32), ("solver", ["channel_multiple": 4, "min_channels": 8]),
        (
          "config_list",
          [
            ["op_types": ["Conv"], "max_sparsity_per_layer": 0.5],
            ["op_names": ["stage1.0.conv1"], "exclude": true],
            ["op_names": ["stage1.1.conv1"], "sparsity_per_layer": 0.25],
          ]
        ),
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
    let outcome = try Self.search(
      in: folder,
      [
        ("calibration.samples", 32), ("target", nil),
        ("config_list", [["op_partial_names": ["conv1"], "total_sparsity": 0.5, "max_sparsity_per_layer": 0.75]]),
      ])
    let golden = try JSONValue(parsing: Array(try folder.contents(of: "out/ratios.json")), file: "ratios.json")
    #expect(golden["target"] == .null)
    let selected = outcome.ratios.layers.filter { $0.name.contains("conv1/") }
    #expect(!selected.isEmpty)
    for layer in outcome.ratios.layers where !layer.name.contains("conv1/") { #expect(layer.prunedChannels.isEmpty) }
    for layer in selected { #expect(layer.pruneRatio <= 0.75) }
  }

  @Test(
    arguments: [
      ("target.compression_ratio", 1e6 as Any, "the nearest that can be reached"),
      ("calibration.samples", 513, "asks for 513 samples"),
      ("calibration.labels", "/no/such/file.npy", "/no/such/file.npy"),
      ("calibration.preprocessing", ["mean": [0.1, 0.2]], "has 2 values"),
      (
        "calibration.inputs", ["picture": DemoNetwork.directory + "/fashion-resnet/calibration-images.idx3-ubyte.gz"],
        "'image'"
      ),
      (
        "calibration.inputs", DemoNetwork.directory + "/fashion-resnet/calibration-labels.idx1-ubyte.gz",
        "sample has shape []"
      ),
    ] as [(String, Any, String)])
  func `what does not go together is told before anything is computed`(_ law: (String, Any, String)) throws {
    let folder = try TemporaryFolder()
    var text = ""
    do {
      _ = try Self.search(in: folder, ranks: 3, [(law.0, law.1)])
    } catch {
      text = "\(error)"
    }
    #expect(text.contains(law.2), "\(text)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
  }
}
