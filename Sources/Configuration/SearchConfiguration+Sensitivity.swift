extension SearchConfiguration {
  /// How the sensitivity of a channel, and the loss of a set of channels, is measured.
  public struct Sensitivity: Hashable, Sendable {
    /// The criterion.
    public let method: Method
    /// The order of the Taylor expansion, 1 or 2.
    public let order: Int
    /// What stands for the second derivatives in an expansion of order 2.
    public let curvature: Curvature
    /// Which labels the Gauss-Newton curvature is taken with.
    public let curvatureLabels: CurvatureLabels
    /// Labels drawn per sample; for `aofp` the random halves of a round.
    public let draws: Int
    /// The most output positions of a layer that its responses are taken at.
    public let rows: Int
    /// The units of a group that are measured by `ablation`, at the most; `nil` for all.
    public let units: Int?
    /// The most probable classes that count as labels.
    public let classes: Int
    /// Seed of everything that is drawn.
    public let seed: Int
    /// How much more a channel's own square counts in the loss of a set than the products with others do, ≥ 0; of an
    /// influence function what is added to the diagonal, as a share of its mean, > 0.
    public let damping: Double
    /// One in so many samples is held out, by an influence function.
    public let holdoutEvery: Int
    /// Whether the first derivative takes part in an expansion of order 2, with its sign.
    public let firstOrder: Bool
    /// Whether removed channels are taken to act on the loss one by one or together.
    public let setLoss: SetLoss
    /// What becomes of one value per batch (or sample), in an additive loss of order 1.
    public let reduction: Reduction
    /// What one value is taken over.
    public let level: Level
    /// Which layers' weights say what a channel counts, in an expansion of order 1.
    public let site: Site
    /// How the values of several layers that lose a channel together become one, in an expansion.
    public let groupReduction: GroupReduction
    /// How the scores of several layers that lose a channel together become one, by a criterion that gives no losses.
    public let scoreReduction: ScoreReduction
    /// What makes scores of different layers comparable, by a criterion that gives no losses.
    public let normalization: Normalization
    /// Resamples of the shards that the error bars of the ratios are taken from; 0 for none.
    public let bootstrap: Int
    /// The program of `external`; `nil` for every other method.
    public let plugin: Plugin?
    /// What the program is given beside the weights.
    public let inputs: [PluginInput]
    /// What the program's numbers are.
    public let unit: Unit

    /// A criterion.
    public enum Method: String, CaseIterable, Sendable {
      /// The expansion of loss(w − w_i).
      case taylor
      /// Half the mean square of a sample's first derivative.
      case fisher
      /// The share of Σ |w·∂L/∂w| over all connections.
      case snip
      /// What passes through a unit of the samples' influence on the loss of others.
      case influence
      /// Σ |w| of a filter.
      case l1
      /// √Σ w² of a filter.
      case l2
      /// The distances of a filter to the others of its layer.
      case geometricMedian = "geometric_median"
      /// |γ| of the normalisation behind.
      case normalizationScale = "bn_scale"
      /// What a response counts for the outputs, passed back through |w|.
      case nisp
      /// Drawn numbers.
      case random
      /// The share of elements behind the activation that are not 0.
      case apoz
      /// The mean magnitude behind the activation.
      case meanActivation = "mean_activation"
      /// Greedily what changes the responses of the layers behind least.
      case thinet
      /// What a growing penalty on the factors of channels makes 0 first.
      case lasso
      /// What random halves change the responses of the layers behind least with.
      case aofp
      /// The change of the loss when a unit is removed, measured unit by unit.
      case ablation
      /// What a program of the user's says.
      case external

      /// Whether the loss is expanded around the network: what is left of it can be expanded again, and samples give
      /// error bars.
      public var isExpansion: Bool {
        switch self {
        case .taylor, .fisher, .snip, .influence: true
        case .l1, .l2, .geometricMedian, .normalizationScale, .nisp, .random, .apoz, .meanActivation, .thinet, .lasso,
          .aofp, .ablation, .external:
          false
        }
      }

      /// Whether it predicts the loss; others give scores that only have an order.
      public var isLoss: Bool {
        switch self {
        case .taylor, .fisher, .ablation: true
        case .snip, .influence, .l1, .l2, .geometricMedian, .normalizationScale, .nisp, .random, .apoz,
          .meanActivation, .thinet, .lasso, .aofp, .external:
          false
        }
      }

      /// Whether it goes by the weights alone: no sample is run.
      public var isOfWeights: Bool {
        switch self {
        case .l1, .l2, .geometricMedian, .normalizationScale, .nisp, .random: true
        case .taylor, .fisher, .snip, .influence, .apoz, .meanActivation, .thinet, .lasso, .aofp, .ablation, .external:
          false
        }
      }

      /// Whether it goes by what the layers behind answer to a channel.
      public var isLayerwise: Bool { self == .thinet || self == .lasso || self == .aofp }
    }

    /// What stands for the second derivatives.
    public enum Curvature: String, CaseIterable, Sendable {
      /// Squares of first derivatives with the labels of the data: the empirical Fisher matrix; free.
      case fisher
      /// Squares of first derivatives with labels of the network's own prediction: the Gauss-Newton matrix.
      case gaussNewton = "gauss_newton"
    }

    /// The labels of the Gauss-Newton curvature.
    public enum CurvatureLabels: String, CaseIterable, Sendable {
      /// Drawn from the network's prediction.
      case drawn
      /// The most probable classes, weighted by their probabilities.
      case ranked
    }

    /// How removed channels are taken to act together.
    public enum SetLoss: String, CaseIterable, Sendable {
      /// The sum over the channels.
      case additive
      /// One quadratic form of all channels.
      case joint
      /// The loss of logits that shift by the sum over the channels.
      case logits
    }

    /// How the values t of one channel become its sensitivity.
    public enum Reduction: String, CaseIterable, Sendable {
      /// mean |t|
      case meanAbs = "mean_abs"
      /// |mean t|
      case absMean = "abs_mean"
      /// mean t²
      case meanSquare = "mean_square"
      /// mean Σ |w·∂L/∂w|
      case weightMagnitudes = "weight_abs"
    }

    /// Which layers' weights say what a channel counts.
    public enum Site: String, CaseIterable, Sendable {
      /// Those that make it.
      case producer
      /// Those that read it.
      case consumer
      /// All that go with it.
      case members
    }

    /// What one value t of a channel is taken over.
    public enum Level: String, CaseIterable, Sendable {
      /// The mean loss of one batch.
      case batch
      /// The loss of one sample.
      case sample
    }

    /// How the scores of coupled layers become one.
    public enum ScoreReduction: String, CaseIterable, Sendable {
      /// Their sum.
      case sum
      /// Their mean.
      case mean
      /// The largest.
      case max
      /// That of the first layer.
      case first
    }

    /// What makes scores of different layers comparable.
    public enum Normalization: String, CaseIterable, Sendable {
      /// Nothing.
      case none
      /// Division by the mean of the group.
      case mean
      /// Division by the largest of the group.
      case max
      /// Division by the norm of the layer.
      case norm
      /// Division by the sum of those left when a unit goes.
      case lamp
    }

    /// How the values of coupled layers become one.
    public enum GroupReduction: String, CaseIterable, Sendable {
      /// Values are added up, then reduced: a unit is removed as a whole.
      case sum
      /// Every layer's value is reduced, then added up, as AMCT and Torch-Pruning do.
      case sumOfAbsolutes = "sum_abs"
    }
  }
}

