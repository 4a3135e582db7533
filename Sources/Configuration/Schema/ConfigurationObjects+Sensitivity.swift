extension ConfigurationObjects {
  private typealias Sensitivity = SearchConfiguration.Sensitivity

  /// Beside which keys a meaning holds, as the tables of the reference are cut.
  private static let first = "sensitivity-first-order"
  private static let second = "sensitivity-second-order"
  private static let named = "sensitivity-named"
  private static let scores = "sensitivity-scores"
  private static let behind = "sensitivity-layers-behind"

  private static let firstOrder = "with `taylor` of `\"order\": 1`"
  private static let secondOrder = "with `taylor` of `\"order\": 2`"

  static let sensitivity = ObjectDescription(
    "sensitivity", generalKeys + secondOrderKeys + firstOrderKeys + pluginKeys + externalKeys,
    rules: Sensitivity.Method.allCases.map { method in
      var then: JSONObject = ["propertyNames": ["enum": .array(method.keys.map(JSONValue.string))]]
      let shapes = shapes(with: method).map { JSONObject.Member(key: $0.key, value: .object($0.shape.schema)) }
      if !shapes.isEmpty { then["properties"] = .object(JSONObject(distinct: shapes)) }
      if method == .external { then["required"] = ["command"] }
      let rules = rules(with: method)
      if !rules.isEmpty { then["allOf"] = .array(rules) }
      return when("method", is: .string(method.rawValue), isStandard: method == .taylor, then: .object(then))
    })

  private static let coupledLosses = ValueShape.choice(Sensitivity.GroupReduction.self)
  private static let coupledScores = ValueShape.choice(Sensitivity.ScoreReduction.self)
  private static let coupledDamages = ValueShape.choice(
    Sensitivity.ScoreReduction.allCases.filter { $0 != .max }.map(\.rawValue))
  private static let diagonalShares = ValueShape.number(Interval(above: 0, upTo: Sensitivity.dampings.upper?.value))

  /// What keys may be beside one method alone.
  private static func shapes(with method: Sensitivity.Method) -> [(key: String, shape: ValueShape)] {
    let coupled = method.isExpansion ? coupledLosses : method.isLayerwise ? coupledDamages : coupledScores
    return [("group_reduction", coupled), ("damping", diagonalShares)].filter { key, _ in
      method.keys.contains(key) && (key != "damping" || method == .influence)
    }
  }

  private static let generalKeys = [
    KeyDescription(
      "method", .choice(Sensitivity.Method.self), .value("taylor"),
      "`taylor`: the loss expanded around the network as it is; `ablation`: the change of the loss when a unit is removed, "
        + "measured unit by unit, [below](#sensitivity); `fisher`, `snip` and `influence`, made from the same values, "
        + "[below](#sensitivity); `external`: what a [program of yours](plugins.md) says; or one of the [criteria without "
        + "losses](#criteria-without-losses)"),
    KeyDescription("order", .integer(Sensitivity.orders), .value(1), "order of the expansion"),
    KeyDescription(
      "seed", .integer(Sensitivity.seeds), .value(0),
      "seed of everything that is drawn: labels, resamples, the numbers of `random`, the masks of `aofp`"),
    KeyDescription(
      "bootstrap", .integer(Sensitivity.resamples), .value(0),
      "how many resamples of the calibration data are solved too; the ratios of a layer in nine tenths of them are its "
        + "`prune_ratio_interval`"),
    KeyDescription(
      "units", .either([.integer(SearchConfiguration.SampleData.counts), .constant("all")]), .value("all"), in: named,
      "`ablation`: so many units of every group are measured, the others get what those say"),
    KeyDescription(
      "holdout_every", .integer(Sensitivity.holdouts), .value(4), in: named,
      "`influence`: one in so many samples is held out"),
  ]

  private static let firstOrderKeys = [
    KeyDescription(
      "reduction", .choice(Sensitivity.Reduction.self), .told("`mean_square`; `mean_abs` with `bits.search`"),
      in: first, beside: firstOrder,
      "what becomes of the values t of one channel: `mean_abs` mean of \\|t\\|, `abs_mean` \\|mean of t\\|, `mean_square` "
        + "mean of t² (in squared loss units); `weight_abs` the mean of Σ \\|w·∂L/∂w\\| over single weights"),
    KeyDescription(
      "level", .choice(Sensitivity.Level.self), .value("batch"), in: first, beside: firstOrder,
      "what one value t is taken over: `batch`, the mean loss of a batch, or `sample`, the loss of one sample"),
    KeyDescription(
      "group_reduction",
      .choice(
        Sensitivity.GroupReduction.allCases.map(\.rawValue)
          + Sensitivity.ScoreReduction.allCases.filter { $0 != .sum }.map(\.rawValue)),
      [
        .init(
          table: first, condition: "\(firstOrder), and with `fisher`", shape: coupledLosses, standard: .value("sum"),
          text:
            "where several layers make a channel: `sum`, their values are added up, then reduced, as the channel goes as "
            + "a whole; `sum_abs`, each is reduced, then added up, as AMCT and Torch-Pruning do"),
        .init(
          table: scores, condition: "with criteria without losses", shape: coupledScores, standard: .value("sum"),
          text: "where several layers make a channel: the `sum`, the `mean`, the `max` of their scores, or that of the "
            + "`first` of them"),
        .init(
          table: behind, condition: "with `thinet`, `lasso` and `aofp`", shape: coupledDamages, standard: .value("sum"),
          text:
            "where several layers read a unit: the `sum` or the `mean` of their damages, or that of the `first` of them"
        ),
      ]),
    KeyDescription(
      "site", .choice(Sensitivity.Site.self),
      [
        .init(
          table: first, condition: firstOrder, standard: .value("producer"),
          text:
            "which layers' weights say what a channel counts: those of the `producer`, that make it; of the `consumer`, "
            + "that read it (t is then Σ w·∂L/∂w over the weights that read the channel); of all `members`, which pass it "
            + "on channel by channel too (`weight_abs` only)"),
        .init(
          table: named, condition: "with `snip`", standard: .value("members"),
          text: "`snip`: whose weights count, as with \"order\": 1"),
      ]),
    KeyDescription(
      "normalization", .choice(Sensitivity.Normalization.self),
      .told("`lamp`; `none` for `bn_scale`, `random`, `external` and the criteria of the layers behind"), in: scores,
      "what makes scores of different layers comparable, which have no common unit: `none`; division by the `mean` or the "
        + "`max` of the group; by the `norm` of the layer (of its weights, of its scales, or of what comes back to it); "
        + "`lamp`, division by the sum over the channels that are left when this one goes, itself included"),
    KeyDescription(
      "rows", .integer(SearchConfiguration.SampleData.counts), .value(20_000), in: behind,
      "the most output positions of a layer that count, spread evenly over the samples"),
  ]

  private static let secondOrderKeys = [
    KeyDescription(
      "set_loss", .choice(Sensitivity.SetLoss.self), .told("`joint`; with `\"order\": 1` `additive`"), in: second,
      beside: secondOrder,
      "`joint`: one quadratic form of all channels, ½ · mean over samples of (Σ t′)² over the channels that go. `logits`: "
        + "the sums shift the log-probabilities of the most probable classes, and the loss is the divergence from the "
        + "network's own prediction. `additive`: −mean t + ½ · mean t′² for each channel, added up"),
    KeyDescription(
      "damping", .number(Sensitivity.dampings),
      [
        .init(
          table: second, condition: secondOrder,
          standard: .told("8 for `joint` without `bits.search`, else 0"),
          text:
            "how much more each channel's own square counts, of `joint` and `logits`: sets whose channels only undo each "
            + "other's effect do not survive a repair"),
        .init(
          table: named, condition: "with `influence`", shape: diagonalShares, standard: .value(0.1),
          text: "`influence`: λ as a share of F's mean diagonal element"),
      ]),
    KeyDescription(
      "first_order", .boolean, .value(false), in: second, beside: secondOrder,
      "of `joint`: whether −mean t takes part, with its sign"),
    KeyDescription(
      "curvature", .choice(Sensitivity.Curvature.self), .told("`fisher` for `joint`, else `gauss_newton`"), in: second,
      beside: secondOrder,
      "whose labels t′ is taken with: `fisher`, those of the data, which costs nothing; `gauss_newton`, those of the "
        + "network's own prediction"),
    KeyDescription(
      "curvature_labels", .choice(Sensitivity.CurvatureLabels.self),
      .told("`drawn`; `ranked` for `logits`, which takes no other"), in: second, beside: secondOrder,
      "of `gauss_newton`: `drawn` from the prediction, or `ranked`, the most probable classes weighted by their "
        + "probabilities; each label is another pass"),
    KeyDescription(
      "draws", .integer(Sensitivity.counts),
      [
        .init(
          table: second, condition: secondOrder, standard: .value(1), text: "labels drawn per sample"),
        .init(
          table: behind, condition: "with `aofp`", standard: .value(1000), text: "`aofp`: masks per round"),
      ]),
    KeyDescription(
      "classes", .integer(Sensitivity.counts), .value(10), in: second, beside: secondOrder,
      "the most probable classes that count"),
  ]

  private static let externalKeys = [
    KeyDescription(
      "inputs", .list(of: .choice(Sensitivity.PluginInput.self), counts: 0...Int.max, isSet: true), .value([]),
      in: "external",
      "of a criterion: what is measured for it, `activations`, `gradients`"),
    KeyDescription(
      "unit", .choice(Sensitivity.Unit.self), .value("score"), in: "external",
      "of a criterion: what its numbers are, `score`, which only have an order, or `loss`, changes of the loss, which "
        + "`bits.search` needs"),
  ]
}
