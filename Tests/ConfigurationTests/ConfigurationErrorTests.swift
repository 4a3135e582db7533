import Configuration
import Testing

/// A wrong configuration and the error that it gets, without the file's name.
struct WrongConfiguration: CustomTestStringConvertible, Sendable {
  let text: String
  let error: String

  var testDescription: String { error }

  /// `minimal` with one more key of the root.
  static func root(_ more: String, _ error: String) -> WrongConfiguration {
    WrongConfiguration(text: minimal(", " + more), error: error)
  }

  /// `minimal` with one more key of `calibration`.
  static func calibration(_ more: String, _ error: String) -> WrongConfiguration {
    WrongConfiguration(text: minimal(calibration: ", " + more), error: error)
  }

  /// `minimal` with something else for `inputs`.
  static func inputs(_ inputs: String, _ error: String) -> WrongConfiguration {
    let text = #"{"model": "m.onnx", "calibration": {"inputs": \#(inputs)}, "target": {"compression_ratio": 2}}"#
    return WrongConfiguration(text: text, error: error)
  }

  /// `minimal` with something else for `target`.
  static func target(_ target: String, _ error: String) -> WrongConfiguration {
    WrongConfiguration(
      text: #"{"model": "m.onnx", "calibration": {"inputs": "x.npy"}, "target": \#(target)}"#, error: error)
  }

  /// `minimal` with one entry of `config_list`.
  static func entry(_ entry: String, _ error: String) -> WrongConfiguration {
    root(#""config_list": [{"op_names": ["a"], "exclude": true}, \#(entry)]"#, error)
  }
}

extension WrongConfiguration {
  static let ofRoot: [WrongConfiguration] = [
    WrongConfiguration(
      text: "[]",
      error:
        #"$: expected an object with the keys "$schema", "model", "calibration", "evaluation", "loss", "sensitivity", "#
        + #""bits", "target", "latency", "config_list", "solver", "measured", "repair", "apply", "compare" and "output", found "#
        + "an empty array"),
    WrongConfiguration(text: "{}", error: #"$: the key "model" is missing"#),
    WrongConfiguration(
      text: #"{"model": "m.onnx"}"#,
      error:
        #"$: the key "calibration" is missing: the criterion "taylor" needs samples; criteria of weights, like "l1", "#
        + "need none"),
    WrongConfiguration(
      text: #"{"modle": "m.onnx", "calibration": {}}"#, error: #"$.modle: unknown key; did you mean "model"?"#),
    WrongConfiguration(text: #"{"model": null}"#, error: "$.model: expected the path of an ONNX file, found null"),
    WrongConfiguration(
      text: #"{"model": ""}"#, error: #"$.model: expected the path of an ONNX file, found the string """#),
    WrongConfiguration(
      text: #"{"model": "~/m.onnx"}"#,
      error: #"$.model: "~" is not expanded; write the directory out, or "./~" for a file of that name"#),
    WrongConfiguration(text: #"{"model": "a\u0000b"}"#, error: #"$.model: a path cannot hold the character \u0000"#),
    WrongConfiguration(
      text: #"{"model": "m.onnx", "calibration": {"inputs": "x.npy"}}"#,
      error: #"$: nothing says how much to prune: expected "target", or a "config_list" entry with "#
        + #""sparsity_per_layer" or "total_sparsity""#),
    WrongConfiguration(
      text: #"{"model": "m.onnx", "calibration": {"inputs": "x.npy"}, "config_list": ["#
        + #"{"op_names": ["a"], "sparsity": 0.5}, {"op_types": ["Conv"], "max_sparsity_per_layer": 0.5}]}"#,
      error: #"$.config_list[1]: "max_sparsity_per_layer" limits a search, but there is no "target""#),
    .root(#""$schema": 1"#, #"$["$schema"]: expected a string, found the number 1"#),
    .root(
      #""a key": 1"#,
      #"$["a key"]: unknown key; known here: "$schema", "model", "calibration", "evaluation", "loss", "#
        + #""sensitivity", "bits", "target", "latency", "config_list", "solver", "measured", "repair", "apply", "compare", "#
        + #""output""#
    ),
    .root(#""metric": "macs""#, "$.metric: unknown key; it belongs in $.target"),
    .root(#""op_types": []"#, "$.op_types: unknown key; it belongs in an entry of $.config_list"),
    .root(#""compress_ratio": 2"#, #"$.compress_ratio: unknown key; it is "compression_ratio" in "target" here"#),
    .root(
      #""max_prune_ratio": 0.8"#,
      #"$.max_prune_ratio: unknown key; it is "max_sparsity_per_layer" in an entry of "config_list" here"#),
    .root(
      #""ascend_optimized": true"#,
      #"$.ascend_optimized: unknown key; it is "channel_multiple": 16 in "solver" here"#),
    .root(
      #""skip_layers": ["a"]"#,
      #"$.skip_layers: unknown key; they are an entry of "config_list" with "op_names" and "exclude" here"#),
  ]

  static let ofCalibration: [WrongConfiguration] = [
    .inputs(
      "3",
      #"$.calibration.inputs: expected a file such as "images.npy" or "data.npz:images", or an object "#
        + #"with the key "file", found the number 3"#),
    .inputs(
      #""""#,
      #"$.calibration.inputs: expected a file such as "images.npy" or "data.npz:images", or an object "#
        + #"with the key "file", found the string """#),
    .inputs(
      #""d.npz:""#, #"$.calibration.inputs: expected the name of an array after the colon, found the string "d.npz:""#),
    .inputs("{}", "$.calibration.inputs: expected at least one input, found an empty object"),
    .inputs(#"{"array": "x"}"#, #"$.calibration.inputs: the key "file" is missing"#),
    .inputs(#"{"file": "x.npz", "arrray": "x"}"#, #"$.calibration.inputs.arrray: unknown key; did you mean "array"?"#),
    .inputs(
      #"{"file": "x.npy", "array": "x"}"#,
      #"$.calibration.inputs.array: an .npy file holds one array without a name; leave "array" out"#),
    .inputs(
      #"{"file": "x.npz", "array": ""}"#,
      #"$.calibration.inputs.array: expected the name of an array, found the string """#),
    .inputs(
      #"{"left": true}"#,
      #"$.calibration.inputs.left: expected a file such as "images.npy" or "data.npz:images", or an object "#
        + #"with the key "file", found the boolean true"#),
    .inputs(#"{"": "x.npy"}"#, #"$.calibration.inputs[""]: the name of an input cannot be empty"#),
    .calibration(
      #""batch_size": 0"#,
      "$.calibration.batch_size: expected an integer from 1 to 2147483647, found the number 0"),
    .calibration(
      #""batch_size": 2.5"#,
      "$.calibration.batch_size: expected an integer from 1 to 2147483647, found the number 2.5"),
    .calibration(
      #""batch_size": "32""#,
      #"$.calibration.batch_size: expected an integer from 1 to 2147483647, found the string "32""#),
    .calibration(
      #""batch_size": 1e300"#,
      "$.calibration.batch_size: expected an integer from 1 to 2147483647, found the number 1e+300"),
    .calibration(
      #""samples": -1"#,
      #"$.calibration.samples: expected "all" or an integer from 1 to 2147483647, found the number -1"#),
    .calibration(
      #""samples": "All""#,
      #"$.calibration.samples: expected "all" or an integer from 1 to 2147483647, found the string "All""#),
    .calibration(#""batchsize": 8"#, #"$.calibration.batchsize: unknown key; did you mean "batch_size"?"#),
    .calibration(
      #""preprocessing": {"scale": 0}"#,
      "$.calibration.preprocessing.scale: expected a number greater than 0, found the number 0"),
    .calibration(
      #""preprocessing": {"std": [1, 0.5, -1]}"#,
      "$.calibration.preprocessing.std[2]: expected a number greater than 0, found the number -1"),
    .calibration(
      #""preprocessing": {"mean": []}"#,
      "$.calibration.preprocessing.mean: expected a number, or one for each channel, found an empty array"),
    .calibration(
      #""preprocessing": {"mean": "0.5"}"#,
      #"$.calibration.preprocessing.mean: expected a number, or one for each channel, found the string "0.5""#),
    .calibration(
      #""preprocessing": {"mean": [1, 2], "std": [1, 2, 3]}"#,
      #"$.calibration.preprocessing: "mean" is for 2 channels and "std" for 3"#),
    WrongConfiguration(
      text: #"{"model": "m", "calibration": {"inputs": {"a": "x", "b": "y"}, "preprocessing": {"scale": 2}}}"#,
      error: #"$.calibration.preprocessing.scale: expected the name of an input given in "inputs": "a" or "b""#),
    .calibration(
      #""labels": []"#,
      #"$.calibration.labels: expected a file such as "images.npy" or "data.npz:images", or an object "#
        + #"with the key "file", found an empty array"#),
  ]

  static let ofSettings: [WrongConfiguration] = [
    .root(
      #""loss": {"kind": "cross_entropy"}"#,
      #"$.loss.kind: "cross_entropy" needs $.calibration.labels; without labels use "agreement""#),
    .root(
      #""loss": {"kind": "mse"}"#,
      #"$.loss.kind: "mse" needs $.calibration.labels; without labels use "agreement""#),
    .root(
      #""loss": {"kind": "crossentropy"}"#,
      #"$.loss.kind: expected one of "cross_entropy", "mse" or "agreement", found the string "crossentropy"; "#
        + #"did you mean "cross_entropy"?"#),
    .root(#""loss": {}"#, #"$.loss: the key "kind" is missing"#),
    .root(#""loss": "mse""#, #"$.loss: expected an object with the key "kind", found the string "mse""#),
    .root(
      #""sensitivity": {"order": 3}"#,
      "$.sensitivity.order: expected an integer from 1 to 2, found the number 3"),
    .root(
      #""sensitivity": {"method": "l3"}"#,
      #"$.sensitivity.method: expected one of "taylor", "fisher", "snip", "influence", "l1", "l2", "geometric_median", "bn_scale", "nisp", "random", "#
        + #""apoz", "mean_activation", "thinet", "lasso", "aofp", "ablation" or "external", found the string "l3"; did you mean "l1"?"#
    ),
    .root(
      #""sensitivity": {"method": "l1", "order": 2}"#,
      #"$.sensitivity.order: it does not belong to "method": "l1""#),
    .root(
      #""sensitivity": {"method": "l1", "seed": 1}"#,
      #"$.sensitivity.seed: it does not belong to "method": "l1""#),
    .root(
      #""sensitivity": {"method": "random", "bootstrap": 5}"#,
      #"$.sensitivity.bootstrap: it does not belong to "method": "random""#),
    .root(
      #""sensitivity": {"method": "l2", "group_reduction": "sum_abs"}"#,
      #"$.sensitivity.group_reduction: expected one of "sum", "mean", "max" or "first", found the string "sum_abs""#),
    .root(
      #""sensitivity": {"method": "thinet", "draws": 5}"#,
      #"$.sensitivity.draws: it does not belong to "method": "thinet""#),
    .root(
      #""sensitivity": {"method": "lasso", "group_reduction": "max"}"#,
      #"$.sensitivity.group_reduction: of "lasso" the damages of layers can be added up: expected "sum", "mean" or "first""#
    ),
    .root(
      #""sensitivity": {"method": "aofp", "rows": 0}"#,
      "$.sensitivity.rows: expected an integer from 1 to 2147483647, found the number 0"),
    .root(
      #""sensitivity": {"rows": 5}"#,
      #"$.sensitivity.rows: it belongs to "method": "thinet", "lasso" or "aofp""#),
    .root(
      #""sensitivity": {"normalization": "mean"}"#,
      "$.sensitivity.normalization: losses of different layers have one unit: it belongs to criteria that give no losses"
    ),
    .root(
      #""sensitivity": {"method": "l1"}, "bits": {"search": [4, 8]}"#,
      "$.sensitivity.method: the losses of widths in $.bits.search are added to those of channels, which then must be in "
        + #"loss units: expected "taylor", "fisher", "ablation", or "external" with "unit": "loss""#),
    .root(#""sensitivity": {"method": "external"}"#, #"$.sensitivity: the key "command" is missing"#),
    .root(
      #""sensitivity": {"method": "external", "command": "python3 x.py"}"#,
      #"$.sensitivity.command: expected an array of at least one string, found the string "python3 x.py""#),
    .root(
      #""sensitivity": {"method": "external", "command": ["x", "\u0000"]}"#,
      #"$.sensitivity.command: an argument cannot hold the character \u0000"#),
    .root(
      #""sensitivity": {"method": "external", "command": ["x"], "time_limit": 0}"#,
      "$.sensitivity.time_limit: expected a number of seconds above 0, at most 10000000, found the number 0"),
    .root(
      #""sensitivity": {"method": "external", "command": ["x"], "inputs": ["weights"]}"#,
      #"$.sensitivity.inputs[0]: expected one of "activations" or "gradients", found the string "weights""#),
    .root(
      #""sensitivity": {"method": "external", "command": ["x"], "inputs": ["gradients", "gradients"]}"#,
      #"$.sensitivity.inputs[1]: "gradients" stands twice"#),
    .root(
      #""sensitivity": {"method": "external", "command": ["x"], "order": 2}"#,
      #"$.sensitivity.order: it does not belong to "method": "external""#),
    .root(
      #""sensitivity": {"method": "external", "command": ["x"], "unit": "loss", "normalization": "mean"}"#,
      #"$.sensitivity.normalization: losses of different layers have one unit: it belongs to "unit": "score""#),
    .root(
      #""sensitivity": {"command": ["x"]}"#, #"$.sensitivity.command: it belongs to "method": "external""#),
    .root(#""sensitivity": {"unit": "loss"}"#, #"$.sensitivity.unit: it belongs to "method": "external""#),
    .root(#""solver": {"time_limit": 5}"#, #"$.solver.time_limit: it belongs to "method": "external""#),
    .root(
      #""solver": {"method": "external", "command": ["x"]}, "sensitivity": {"bootstrap": 5}"#,
      #"$.solver: "external" is run once for a plan, and solves no resamples: "bootstrap" has to be 0"#),
    .root(
      #""solver": {"method": "external", "command": ["x"]}, "sensitivity": {"order": 2}"#,
      #"$.solver: "external" needs sensitivities that add up: "set_loss": "additive" in $.sensitivity"#),
    .root(
      #""sensitivity": {"method": "ablation", "units": 0}"#,
      #"$.sensitivity.units: expected "all" or an integer from 1 to 2147483647, found the number 0"#),
    .root(
      #""sensitivity": {"units": 4}"#, #"$.sensitivity.units: it belongs to "method": "ablation""#),
    .root(
      #""sensitivity": {"method": "ablation", "normalization": "mean"}"#,
      #"$.sensitivity.normalization: it does not belong to "method": "ablation""#),
    .root(
      #""sensitivity": {"reduction": "abs"}"#,
      #"$.sensitivity.reduction: expected one of "mean_abs", "abs_mean", "mean_square" or "weight_abs", found the string "abs""#
    ),
    .root(
      #""sensitivity": {"reduction": "weight_abs", "level": "sample"}"#,
      "$.sensitivity.level: gradients of weights are those of a batch: expected \"batch\", and 1 for $.calibration.batch_size"
    ),
    .root(
      #""sensitivity": {"site": "members"}"#,
      #"$.sensitivity.site: magnitudes alone are taken over all members: expected "producer" or "consumer""#
    ),
    .root(
      #""sensitivity": {"site": "consumer", "group_reduction": "sum_abs"}"#,
      #"$.sensitivity.group_reduction: what weights say is added up over the layers, then reduced: expected "sum""#
    ),
    .root(
      #""sensitivity": {"order": 2, "site": "consumer"}"#,
      #"$.sensitivity.site: it belongs to an expansion of "order": 1, which adds up channels"#
    ),
    .root(
      #""sensitivity": {"method": "influence", "damping": 0}"#,
      "$.sensitivity.damping: expected a number above 0, up to 1000000, found the number 0"
    ),
    .root(
      #""sensitivity": {"holdout_every": 5}"#,
      #"$.sensitivity.holdout_every: it belongs to "method": "influence""#
    ),
    .root(
      #""sensitivity": {"method": "fisher", "site": "consumer"}"#,
      #"$.sensitivity.site: it does not belong to "method": "fisher""#
    ),
    .root(
      #""sensitivity": {"method": "snip"}, "bits": {"search": [4, 8]}"#,
      "$.sensitivity.method: the losses of widths in $.bits.search are added to those of channels, which then must be in "
        + #"loss units: expected "taylor", "fisher", "ablation", or "external" with "unit": "loss""#
    ),
    .root(
      #""sensitivity": {"level": 1}"#,
      #"$.sensitivity.level: expected one of "batch" or "sample", found the number 1"#
    ),
    .root(#""bits": {"weight": 65}"#, "$.bits.weight: expected an integer from 1 to 64, found the number 65"),
    .root(
      #""bits": {"layers": {"a.b": {"weight": 0}}}"#,
      #"$.bits.layers["a.b"].weight: expected an integer from 1 to 64, found the number 0"#),
    .root(
      #""bits": {"layers": {"a": {}}}"#,
      #"$.bits.layers.a: expected "activation" or "weight" or both, found an empty object"#),
    .root(
      #""bits": {"layers": {"": {"weight": 8}}}"#, #"$.bits.layers[""]: the name of a layer cannot be empty"#),
    .root(
      #""bits": {"layers": ["a"]}"#,
      "$.bits.layers: expected an object from names of layers to widths, found an array of 1"),
    .target("{}", #"$.target: the key "compression_ratio" is missing"#),
    .target(
      #"{"compression_ratio": 0.5}"#,
      "$.target.compression_ratio: expected a number greater than 1 (cost of the original ÷ cost of the pruned "
        + "network), found the number 0.5; did you mean 1/0.5 = 2.0?"),
    .target(
      #"{"compression_ratio": 1}"#,
      "$.target.compression_ratio: expected a number greater than 1 (cost of the original ÷ cost of the pruned "
        + "network), found the number 1"),
    .target(
      #"{"compression_ratio": "2x"}"#,
      "$.target.compression_ratio: expected a number greater than 1 (cost of the original ÷ cost of the pruned "
        + #"network), found the string "2x""#),
    .target(
      #"{"compression_ratio": 2, "metric": "energy"}"#,
      #"$.target.metric: expected one of "bit_complexity", "flops", "macs", "params", "memory", "activation_memory" or "#
        + #""latency", found the string "energy""#),
    .target(
      #"{"compression_ratio": 1e400}"#,
      "line 1, column 89: the number 1e400 is beyond the range of a 64-bit float"),
    .root(
      #""solver": {"method": "best"}"#,
      #"$.solver.method: expected one of "optimal", "greedy", "measured" or "external", found the string "best""#),
    .root(
      #""solver": {"channel_multiple": 0}"#,
      "$.solver.channel_multiple: expected an integer from 1 to 1048576, found the number 0"),
    .root(
      #""solver": {"min_channels": true}"#,
      "$.solver.min_channels: expected an integer from 1 to 1048576, found the boolean true"),
    .root(#""output": {}"#, #"$.output: the key "directory" is missing"#),
    .root(
      #""output": {"directory": 1}"#, "$.output.directory: expected the path of a directory, found the number 1"),
  ]

  static let ofRepair: [WrongConfiguration] = [
    .root(
      #""repair": false"#, #"$.repair: expected an object, or "none" for no repair, found the boolean false"#),
    .root(#""repair": "off""#, #"$.repair: expected an object, or "none" for no repair, found the string "off""#),
    .root(
      #""repair": {"bias_corection": true}"#, #"$.repair.bias_corection: unknown key; did you mean "bias_correction"?"#),
    .root(#""repair": {"tolerance": 1}"#, "$.repair.tolerance: unknown key; it belongs in $.apply"),
    .root(#""repair": {"bias_correction": 1}"#, "$.repair.bias_correction: expected true or false, found the number 1"),
    .root(
      #""repair": {"reconstruction": "onepass"}"#,
      #"$.repair.reconstruction: expected one of "sequential", "one_pass" or "none", found the string "onepass"; "#
        + #"did you mean "one_pass"?"#),
    .root(
      #""repair": {"batch_norm_adaptation": null}"#,
      "$.repair.batch_norm_adaptation: expected true or false, found null"),
    .root(
      #""repair": {"held_out": 1}"#, "$.repair.held_out: expected a number from 0 to less than 1, found the number 1"),
    .root(
      #""repair": {"held_out": -0.1}"#,
      "$.repair.held_out: expected a number from 0 to less than 1, found the number -0.1"),
    .root(#""repair": {"ridge": -1}"#, "$.repair.ridge: expected a number of at least 0, found the number -1"),
    .root(
      #""repair": {"rows": 0}"#, "$.repair.rows: expected an integer from 1 to 2147483647, found the number 0"),
    .root(
      #""apply": {"tolerance": 0}"#,
      "$.apply.tolerance: expected a number greater than 0 and less than 1, found the number 0"),
    .root(
      #""apply": {"probes": -1}"#, "$.apply.probes: expected an integer from 0 to 1048576, found the number -1"),
    .root(
      #""apply": {"gather_inputs": "yes"}"#,
      #"$.apply.gather_inputs: expected true or false, found the string "yes""#),
    .root(
      #""apply": []"#,
      #"$.apply: expected an object with the keys "tolerance", "probes" and "gather_inputs", found an empty array"#),
    .root(#""gather_inputs": true"#, "$.gather_inputs: unknown key; it belongs in $.apply"),
    .root(#""held_out": 0.5"#, "$.held_out: unknown key; it belongs in $.repair"),
  ]

  static let ofEvaluation: [WrongConfiguration] = [
    .root(#""evaluation": {}"#, #"$.evaluation: the key "inputs" or "images" is missing"#),
    .root(
      #""evaluation": {"inputs": "x.npy", "batch_size": 8}"#,
      "$.evaluation.batch_size: unknown key; it belongs in $.calibration"),
    .root(
      #""evaluation": {"inputs": 3}"#,
      #"$.evaluation.inputs: expected a file such as "images.npy" or "data.npz:images", or an object "#
        + #"with the key "file", found the number 3"#),
    .root(
      #""evaluation": {"inputs": "x.npy", "samples": 0}"#,
      #"$.evaluation.samples: expected "all" or an integer from 1 to 2147483647, found the number 0"#),
    .root(
      #""evaluation": {"inputs": "x.npy", "preprocessing": {"std": 0}}"#,
      "$.evaluation.preprocessing.std: expected a number greater than 0, or one for each channel, found the number 0"),
    WrongConfiguration(
      text: minimal(#", "evaluation": {"inputs": "x.npy"}"#, calibration: #", "labels": "y.npy""#),
      error: #"$.evaluation: the key "labels" is missing, which the loss "cross_entropy" needs"#),
  ]

  static let ofEntries: [WrongConfiguration] = [
    .root(
      #""config_list": {}"#, "$.config_list: expected an array of entries, each an object, found an empty object"),
    .entry(
      "3",
      #"$.config_list[1]: expected an object with the keys "op_types", "op_names", "op_partial_names", "#
        + #""sparsity_per_layer", "sparsity", "total_sparsity", "max_sparsity_per_layer" and "exclude", found the number 3"#
    ),
    .entry(
      #"{"exclude": true}"#,
      #"$.config_list[1]: selects no layers: expected "op_types", "op_names" or "op_partial_names""#),
    .entry(
      #"{"op_types": ["Conv"]}"#,
      #"$.config_list[1]: nothing to do with the layers: expected "exclude", "sparsity_per_layer", "#
        + #""total_sparsity" or "max_sparsity_per_layer""#),
    .entry(
      #"{"op_types": ["Conv"], "exclude": false}"#,
      #"$.config_list[1].exclude: expected true; leave "exclude" out to keep the layers in"#),
    .entry(
      #"{"op_types": ["Conv"], "exclude": 1}"#,
      "$.config_list[1].exclude: expected true or false, found the number 1"),
    .entry(
      #"{"op_types": ["Conv"], "exclude": true, "sparsity": 0.5}"#,
      #"$.config_list[1]: "exclude" and "sparsity" exclude each other"#),
    .entry(
      #"{"op_types": ["Conv"], "exclude": true, "sparsity_per_layer": 0.5}"#,
      #"$.config_list[1]: "exclude" and "sparsity_per_layer" exclude each other"#),
    .entry(
      #"{"op_types": ["Conv"], "exclude": false, "total_sparsity": 0.5}"#,
      #"$.config_list[1]: "exclude" and "total_sparsity" exclude each other"#),
    .entry(
      #"{"op_types": ["Conv"], "exclude": true, "max_sparsity_per_layer": 0.5}"#,
      #"$.config_list[1]: "exclude" and "max_sparsity_per_layer" exclude each other"#),
    .entry(
      #"{"op_types": ["Conv"], "sparsity": 0.5, "sparsity_per_layer": 0.5}"#,
      #"$.config_list[1]: "sparsity_per_layer" and "sparsity" exclude each other"#),
    .entry(
      #"{"op_types": ["Conv"], "total_sparsity": 0.5, "sparsity_per_layer": 0.5}"#,
      #"$.config_list[1]: "sparsity_per_layer" and "total_sparsity" exclude each other"#),
    .entry(
      #"{"op_types": ["Conv"], "total_sparsity": 0.5, "sparsity": 0.5}"#,
      #"$.config_list[1]: "sparsity" and "total_sparsity" exclude each other"#),
    .entry(
      #"{"op_types": ["Conv"], "sparsity": 1}"#,
      "$.config_list[1].sparsity: expected a number from 0 to less than 1, found the number 1"),
    .entry(
      #"{"op_types": ["Conv"], "sparsity_per_layer": -0.1}"#,
      "$.config_list[1].sparsity_per_layer: expected a number from 0 to less than 1, found the number -0.1"),
    .entry(
      #"{"op_types": ["Conv"], "total_sparsity": 80}"#,
      "$.config_list[1].total_sparsity: expected a number from 0 to less than 1, found the number 80"),
    .entry(
      #"{"op_types": ["Conv"], "max_sparsity_per_layer": 0}"#,
      "$.config_list[1].max_sparsity_per_layer: expected a number greater than 0 and at most 1, found the number 0"),
    .entry(
      #"{"op_types": ["Conv"], "max_sparsity_per_layer": 1.1}"#,
      "$.config_list[1].max_sparsity_per_layer: expected a number greater than 0 and at most 1, found the number 1.1"),
    .entry(
      #"{"op_types": ["Conv"], "total_sparsity": 0.8, "max_sparsity_per_layer": 0.5}"#,
      #"$.config_list[1].total_sparsity: 0.8 cannot be reached, as "max_sparsity_per_layer" is 0.5"#),
    .entry(
      #"{"op_types": [], "exclude": true}"#,
      "$.config_list[1].op_types: expected an array of at least one string, found an empty array"),
    .entry(
      #"{"op_names": "conv1", "exclude": true}"#,
      #"$.config_list[1].op_names: expected an array of at least one string, found the string "conv1""#),
    .entry(
      #"{"op_names": ["a", 3], "exclude": true}"#,
      "$.config_list[1].op_names[1]: expected a string that is not empty, found the number 3"),
    .entry(
      #"{"op_partial_names": ["stage", ""], "exclude": true}"#,
      #"$.config_list[1].op_partial_names[1]: expected a string that is not empty, found the string """#),
    .entry(
      #"{"op_types": ["Conv", "conv2D"], "exclude": true}"#,
      "$.config_list[1].op_types[1]: expected a type of layers that have weights (Conv, ConvTranspose, Gemm, MatMul, "
        + #"PyTorch's names, or default), found the string "conv2D"; did you mean "Conv2d"?"#),
    .entry(
      #"{"op_types": ["BatchNormalization"], "exclude": true}"#,
      "$.config_list[1].op_types[0]: expected a type of layers that have weights (Conv, ConvTranspose, Gemm, MatMul, "
        + #"PyTorch's names, or default), found the string "BatchNormalization""#),
    .entry(
      #"{"op_names": ["a"], "sparsity_per_layr": 0.5}"#,
      #"$.config_list[1].sparsity_per_layr: unknown key; did you mean "sparsity_per_layer"?"#),
    .entry(
      #"{"op_names": ["a"], "sparse_ratio": 0.5}"#,
      #"$.config_list[1].sparse_ratio: unknown key; it is "sparsity_per_layer" here"#),
    .entry(
      #"{"op_names_re": ["a"], "exclude": true}"#,
      #"$.config_list[1].op_names_re: unknown key; expressions are not supported; "op_partial_names" takes parts of names"#
    ),
    .entry(
      #"{"op_names": ["a"], "op_names": ["b"], "exclude": true}"#,
      #"line 1, column 167: the key "op_names" occurs twice in one object"#),
  ]
}

@Suite struct ConfigurationErrorTests {
  @Test(arguments: WrongConfiguration.ofRoot + WrongConfiguration.ofCalibration)
  func `a wrong model or calibration is named`(wrong: WrongConfiguration) { check(wrong) }

  @Test(arguments: WrongConfiguration.ofSettings)
  func `a wrong setting is named`(wrong: WrongConfiguration) { check(wrong) }

  @Test(arguments: WrongConfiguration.ofEntries)
  func `a wrong entry of config_list is named`(wrong: WrongConfiguration) { check(wrong) }

  @Test(arguments: WrongConfiguration.ofRepair + WrongConfiguration.ofEvaluation)
  func `a wrong repair, evaluation or apply is named`(wrong: WrongConfiguration) { check(wrong) }

  private func check(_ wrong: WrongConfiguration) {
    let error = #expect(throws: ConfigurationError.self) { try configuration(wrong.text, file: "d/c.json") }
    #expect(error?.description == "d/c.json: " + wrong.error)
  }
}