extension SearchConfiguration.Sensitivity.Method {
  /// What holds where nothing is asked for. `lamp` left by far the best networks of all that were tried; scales of
  /// normalisations are trained against each other, and drawn numbers have one scale already.
  fileprivate var normalization: SearchConfiguration.Sensitivity.Normalization {
    switch self {
    case .l1, .l2, .geometricMedian, .nisp, .apoz, .meanActivation: .lamp
    case .taylor, .fisher, .snip, .influence, .normalizationScale, .random, .thinet, .lasso, .aofp, .ablation,
      .external:
      .none
    }
  }

  /// The keys that go with it.
  var keys: [String] {
    switch self {
    case .external: SearchConfiguration.Sensitivity.pluginKeys
    case .taylor:
      [
        "method", "order", "reduction", "level", "group_reduction", "site", "set_loss", "damping", "first_order",
        "curvature", "curvature_labels", "draws", "classes", "seed", "bootstrap",
      ]
    case .l1, .l2, .geometricMedian, .normalizationScale, .nisp, .apoz, .meanActivation:
      ["method", "group_reduction", "normalization"]
    case .random: ["method", "group_reduction", "normalization", "seed"]
    case .fisher: ["method", "group_reduction", "bootstrap", "seed"]
    case .snip: ["method", "site", "bootstrap", "seed"]
    case .influence: ["method", "holdout_every", "damping"]
    case .thinet, .lasso: ["method", "group_reduction", "normalization", "rows"]
    case .aofp: ["method", "group_reduction", "normalization", "rows", "draws", "seed"]
    case .ablation: ["method", "units"]
    }
  }
}

