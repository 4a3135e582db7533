extension ConfigurationObjects {
  static let target = ObjectDescription(
    "target",
    [
      KeyDescription(
        "compression_ratio", .number(SearchConfiguration.Target.ratios), .demanded("this or `limit`"),
        "cost of the original ÷ cost of the pruned network: 2 is half"),
      KeyDescription(
        "limit", .number(SearchConfiguration.Target.limits), .demanded("this or `compression_ratio`"),
        "the most that the pruned network may cost, in the metric's unit"),
      KeyDescription(
        "metric", .choice(SearchConfiguration.Metric.self), .value("bit_complexity"), "what is counted, see below"),
    ],
    rules: [oneOf("compression_ratio", "limit")])

  /// One target, or a list of them.
  static let targets = ValueShape.either([.object(target), .list(of: .object(target))])

  static let layerRule = ObjectDescription(
    "config_list",
    [
      KeyDescription(
        "op_types", .called("[type, …]", .list(of: .choice(LayerRule.knownTypes))), .told("any"),
        "layers of these types: `Conv`, `ConvTranspose`, `Gemm`, `MatMul`; PyTorch's `Conv1d` … `Conv3d`, "
          + "`ConvTranspose1d` … `ConvTranspose3d`, `Linear`; or `default` for all"),
      KeyDescription("op_names", .list(of: .string("name")), .told("any"), "layers of these names"),
      KeyDescription(
        "op_partial_names", .list(of: .string("text")), .told("any"), "layers whose name contains one of these texts"),
      KeyDescription(
        "sparsity_per_layer", .number(LayerRule.sparsities), .told("none"), in: "config_list-actions",
        "each loses this share of its channels; they leave the search. Rounded to whole channels, and down to what "
          + "`channel_multiple` allows"),
      KeyDescription(
        "sparsity", .number(LayerRule.sparsities), .told("none"), in: "config_list-actions",
        "old name of `sparsity_per_layer`"),
      KeyDescription(
        "total_sparsity", .number(LayerRule.sparsities), .told("none"), in: "config_list-actions",
        "together they lose this share of their weights, counted as NNI's masks are: by each layer's own output channels; "
          + "the inputs that go with other layers come on top"),
      KeyDescription(
        "max_sparsity_per_layer", .number(LayerRule.limits), .told("none"), in: "config_list-actions",
        "alone: they are searched, and none loses more than this share of its channels. Beside `total_sparsity`: a limit "
          + "for each"),
      KeyDescription(
        "exclude", .constant(true), .told("none"), in: "config_list-actions",
        "they keep all channels; beside no other of these"),
    ],
    rules: [
      anyOf("op_types", "op_names", "op_partial_names"),
      anyOf("exclude", "sparsity_per_layer", "sparsity", "total_sparsity", "max_sparsity_per_layer"),
    ] + atMostOneOf("exclude", "sparsity_per_layer", "sparsity", "total_sparsity")
      + atMostOneOf("exclude", "max_sparsity_per_layer"))

  static let solver = ObjectDescription(
    "solver",
    [
      KeyDescription(
        "method", .choice(SearchConfiguration.Solver.Method.self), .value("optimal"),
        "`optimal`: the least predicted loss, with a proven lower bound. `greedy`: lowest loss per saved cost first. "
          + "`measured`: every group pruned alone is evaluated, see below. `external`: a [program of yours](plugins.md)"
      ),
      KeyDescription(
        "channel_multiple", .integer(SearchConfiguration.Solver.channels), .value(1),
        "a group keeps a multiple of this, or all its channels"),
      KeyDescription(
        "channel_widths", .list(of: .integer(SearchConfiguration.Solver.channels), isSet: true), .told("any"),
        "instead: a group keeps one of these numbers of channels, or all; ascending"),
      KeyDescription(
        "min_channels", .integer(SearchConfiguration.Solver.channels), .value(1),
        "the fewest channels that a group keeps in the search"),
      KeyDescription(
        "iterations", .integer(SearchConfiguration.Solver.steps), .value(1),
        "steps, each an equal part of the way in logarithms of the cost; before each the sensitivities are measured anew, "
          + "on the network without what has gone"),
      KeyDescription(
        "robust", .boolean, .value(false),
        "sensitivities are taken at the upper ends of their error bars (95 %, one-sided), which come from how shards of "
          + "the calibration data differ; for sensitivities that add up"),
    ] + pluginKeys,
    rules: [
      when("method", is: "external", then: ["required": ["command"]], otherwise: none(of: pluginKeys.map(\.name))),
      when("method", is: "measured", then: values(["iterations": 1, "robust": false])),
      ["if": ["required": ["channel_widths"]], "then": values(["channel_multiple": 1])],
    ])

  /// What starts a program of the user's, in the place of a criterion or a solver.
  static let pluginKeys = [
    KeyDescription(
      "command", .list(of: .string("word")), .demanded("required with `external`"), in: "external",
      "of a criterion or a solver: the program and its arguments; it is started in the folder of the config, so that "
        + "`\"./criterion.py\"` is the file beside it, and gets the folder to work in as its last argument"),
    KeyDescription(
      "time_limit", .number(SearchConfiguration.Plugin.timeLimits),
      .value(.number(SearchConfiguration.Plugin.standardTimeLimit)), in: "external",
      "of a criterion or a solver: seconds after which it is killed; of a solver for each time that it is run"),
  ]

  static let measured = ObjectDescription(
    "measured",
    [
      KeyDescription(
        "candidates", .integer(SearchConfiguration.Measured.candidateCounts), .value(10),
        "so many widths of each group are looked at, all channels among them"),
      KeyDescription(
        "score", .choice(SearchConfiguration.Measured.Score.self), .value("loss"), "`loss` (negated) or `accuracy`"),
      KeyDescription(
        "monotonic_fit", .boolean, .value(false),
        "the scores of a group are made monotone by isotonic regression"),
      KeyDescription(
        "saved_eval_scores", .path("file"), .told("none"),
        "the `eval_scores.json` of an earlier search: what it has is not evaluated again"),
    ])

  static let comparison = ObjectDescription(
    "compare",
    [
      KeyDescription(
        "sensitivity",
        .list(
          of: .either([
            .object(sensitivity),
            .called(
              "method",
              .choice(SearchConfiguration.Sensitivity.Method.allCases.filter { $0 != .external }.map(\.rawValue))),
          ])), .told("the config's own"),
        "the criteria: objects as [sensitivity](#sensitivity) has them; a string is a `method` with all its defaults"),
      KeyDescription(
        "solver",
        .list(
          of: .either([
            .object(solver),
            .called(
              "method", .choice(SearchConfiguration.Solver.Method.allCases.filter { $0 != .external }.map(\.rawValue))),
          ])), .told("the config's own"),
        "the solvers: objects as [solver](#solver) has them, or strings likewise. One that says nothing of `min_channels` "
          + "has that of the config's own solver, and one that says nothing of `channel_multiple` and `channel_widths` "
          + "likewise, so that plans differ by the solver alone"),
      KeyDescription(
        "targets", .list(of: targets), .told("the config's own"),
        "the targets: each element what [target](#target) may be; a list in it is to be met at once"),
      KeyDescription(
        "repair", .boolean, .value(false),
        "whether the pruned network is also repaired, by the config's [repair](#repair), and evaluated again for every "
          + "plan; that takes longer than all else. The files are written before it begins, with `null` for what repaired "
          + "networks lose, and again at the end; what a network lost once it was repaired is kept in the checkpoint"),
    ])

  static let repair = ObjectDescription(
    "repair",
    [
      KeyDescription(
        "bias_correction", .boolean, .value(.boolean(SearchConfiguration.Repair.standard.biasCorrection)),
        "the mean of what removed channels gave is added to the bias of the layers that read them"),
      KeyDescription(
        "reconstruction", .choice(SearchConfiguration.Repair.Reconstruction.self),
        .value(.string(SearchConfiguration.Repair.standard.reconstruction.rawValue)),
        "weights are fitted to the outputs of the original network by least squares: `sequential`, layer after layer with "
          + "inputs from the network repaired so far; `one_pass`, all layers with inputs from the pruned network; `none`"
      ),
      KeyDescription(
        "batch_norm_adaptation", .boolean, .value(.boolean(SearchConfiguration.Repair.standard.batchNormAdaptation)),
        "the statistics of normalisations that stand as nodes are measured anew"),
      KeyDescription(
        "held_out", .number(SearchConfiguration.Repair.shares),
        .value(.number(SearchConfiguration.Repair.standard.heldOut)),
        "share of the calibration samples that decides whether a repair is kept: only if the loss on it falls when the "
          + "repair is computed from the others. What is kept is then computed from all. With 0 all are kept"),
      KeyDescription(
        "ridge", .number(SearchConfiguration.Repair.ridges),
        .value(.number(SearchConfiguration.Repair.standard.ridge)),
        "what is added to the diagonal of a layer's Gram matrix, as a share of the diagonal's mean"),
      KeyDescription(
        "rows", .integer(SearchConfiguration.SampleData.counts),
        .value(.integer(SearchConfiguration.Repair.standard.rows)),
        "the most equations that one layer is fitted with"),
    ])

  static let apply = ObjectDescription(
    "apply",
    [
      KeyDescription(
        "tolerance", .number(SearchConfiguration.Apply.tolerances),
        .value(.number(SearchConfiguration.Apply.standard.tolerance)),
        "the largest relative difference between the pruned network and the original with the removed channels masked; "
          + "above it no file is written"),
      KeyDescription(
        "probes", .integer(SearchConfiguration.Apply.probeCounts),
        .value(.integer(SearchConfiguration.Apply.standard.probes)),
        "random samples that the two are compared on, beside the calibration data"),
      KeyDescription(
        "gather_inputs", .boolean, .value(.boolean(SearchConfiguration.Apply.standard.gatherInputs)),
        "for the command `apply`: where channels are asked for that cannot go, their readers leave them out behind a "
          + "Gather"),
    ])
}
