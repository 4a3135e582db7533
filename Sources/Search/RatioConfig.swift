import Allocation
public import Channels
public import Configuration

/// The result of a search: how much every layer loses, and which channels. The content of `ratios.json`.
public struct RatioConfig: Sendable {
  /// One layer's share.
  public struct Layer: Sendable {
    /// The ONNX node name.
    public let name: String
    /// The ONNX op type.
    public let opType: String
    /// The weight initializer's name.
    public let weight: String
    /// The groups that its output channels belong to; one but for layers whose output is split up.
    public let groups: [Int]
    /// Extents of the weight before, filters first: filters, input channels that each reads, and the kernel.
    public let filterShape: [Int]
    /// Output channels before.
    public let channels: Int
    /// The output channels that go, ascending.
    public let prunedChannels: [Int]
    /// Why it loses none; `nil` where it could.
    public let reason: String?
    /// The widths that the search has chosen for it; `nil` where none were to be chosen.
    public let bits: LayerBits?
    /// The least and the largest prune ratio that resamples of the calibration data gave; `nil` where none were made.
    public let interval: ClosedRange<Double>?
    /// The least and the largest prune ratio that the network's structure and the configuration's limits allow.
    public let feasible: ClosedRange<Double>

    /// Channels that go ÷ channels.
    public var pruneRatio: Double { channels == 0 ? 0 : Double(prunedChannels.count) / Double(channels) }
  }

  /// The network's cost in one metric.
  public struct Cost: Sendable {
    /// What is counted.
    public let metric: SearchConfiguration.Metric
    /// Per sample, unpruned.
    public let before: Double
    /// Per sample, pruned.
    public let after: Double
    /// The least that the network's structure and the configuration's limits allow, as a share of the cost before; `nil`
    /// where that is not known.
    public let leastShare: Double?

    /// Cost before ÷ cost after.
    public var ratio: Double { after == 0 ? (before == 0 ? 1 : .infinity) : before / after }
  }

  /// The layers in graph order.
  public let layers: [Layer]
  /// The cost in every metric; in latency only where a table of it is given.
  public let costs: [Cost]
  /// What was asked for, the main target first; empty where the config list alone says what goes.
  public let targets: [SearchConfiguration.Target]
  /// The solver's name.
  public let method: String
  /// The estimated loss change of all that goes, in loss units (squared ones with `mean_square`).
  public let predictedLossChange: Double
  /// What the plan minimises: the estimated loss change, with the damping of the configuration.
  public let objective: Double
  /// What no admissible plan's objective goes below; `nil` where nothing is proven.
  public let lowerBound: Double?
  /// By target the predicted loss of one more percent of compression in its metric, 0 where another target decides; empty
  /// where it is not known.
  public let dualPrices: [Double]
  /// The change of the calibration loss once all that was removed; `nil` until it is measured.
  public internal(set) var measuredLossChange: Double?
  /// The same of the network as written, repaired.
  public internal(set) var finalLossChange: Double?
  /// The network's name.
  public let model: String
  /// The model file's SHA-256.
  public let sha256: String

  /// The metric that the main target is in; bit complexity without one.
  public var metric: SearchConfiguration.Metric { targets.first?.metric ?? .bitComplexity }

  /// What was reached in the main target's metric.
  public var achieved: Cost { costs.first { $0.metric == metric } ?? costs[0] }

  /// How far the plan may be from the best one: (objective − bound) ÷ objective; `nil` where nothing is proven.
  public var gap: Double? {
    lowerBound.map { $0 == objective ? 0 : (objective - $0) / objective.magnitude }
  }

  /// What a solution comes to.
  init(_ analysis: NetworkAnalysis, _ solution: Solution, sha256: String) throws {
    let (solving, limits) = (analysis.solving, try analysis.limits())
    let structure = solving.structure
    let removed = solution.plan.choices.map { Set($0.removed) }
    let choosesBits = !solution.plan.options.isEmpty
    layers = structure.layers.enumerated().map { index, layer in
      let groups = Set(layer.outputUnits.compactMap { $0?.group }).sorted()
      return Layer(
        name: layer.name, opType: layer.opType, weight: layer.weight, groups: groups,
        filterShape: layer.filterShape, channels: layer.outputs,
        prunedChannels: layer.outputUnits.indices.filter { channel in
          layer.outputUnits[channel].map { removed[$0.group].contains($0.unit) } ?? false
        }, reason: RatioConfig.reason(layer, groups, solving.space),
        bits: choosesBits ? solution.bits[index] : nil,
        interval: solution.intervals.isEmpty ? nil : solution.intervals[index], feasible: limits.ratios(of: layer))
    }
    costs = try RatioConfig.costs(
      solving, kept: solution.plan.kept, bits: choosesBits ? solution.bits : nil,
      latency: try analysis.latency(solution.plan.kept), limits)
    targets = solving.targets
    method = solution.plan.method
    predictedLossChange = solution.predictedLossChange
    objective = solution.objective
    lowerBound = solution.lowerBound
    // The targets are the first requirements of the problem.
    let outcomes = solution.plan.outcomes.prefix(solving.targets.count)
    dualPrices = zip(solution.plan.prices, outcomes).map { $0 * $1.limit * (1 - 1 / RatioConfig.onePercent) }
    model = analysis.name
    self.sha256 = sha256
  }

