/// The keys of every object of the configuration, and what to tell who writes another one.
enum ConfigurationKeys {
  static let root = ConfigurationObjects.root.names
  static let calibration = ConfigurationObjects.calibration.names
  static let evaluation = ConfigurationObjects.evaluation.names
  static let array = ConfigurationObjects.array.names
  static let preprocessing = ConfigurationObjects.preprocessing.names
  static let preprocess = ConfigurationObjects.preprocess.names
  static let loss = ConfigurationObjects.loss.names
  static let sensitivity = ConfigurationObjects.sensitivity.names
  static let bits = ConfigurationObjects.bits.names
  static let layerBits = ConfigurationObjects.layerBits.names
  static let target = ConfigurationObjects.target.names
  static let latency = ConfigurationObjects.latency.names
  static let rule = ConfigurationObjects.layerRule.names
  static let solver = ConfigurationObjects.solver.names
  static let measured = ConfigurationObjects.measured.names
  static let repair = ConfigurationObjects.repair.names
  static let apply = ConfigurationObjects.apply.names
  static let comparison = ConfigurationObjects.comparison.names
  static let output = ConfigurationObjects.output.names
  static let ratioDocument = ["format_version", "model", "target", "achieved", "solution", "layers"]
  static let ratioModel = ["name", "sha256"]
  static let ratioLayer = [
    "name", "op_type", "weight", "group", "channels", "prune_ratio", "prune_ratio_interval", "pruned_channels", "bits",
    "reason",
  ]

  /// What to say of an unknown key: its name here when it is a key of a related tool, else where it belongs.
  static func advice(on key: String) -> String? {
    if let here = foreign[key] { return here }
    return places.first { $0.keys.contains(key) }.map { "it belongs in \($0.place)" }
  }

  /// Where each key that is the key of one object only belongs.
  private static let places: [(place: String, keys: [String])] = [
    ("$", Array(root.dropFirst())),
    ("$.calibration", calibration),
    ("$.calibration.preprocess", preprocess.filter { !preprocessing.contains($0) }),
    ("$.calibration.preprocessing", preprocessing),
    ("$.loss", loss),
    (
      "$.sensitivity",
      sensitivity.dropFirst().filter { $0 != "rows" && !SearchConfiguration.Plugin.keys.contains($0) }
    ),
    ("$.bits", bits),
    ("$.target", target),
    ("an entry of $.config_list", rule),
    ("$.latency", latency),
    ("$.solver", solver.dropFirst().filter { !SearchConfiguration.Plugin.keys.contains($0) }),
    ("$.measured", measured),
    ("$.repair", repair.filter { $0 != "rows" }),
    ("$.apply", apply),
    ("$.compare", comparison),
    ("$.output", output),
  ]

  /// Keys of AMCT, AIMET, NNI 3, NNCF and Torch-Pruning that have a counterpart here.
  private static let foreign: [String: String] = [
    "compress_ratio": #"it is "compression_ratio" in "target" here"#,
    "max_prune_ratio": #"it is "max_sparsity_per_layer" in an entry of "config_list" here"#,
    "ascend_optimized": #"it is "channel_multiple": 16 in "solver" here"#,
    "test_iteration": #"it is "samples" (batches × batch_size) in "calibration" here"#,
    "override_prune_cfg": #"its ratios are entries of "config_list" with "sparsity_per_layer" here"#,
    "override_layer_configs": #"they are entries of "config_list" with "op_names" and "sparsity_per_layer" here"#,
    "override_layer_types": #"they are entries of "config_list" with "op_types" and "sparsity_per_layer" here"#,
    "skip_layers": #"they are an entry of "config_list" with "op_names" and "exclude" here"#,
    "skip_layer_types": #"they are an entry of "config_list" with "op_types" and "exclude" here"#,
    "regular_prune_skip_layers": #"they are an entry of "config_list" with "op_names" and "exclude" here"#,
    "regular_prune_skip_types": #"they are an entry of "config_list" with "op_types" and "exclude" here"#,
    "prune_ratio": #"it is "sparsity_per_layer" in an entry of "config_list" here"#,
    "target_comp_ratio": #"it is 1 / "compression_ratio" in "target" here"#,
    "num_comp_ratio_candidates": #"it is "candidates" in "measured" here"#,
    "use_monotonic_fit": #"it is "monotonic_fit" in "measured" here"#,
    "saved_eval_scores_dict": #"it is "saved_eval_scores" in "measured" here"#,
    "iterative_steps": #"it is "iterations" in "solver" here"#,
    "multiplicity": #"it is "channel_multiple" in "solver" here"#,
    "round_to": #"it is "channel_multiple" in "solver" here"#,
    "max_pruning_ratio": #"it is "max_sparsity_per_layer" in an entry of "config_list" here"#,
    "ignored_scopes": #"they are an entry of "config_list" with "op_names" and "exclude" here"#,
    "ignored_layers": #"they are an entry of "config_list" with "op_names" and "exclude" here"#,
    "sparse_ratio": #"it is "sparsity_per_layer" here"#,
    "max_sparse_ratio": #"it is "max_sparsity_per_layer" here"#,
    "exclude_op_names": #"they are a later entry with "op_names" and "exclude" here"#,
    "exclude_op_types": #"they are a later entry with "op_types" and "exclude" here"#,
    "op_names_re": #"expressions are not supported; "op_partial_names" takes parts of names"#,
  ]
}
