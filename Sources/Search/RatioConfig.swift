public import Channels
import Allocation
import Configuration
import Networks

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
    /// Output channels before.
    public let channels: Int
    /// The output channels that go, ascending.
    public let prunedChannels: [Int]
    /// Why it loses none; `nil` where it could.
    public let reason: String?

    /// Channels that go ÷ channels.
    public var pruneRatio: Double { channels == 0 ? 0 : Double(prunedChannels.count) / Double(channels) }
  }

  /// The network's cost in one metric.
  public struct Cost: Sendable {
    /// What is counted.
    public let metric: CostMetric
    /// Per sample, unpruned.
    public let before: Int
    /// Per sample, pruned.
    public let after: Int

    /// Cost before ÷ cost after.
    public var ratio: Double { after == 0 ? .infinity : Double(before) / Double(after) }
  }

  /// The layers in graph order.
  public let layers: [Layer]
  /// The cost in every metric.
  public let costs: [Cost]
  /// The metric that the target is in; bit complexity without one.
  public let metric: CostMetric
  /// The compression ratio asked for; `nil` without a target.
  public let target: Double?
  /// The solver's name.
  public let method: String
  /// The estimated loss change of all that goes, in loss units (squared ones with `mean_square`).
  public let predictedLossChange: Double
  /// The change of the calibration loss once all that was removed; `nil` until it is measured.
  public internal(set) var measuredLossChange: Double?
  /// The same of the network as written, repaired.
  public internal(set) var finalLossChange: Double?
  /// The network's name.
  public let model: String
  /// The model file's SHA-256.
  public let sha256: String

  /// The compression ratio reached, in the target's metric.
  public var achieved: Cost { costs.first { $0.metric == metric } ?? costs[0] }

  init(_ preparation: Preparation, _ plan: AllocationPlan, model: [FileDigest]) {
    let structure = preparation.structure
    let removed = plan.choices.map { Set($0.removed) }
    layers = structure.layers.map { layer in
      let groups = Set(layer.outputUnits.compactMap { $0?.group }).sorted()
      return Layer(
        name: layer.name, opType: layer.opType, weight: layer.weight, groups: groups, channels: layer.outputs,
        prunedChannels: layer.outputUnits.indices.filter { channel in
          layer.outputUnits[channel].map { removed[$0.group].contains($0.unit) } ?? false
        }, reason: RatioConfig.reason(layer, groups, preparation.space))
    }
    costs = CostMetric.allCases.map { metric in
      Cost(
        metric: metric, before: preparation.costs.total(metric, kept: preparation.costs.unitCounts),
        after: preparation.costs.total(metric, kept: plan.kept))
    }
    metric = preparation.configuration.target.map { CostMetric($0.metric) } ?? .bitComplexity
    target = preparation.configuration.target?.compressionRatio
    method = plan.method
    predictedLossChange = plan.predictedLossChange
    self.model = preparation.networkName
    sha256 = model.first?.sha256 ?? ""
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
    for cost in self.costs {
      costs[cost.metric.rawValue] = ["before": .integer(cost.before), "after": .integer(cost.after)]
    }
    var document = JSONObject()
    document["format_version"] = 1
    document["model"] = ["name": .string(model), "sha256": .string(sha256)]
    document["target"] =
      target.map { ["compression_ratio": .number($0), "metric": .string(metric.rawValue)] } ?? .null
    document["achieved"] = ["compression_ratio": .number(achieved.ratio), "cost": .object(costs)]
    var solution = JSONObject()
    solution["method"] = .string(method)
    solution["predicted_loss_change"] = .number(predictedLossChange)
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
    layer["pruned_channels"] = .array(prunedChannels.map { .integer($0) })
    layer["reason"] = reason.map { .string($0) }
    return .object(layer)
  }
}