  private static let onePercent = 1.01

  /// What a network costs before and after.
  /// - Parameters:
  ///   - kept: by group what is left.
  ///   - bits: by layer the widths after; `nil` for those of the original.
  ///   - limits: how far costs can come down; `nil` where nobody asks.
  static func costs(
    _ solving: Solving, kept: [Int], bits: [LayerBits]?, latency: (before: Double, after: Double)?,
    _ limits: PruningLimits? = nil
  ) throws -> [Cost] {
    let after = try bits.map { try CostModel(solving.structure, bits: $0) } ?? solving.costs
    return CostMetric.allCases.map { metric in
      Cost(
        metric: SearchConfiguration.Metric(metric),
        before: Double(solving.costs.total(metric, kept: solving.costs.unitCounts)),
        after: Double(after.total(metric, kept: kept)),
        leastShare: limits?.leastShare(SearchConfiguration.Metric(metric)))
    }
      + (latency.map {
        [Cost(metric: .latency, before: $0.before, after: $0.after, leastShare: limits?.leastShare(.latency))]
      } ?? [])
  }

  /// Why no channel of a layer may go, by the structure or by the configuration.
  private static func reason(_ layer: Channels.Layer, _ groups: [Int], _ space: SearchSpace) -> String? {
    if let reason = layer.reason { return reason.description }
    let reasons = groups.map { group -> String? in
      if case .stays(let reason) = space.choices[group] { return reason }
      return nil
    }
    return reasons.contains(nil) ? nil : reasons.first ?? nil
  }

  /// The content of `ratios.json`: nothing in it changes from run to run.
  var json: JSONValue {
    var costs = JSONObject()
    for cost in self.costs { costs[cost.metric.rawValue] = cost.json }
    var document = JSONObject()
    document["format_version"] = 1
    document["model"] = ["name": .string(model), "sha256": .string(sha256)]
    document["target"] =
      targets.isEmpty ? .null : targets.count == 1 ? targets[0].json : .array(targets.map(\.json))
    document["achieved"] = ["compression_ratio": .number(achieved.ratio), "cost": .object(costs)]
    var solution = JSONObject()
    solution["method"] = .string(method)
    solution["predicted_loss_change"] = .number(predictedLossChange)
    if objective != predictedLossChange { solution["objective"] = .number(objective) }
    solution["lower_bound"] = lowerBound.map { .number($0) }
    solution["gap"] = gap.map { .number($0) }
    solution["dual_price"] = dualPrices.first.map { .number($0) }
    if dualPrices.count > 1 { solution["dual_prices"] = .array(dualPrices.map { .number($0) }) }
    solution["measured_loss_change"] = measuredLossChange.map { .number($0) }
    solution["repaired_loss_change"] = finalLossChange.map { .number($0) }
    document["solution"] = .object(solution)
    document["layers"] = .array(layers.map(\.json))
    return .object(document)
  }
}

extension RatioConfig.Layer {
  fileprivate var json: JSONValue {
    var layer = JSONObject()
    layer["name"] = .string(name)
    layer["op_type"] = .string(opType)
    layer["weight"] = .string(weight)
    layer["group"] =
      groups.count == 1 ? .integer(groups[0]) : groups.isEmpty ? .null : .array(groups.map { .integer($0) })
    layer["channels"] = .integer(channels)
    layer["prune_ratio"] = .number(pruneRatio)
    layer["prune_ratio_interval"] = interval.map { [.number($0.lowerBound), .number($0.upperBound)] }
    layer["pruned_channels"] = .array(prunedChannels.map { .integer($0) })
    layer["bits"] = bits.map { ["activation": .integer($0.activation), "weight": .integer($0.weight)] }
    layer["reason"] = reason.map { .string($0) }
    return .object(layer)
  }
}

extension RatioConfig.Cost {
  fileprivate var json: JSONValue {
    ["before": metric.json(before), "after": metric.json(after)]
  }
}

extension SearchConfiguration.Metric {
  /// A cost: whole numbers but for a latency.
  func json(_ cost: Double) -> JSONValue {
    self == .latency ? .number(cost) : Int(exactly: cost).map { .integer($0) } ?? .number(cost)
  }
}

extension SearchConfiguration.Metric {
  /// The name that a configuration has for it.
  public init(_ metric: CostMetric) {
    switch metric {
    case .bitComplexity: self = .bitComplexity
    case .flops: self = .flops
    case .macs: self = .macs
    case .params: self = .params
    case .memory: self = .memory
    case .activationMemory: self = .activationMemory
    }
  }
}
