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
enum DemoSearch {
  /// Nothing is told.
  static var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

  /// 27 samples in batches of 8: a short last batch, and shares that few rank counts divide.
  static let small: [(path: String, json: String?)] = [("calibration.samples", "27"), ("calibration.batch_size", "8")]

  /// Searches into `out` of a folder and gives what rank 0 returns.
  static func run(
    in folder: TemporaryFolder, ranks: Int = 1, _ changes: [(path: String, json: String?)]
  ) throws -> SearchOutcome {
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: small + changes)
    return try run(configuration: try folder.write(text, as: "config.json"), ranks: ranks)
  }

  /// Searches as a configuration file says.
  static func run(configuration path: String, ranks: Int = 1) throws -> SearchOutcome {
    let outcomes = try InProcess.run(ranks: ranks) { world in
      try SearchRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: logger, progress: { _ in })
        .execute(path)
    }
    return try #require(outcomes[0])
  }

  /// The channels of the shipped network.
  static func structure() throws -> ChannelStructure {
    let format = ONNXFormat()
    let model = try format.decode(format.read(DemoNetwork.model).message, sampleShapes: [:])
    return ChannelStructure(of: try model.network(batchSize: 2))
  }

  /// The files in a search's directory, without what is kept of finished work.
  static func files(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0 != "checkpoint" }.sorted()
  }

  /// Whether a result keeps every target.
  static func meetsTargets(_ ratios: RatioConfig) -> Bool {
    ratios.targets.allSatisfy { target in
      guard let cost = ratios.costs.first(where: { $0.metric == target.metric }) else { return false }
      switch target.bound {
      case .compressionRatio(let ratio): return cost.ratio >= ratio
      case .limit(let limit): return cost.after <= limit
      }
    }
  }
}