extension SearchConfiguration.Sensitivity {
  static let orders = 1...2
  /// The keys of an expansion that go with one order alone.
  static let firstOrderKeys = ["reduction", "level", "group_reduction", "site"]
  static let secondOrderKeys = ["damping", "first_order", "curvature", "curvature_labels", "draws", "classes"]
  static let seeds = 0...Int(UInt32.max)
  static let counts = 1...4096
  static let resamples = 0...counts.upperBound
  static let holdouts = 2...counts.upperBound
  static let dampings = Interval(from: 0, upTo: 1e6)

  /// - Parameter choosesBits: whether losses of widths are added, so that those of channels have to be in loss units.
  init(_ place: LocatedJSON?, choosesBits: Bool) throws(ConfigurationError) {
    let members = try place?.members(ConfigurationKeys.sensitivity, advice: ConfigurationKeys.advice)
    method = try members?["method"]?.choice() ?? .taylor
    order = try members?["order"]?.integer(in: Self.orders) ?? 1
    setLoss = try members?["set_loss"]?.choice() ?? (order == 2 ? .joint : .additive)
    curvature = try members?["curvature"]?.choice() ?? (setLoss == .joint ? .fisher : .gaussNewton)
    curvatureLabels = try members?["curvature_labels"]?.choice() ?? (setLoss == .logits ? .ranked : .drawn)
    classes = try members?["classes"]?.integer(in: Self.counts) ?? 10
    draws = try members?["draws"]?.integer(in: Self.counts) ?? (method == .aofp ? 1000 : 1)
    rows = try members?["rows"]?.integer(in: SearchConfiguration.SampleData.counts) ?? 20_000
    if let place = members?["units"], place.value != "all" {
      units = try place.integer(
        in: SearchConfiguration.SampleData.counts,
        expected: "\"all\" or an integer from 1 to \(SearchConfiguration.SampleData.counts.upperBound)")
    } else {
      units = nil
    }
    damping =
      method == .influence
      ? try members?["damping"]?.number(expected: "a number above 0, up to 1000000") {
        $0 > 0 && Self.dampings.contains($0)
      } ?? 0.1
      : try members?["damping"]?.number(expected: "a number from 0 to 1000000", where: Self.dampings.contains)
        ?? (setLoss == .joint && !choosesBits ? 8 : 0)
    holdoutEvery = try members?["holdout_every"]?.integer(in: Self.holdouts) ?? 4
    firstOrder = try members?["first_order"]?.boolean() ?? (setLoss == .additive && order == 2)
    seed = try members?["seed"]?.integer(in: Self.seeds) ?? 0
    reduction = try members?["reduction"]?.choice() ?? (choosesBits ? .meanAbs : .meanSquare)
    level = try members?["level"]?.choice() ?? .batch
    site = try members?["site"]?.choice() ?? (method == .snip ? .members : .producer)
    groupReduction = method.isExpansion ? try members?["group_reduction"]?.choice() ?? .sum : .sum
    scoreReduction = method.isExpansion || method.isLoss ? .sum : try members?["group_reduction"]?.choice() ?? .sum
    normalization = try members?["normalization"]?.choice() ?? method.normalization
    bootstrap = try members?["bootstrap"]?.integer(in: Self.resamples) ?? 0
    inputs = try Self.inputs(members?["inputs"])
    unit = try members?["unit"]?.choice() ?? .score
    func refuse(_ keys: [String], _ why: String) throws(ConfigurationError) {
      for key in keys {
        guard let place = members?[key] else { continue }
        throw place.error(why)
      }
    }
    plugin = try SearchConfiguration.Plugin(members, isExternal: method == .external)
    guard method == .taylor else {
      try refuse(
        ConfigurationKeys.sensitivity.filter { !method.keys.contains($0) },
        "it does not belong to \"method\": \(quoted(method.rawValue))")
      if method.isLayerwise, scoreReduction == .max {
        try refuse(
          ["group_reduction"],
          "of \(quoted(method.rawValue)) the damages of layers can be added up: expected \"sum\", \"mean\" or \"first\""
        )
      }
      if unit == .loss, normalization != .none {
        try refuse(["normalization"], "losses of different layers have one unit: it belongs to \"unit\": \"score\"")
      }
      if choosesBits, !isLoss {
        try refuse(
          ["method"],
          "the losses of widths in $.bits.search are added to those of channels, which then must be in loss units: "
            + "expected \"taylor\", \"fisher\", \"ablation\", or \"external\" with \"unit\": \"loss\"")
      }
      return
    }
    try refuse(["holdout_every"], "it belongs to \"method\": \"influence\"")
    try refuse(["inputs", "unit"], "it belongs to \"method\": \"external\"")
    try refuse(["units"], "it belongs to \"method\": \"ablation\"")
    try refuse(["rows"], "it belongs to \"method\": \"thinet\", \"lasso\" or \"aofp\"")
    try refuse(
      ["normalization"], "losses of different layers have one unit: it belongs to criteria that give no losses")
    if order == 1 {
      if setLoss != .additive { try refuse(["set_loss"], "\(quoted(setLoss.rawValue)) needs \"order\": 2") }
      try refuse(Self.secondOrderKeys, "it belongs to an expansion of \"order\": 2")
    } else {
      try refuse(Self.firstOrderKeys, "it belongs to an expansion of \"order\": 1, which adds up channels")
    }
    if reduction != .weightMagnitudes, site == .members {
      try refuse(["site"], "magnitudes alone are taken over all members: expected \"producer\" or \"consumer\"")
    }
    if goesByWeightGradients {
      if level == .sample {
        try refuse(
          ["level"], "gradients of weights are those of a batch: expected \"batch\", and 1 for $.calibration.batch_size"
        )
      }
      if groupReduction == .sumOfAbsolutes {
        try refuse(
          ["group_reduction"], "what weights say is added up over the layers, then reduced: expected \"sum\"")
      }
    }
    if curvature == .fisher {
      try refuse(["curvature_labels", "draws", "classes"], "it belongs to \"curvature\": \"gauss_newton\"")
    } else if curvatureLabels == .ranked {
      try refuse(["draws"], "it belongs to \"curvature_labels\": \"drawn\"")
    } else {
      try refuse(["classes"], "it belongs to \"curvature_labels\": \"ranked\"")
    }
    if setLoss == .additive {
      try refuse(["damping"], "it belongs to \"set_loss\": \"joint\" or \"logits\"")
      try refuse(["first_order"], "it belongs to \"set_loss\": \"joint\"")
    }
    if setLoss == .logits {
      try refuse(["first_order"], "it belongs to \"set_loss\": \"joint\"; \"logits\" goes by the whole loss")
    }
    if choosesBits {
      let why =
        "the losses of widths in $.bits.search are added to those of channels, which then must be in loss units: "
      if order == 1, reduction == .meanSquare {
        try refuse(["reduction"], why + "\"mean_abs\" or \"abs_mean\", or \"order\": 2")
      }
      if damping > 0 { try refuse(["damping"], why + "expected 0") }
    }
    if setLoss == .logits {
      let why = "\"set_loss\": \"logits\" goes by the most probable classes: expected "
      if curvature == .fisher { try refuse(["curvature"], why + "\"gauss_newton\"") }
      if curvatureLabels == .drawn { try refuse(["curvature_labels"], why + "\"ranked\"") }
    }
  }

