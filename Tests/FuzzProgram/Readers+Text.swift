import Configuration
import Interchange

/// Configurations, ratio files, and files of other tools.
extension FuzzReader {
  static let texts: [FuzzReader] = [
    text("config", configurations) { bytes in
      let configuration = try SearchConfiguration(parsing: bytes, file: "input.json")
      _ = try configuration.selection(of: layers)
      _ = try configuration.bitWidths(of: layers)
      _ = configuration.layersWithSearchedBits(layers)
    },
    text("ratios", ratioFiles) { bytes in
      let ratios = try RatioFile(parsing: bytes, file: "input.json")
      switch ratios.content {
      case .result(let entries): _ = try ratios.matched(entries, to: layers)
      case .ratios(let entries): _ = try ratios.matched(entries, to: layers)
      case .channels(let entries): _ = try ratios.matched(entries, to: layers)
      case .rules(let rules): _ = try rules.selection(of: layers, isTargetGiven: false)
      }
    },
    text("textproto", prototexts) { try convert($0, .amct) },
    text("nni", [nni2, nni3]) { try convert($0, .nni) },
    text("aimet", [#"[["layer1.0.conv1", 0.5], {"module": "fc", "comp_ratio": null}]"#, #"{"a": "0.25", "b": 1}"#]) {
      try convert($0, .aimet)
    },
    text("nncf", [nncf]) { try convert($0, .nncf) },
    text(
      "torch-pruning",
      [#"{"pruning_ratio": 0.5, "pruning_ratio_dict": {"a,b": 0.25, "c": 0}, "ignored_layers": ["d"], "round_to": 8}"#]
    ) {
      try convert($0, .torchPruning)
    },
  ]

  private static func text(_ name: String, _ seeds: [String], read: @escaping @Sendable ([UInt8]) throws -> Void)
    -> FuzzReader
  {
    FuzzReader(
      name: name, seeds: seeds.map { Array($0.utf8) },
      damaged: { random, seeds in
        let seed = random.pick(seeds)
        return random.oneIn(5)
          ? ByteMutation.changed(seed, &random, others: seeds) : TextMutation.changed(seed, &random, others: seeds)
      },
      accepts: { bytes, _ in
        do {
          try read(bytes)
          return true
        } catch {
          _ = "\(error)"
          return false
        }
      })
  }

  /// Reads a file of another tool and writes it in all forms.
  private static func convert(_ bytes: [UInt8], _ format: PruningFormat) throws {
    _ = try? PruningFormat.guess(bytes, file: "input")
    var demand = try PruningDemand(parsing: bytes, as: format, file: "input") { path in
      (Array(prototexts[2].utf8), path)
    }
    for target in PruningFormat.allCases {
      for naming in LayerNaming.allCases { _ = try? demand.text(in: target, naming: naming) }
    }
    demand.keepNamedOnly()
    _ = try? demand.layerRatios()
  }

  private static let layers = [
    LayerIdentity(name: "/layer1/layer1.0/conv1/Conv", opType: "Conv", weight: "layer1.0.conv1.weight"),
    LayerIdentity(name: "conv1", opType: "Conv", weight: "onnx::Conv_12"),
    LayerIdentity(name: "fc", opType: "Gemm", weight: "fc.weight"),
    LayerIdentity(name: "a", opType: "MatMul", weight: "w"),
    LayerIdentity(name: "b", opType: "ConvTranspose", weight: "w"),
  ]

  private static let configurations = [
    #"""
    {"model": "m.onnx", "calibration": {"inputs": "x.npz:images", "labels": "y.npy", "batch_size": 8, "samples": "all",
    "preprocessing": {"scale": 0.0039, "mean": [0.4, 0.5, 0.6], "std": 0.25}}, "target": {"compression_ratio": 2, "metric": "macs"},
    "config_list": [{"op_types": ["Conv2d"], "max_sparsity_per_layer": 0.5}, {"op_names": ["fc"], "exclude": true}],
    "solver": {"method": "optimal", "channel_multiple": 8}, "output": {"directory": "out"}}
    """#,
    #"""
    {"model": "m.onnx", "calibration": {"inputs": {"x": {"file": "a.npy"}, "z": "b.npz:c"}, "batch_size": 1},
    "sensitivity": {"order": 2, "set_loss": "logits", "classes": 3, "seed": 7, "bootstrap": 4}, "loss": {"kind": "agreement"},
    "bits": {"activation": 8, "weight": 4, "layers": {"fc": {"weight": 8}}, "search": [2, 4, 8]},
    "target": [{"compression_ratio": 2.5}, {"limit": 1e9, "metric": "flops"}], "repair": "none",
    "apply": {"tolerance": 1e-3, "probes": 8, "gather_inputs": true}}
    """#,
    #"""
    {"model": "m.onnx", "calibration": {"inputs": "x.npy", "labels": "y.npy", "batch_size": 2}, "evaluation": {"inputs": "z.npy",
    "labels": "w.npy", "samples": 5}, "solver": {"method": "measured"}, "measured": {"candidates": 4, "score": "accuracy",
    "monotonic_fit": true, "saved_eval_scores": "s.json"}, "latency": {"table": "l.json"}, "target": {"limit": 2.5,
    "metric": "latency"}, "repair": {"bias_correction": true, "reconstruction": "one_pass", "held_out": 0.25, "rows": 100}}
    """#,
    #"{"model": "m.onnx", "calibration": {"inputs": "x.npy"}, "config_list": [{"op_partial_names": ["conv"], "total_sparsity": 0.3}]}"#,
  ]

  private static let ratioFiles = [
    #"""
    {"format_version": 1, "model": {"name": "m", "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    "layers": [{"name": "conv1", "op_type": "Conv", "weight": "w", "group": 0, "channels": 4, "prune_ratio": 0.5,
    "pruned_channels": [0, 3], "bits": {"weight": 8}}, {"name": "fc", "channels": 2, "prune_ratio": 0.0, "pruned_channels": []}]}
    """#,
    #"{"format_version": 1, "layers": [{"name": "conv1", "prune_ratio": 0.25, "channels": 8}]}"#,
    #"{"conv1": 0.5, "layer1.0.conv1": 0.25, "fc": 0}"#, #"{"conv1": [0, 2, 5], "fc": {"1": [3, 1]}}"#,
    #"[{"op_types": ["Conv"], "sparsity_per_layer": 0.5}, {"op_names": ["fc"], "exclude": true}]"#,
  ]

  private static let prototexts = [
    """
    compress_ratio: 2.5 ascend_optimized: false
    max_prune_ratio: 0.8 # most
    test_iteration: 4 override_prune_cfg: "other.cfg"
    """,
    """
    prune_config { filter_pruner { balanced_l2_norm_filter_prune { prune_ratio: 0.3 ascend_optimized: true } } }
    regular_prune_skip_layers: "fc" skip_layers: ['a', "b" "c"] regular_prune_skip_types: "Conv2d"
    override_layer_configs { layer_name: "conv1" prune_config < filter_pruner: { balanced_l2_norm_filter_prune { prune_ratio: .5f } } > }
    override_layer_types { layer_type: "Linear" prune_config { n_out_of_m_pruner {} } }
    """,
    #"skip_layers: "fc" regular_prune_skip_types: "Conv2d""#,
  ]

  private static let nni2 =
    #"[{"op_types": ["Conv2d", "default"], "sparsity": 0.5}, {"op_names": ["fc"], "exclude": true}]"#
  private static let nni3 = #"""
    [{"op_types": ["Conv2d"], "op_names": ["a", "b"], "exclude_op_names": ["b"], "target_names": ["weight"], "target_settings":
    {"weight": {"sparse_ratio": 0.5, "max_sparse_ratio": 0.9, "global_group_id": "g", "granularity": "out_channel"}}},
    {"op_types": ["Linear"], "exclude_op_types": ["Linear"], "sparse_ratio": 0.25}, {"op_names": ["c"], "sparse_ratio": 0.1}]
    """#
  private static let nncf = #"""
    {"model": "resnet", "compression": [{"algorithm": "quantization"}, {"algorithm": "filter_pruning", "pruning_init": 0.1, "params":
    {"schedule": "baseline", "pruning_target": 0.4, "all_weights": false, "prune_first_conv": true}, "ignored_scopes":
    ["{re}[^\\[]*\\[fc\\]/[^\\[]*", "ResNet/Sequential[layer1]/BasicBlock[0]", "ResNet/NNCFConv2d[conv1]/conv2d_0"]}]}
    """#
}