/// A way to search, and what it leaves.
struct SearchMode: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let changes: [(path: String, json: String?)]
  /// The files beside `ratios.json`, `run.json` and `sensitivities.npz`.
  var files: [String] = []

  private static func sensitivity(_ json: String) -> (path: String, json: String?) { ("sensitivity", "{\(json)}") }
  private static func solver(_ json: String) -> (path: String, json: String?) { ("solver", "{\(json)}") }

  /// Modes whose plan one solving gives, of what is measured once.
  static let ofOneStep: [SearchMode] = [
    SearchMode(testDescription: "order 1", changes: [solver("")]),
    SearchMode(testDescription: "sum_abs", changes: [sensitivity(#""group_reduction": "sum_abs""#), solver("")]),
    SearchMode(
      testDescription: "weight_abs",
      changes: [sensitivity(#""reduction": "weight_abs", "site": "members""#), solver("")]
    ),
    SearchMode(testDescription: "consumer", changes: [sensitivity(#""site": "consumer""#), solver("")]),
    SearchMode(testDescription: "snip", changes: [sensitivity(#""method": "snip""#), solver("")]),
    SearchMode(
      testDescription: "influence", changes: [sensitivity(#""method": "influence", "holdout_every": 3"#), solver("")]),
    SearchMode(testDescription: "fisher", changes: [sensitivity(#""method": "fisher""#), solver("")]),
    SearchMode(
      testDescription: "order 2, additive", changes: [sensitivity(#""order": 2, "set_loss": "additive""#), solver("")]),
    SearchMode(
      testDescription: "order 2, additive, ranked",
      changes: [
        sensitivity(#""order": 2, "set_loss": "additive", "curvature_labels": "ranked", "classes": 2"#), solver(""),
      ]),
    SearchMode(
      testDescription: "joint, fisher",
      changes: [sensitivity(#""order": 2, "curvature": "fisher", "first_order": true"#), solver("")],
      files: ["set_loss.npz"]),
    SearchMode(
      testDescription: "joint, drawn",
      changes: [sensitivity(#""order": 2, "curvature": "gauss_newton", "draws": 2, "seed": 7"#), solver("")],
      files: ["set_loss.npz"]),
    SearchMode(
      testDescription: "joint, ranked",
      changes: [
        sensitivity(
          #""order": 2, "curvature": "gauss_newton", "curvature_labels": "ranked", "classes": 3, "damping": 1"#),
        solver(""),
      ],
      files: ["set_loss.npz"]),
    SearchMode(
      testDescription: "joint, greedy, without labels",
      changes: [
        sensitivity(#""order": 2"#), solver(#""method": "greedy""#), ("loss", nil), ("calibration.labels", nil),
      ], files: ["set_loss.npz"]),
    SearchMode(
      testDescription: "logits",
      changes: [sensitivity(#""order": 2, "set_loss": "logits", "classes": 4"#), solver("")],
      files: ["set_loss.npz"]),
    SearchMode(
      testDescription: "bits",
      changes: [("bits", #"{"search": [4, 8]}"#), ("target.compression_ratio", "6"), solver("")],
      files: ["quantization.npz"]),
    SearchMode(
      testDescription: "bits, joint",
      changes: [
        ("bits", #"{"search": [4, 8], "layers": {"head": {"weight": 8}}}"#), sensitivity(#""order": 2"#),
        ("target", #"{"compression_ratio": 2.7, "metric": "memory"}"#), solver(""),
      ], files: ["quantization.npz", "set_loss.npz"]),
    SearchMode(testDescription: "l1", changes: [sensitivity(#""method": "l1""#), solver("")]),
    SearchMode(
      testDescription: "l2, mean",
      changes: [sensitivity(#""method": "l2", "normalization": "mean""#), solver(#""method": "greedy""#)]),
    SearchMode(
      testDescription: "geometric_median",
      changes: [
        sensitivity(#""method": "geometric_median", "normalization": "norm", "group_reduction": "max""#), solver(""),
      ]),
    SearchMode(testDescription: "nisp", changes: [sensitivity(#""method": "nisp""#), solver("")]),
    SearchMode(testDescription: "random", changes: [sensitivity(#""method": "random", "seed": 5"#), solver("")]),
    SearchMode(testDescription: "apoz", changes: [sensitivity(#""method": "apoz""#), solver("")]),
    SearchMode(
      testDescription: "mean_activation",
      changes: [sensitivity(#""method": "mean_activation", "group_reduction": "mean""#), solver("")]),
    SearchMode(testDescription: "thinet", changes: [sensitivity(#""method": "thinet""#), solver("")]),
    SearchMode(
      testDescription: "thinet, few rows",
      changes: [sensitivity(#""method": "thinet", "rows": 100, "group_reduction": "mean""#), solver("")]),
    SearchMode(
      testDescription: "lasso", changes: [sensitivity(#""method": "lasso", "group_reduction": "first""#), solver("")]),
    SearchMode(
      testDescription: "aofp",
      changes: [
        sensitivity(#""method": "aofp", "draws": 64, "seed": 3, "normalization": "max""#),
        solver(#""method": "greedy""#),
      ]),
    SearchMode(testDescription: "ablation", changes: [sensitivity(#""method": "ablation""#), solver("")]),
    SearchMode(
      testDescription: "ablation of some units",
      changes: [sensitivity(#""method": "ablation", "units": 5"#), solver("")]),
    SearchMode(
      testDescription: "l1, no samples",
      changes: [sensitivity(#""method": "l1""#), solver(""), ("calibration", nil), ("loss", nil)]),
    SearchMode(
      testDescription: "geometric_median, no samples",
      changes: [sensitivity(#""method": "geometric_median""#), solver(""), ("calibration", nil), ("loss", nil)]),
    SearchMode(testDescription: "robust", changes: [solver(#""robust": true"#)]),
    SearchMode(
      testDescription: "several targets",
      changes: [
        ("target", #"[{"compression_ratio": 2, "metric": "flops"}, {"compression_ratio": 1.7, "metric": "params"}]"#),
        solver(""),
      ]),
    SearchMode(
      testDescription: "a limit", changes: [("target", #"{"limit": 500001, "metric": "macs"}"#), solver("")]),
    SearchMode(
      testDescription: "memory", changes: [("target", #"{"compression_ratio": 1.5, "metric": "memory"}"#), solver("")]),
    SearchMode(
      testDescription: "activation_memory",
      changes: [("target", #"{"compression_ratio": 1.4, "metric": "activation_memory"}"#), solver("")]),
    SearchMode(testDescription: "channel_widths", changes: [solver(#""channel_widths": [4, 8, 12, 24, 48]"#)]),
  ]

  /// Modes that do more.
  static let others: [SearchMode] = [
    SearchMode(testDescription: "three steps", changes: [solver(#""iterations": 3"#)]),
    SearchMode(
      testDescription: "three steps, order 2",
      changes: [sensitivity(#""order": 2, "set_loss": "additive""#), solver(#""iterations": 3"#)]),
    SearchMode(
      testDescription: "two steps, joint, bits",
      changes: [
        sensitivity(#""order": 2"#), solver(#""iterations": 2"#), ("bits", #"{"search": [4, 8]}"#),
        ("target.compression_ratio", "5"),
      ], files: ["quantization.npz", "set_loss.npz"]),
    SearchMode(
      testDescription: "measured",
      changes: [solver(#""method": "measured", "min_channels": 4"#), ("measured", #"{"candidates": 4}"#)],
      files: ["eval_scores.json"]),
    SearchMode(
      testDescription: "bootstrap", changes: [sensitivity(#""bootstrap": 10, "seed": 3"#), solver("")]),
    SearchMode(
      testDescription: "bootstrap, logits",
      changes: [sensitivity(#""order": 2, "set_loss": "logits", "classes": 2, "bootstrap": 10"#), solver("")],
      files: ["set_loss.npz"]),
    SearchMode(
      testDescription: "bootstrap, joint, two steps",
      changes: [sensitivity(#""order": 2, "bootstrap": 10"#), solver(#""iterations": 2"#)], files: ["set_loss.npz"]),
  ]
}