  /// Whether it goes by gradients of weights, not of activations.
  public var goesByWeightGradients: Bool {
    switch method {
    case .taylor: order == 1 && (reduction == .weightMagnitudes || site == .consumer)
    case .snip: true
    default: false
    }
  }

  var json: JSONValue {
    switch method {
    case .fisher:
      return [
        "method": .string(method.rawValue), "group_reduction": .string(groupReduction.rawValue),
        "seed": .integer(seed), "bootstrap": .integer(bootstrap),
      ]
    case .snip:
      return [
        "method": .string(method.rawValue), "site": .string(site.rawValue), "seed": .integer(seed),
        "bootstrap": .integer(bootstrap),
      ]
    case .influence:
      return [
        "method": .string(method.rawValue), "holdout_every": .integer(holdoutEvery), "damping": .number(damping),
      ]
    case .ablation:
      return ["method": .string(method.rawValue), "units": units.map(JSONValue.integer) ?? "all"]
    default: break
    }
    if let plugin {
      var object: JSONObject = ["method": .string(method.rawValue)]
      plugin.write(to: &object)
      object["inputs"] = .array(inputs.map { .string($0.rawValue) })
      object["unit"] = .string(unit.rawValue)
      object["normalization"] = .string(normalization.rawValue)
      return .object(object)
    }
    guard method.isLoss else {
      var object: JSONObject = [
        "method": .string(method.rawValue), "group_reduction": .string(scoreReduction.rawValue),
        "normalization": .string(normalization.rawValue),
      ]
      if method == .random || method == .aofp { object["seed"] = .integer(seed) }
      if method == .aofp { object["draws"] = .integer(draws) }
      if method.isLayerwise { object["rows"] = .integer(rows) }
      return .object(object)
    }
    var object: JSONObject = ["method": .string(method.rawValue), "order": .integer(order)]
    if order == 1 {
      object["reduction"] = .string(reduction.rawValue)
      object["level"] = .string(level.rawValue)
      object["group_reduction"] = .string(groupReduction.rawValue)
      object["site"] = .string(site.rawValue)
    } else {
      object["set_loss"] = .string(setLoss.rawValue)
      if setLoss != .additive { object["damping"] = .number(damping + 0) }
      if setLoss == .joint { object["first_order"] = .boolean(firstOrder) }
      object["curvature"] = .string(curvature.rawValue)
      if curvature == .gaussNewton {
        object["curvature_labels"] = .string(curvatureLabels.rawValue)
        if curvatureLabels == .drawn {
          object["draws"] = .integer(draws)
        } else {
          object["classes"] = .integer(classes)
        }
      }
    }
    object["seed"] = .integer(seed)
    object["bootstrap"] = .integer(bootstrap)
    return .object(object)
  }
}
