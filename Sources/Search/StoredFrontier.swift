import Allocation
import ArrayFiles
public import Channels
public import Configuration

/// The curve of predicted loss over compression: the content of `frontier.json`.
public struct StoredFrontier: Sendable {
  /// What it is called.
  public static let fileName = "frontier.json"

  /// One plan of the curve.
  public struct Point: Sendable {
    /// The compression ratio asked for, and reached.
    public let asked, reached: Double
    /// What it is predicted to cost.
    public let predictedLossChange: Double
    /// What no plan for that ratio is predicted to go below; `nil` where nothing is proven.
    public let lowerBound: Double?
    /// Output channels that each layer keeps.
    public let keptChannels: [Int]
    /// What the network costs then, in every metric; in latency only where a table of it is given.
    public let costs: [(metric: SearchConfiguration.Metric, cost: Double)]
    /// The widths of each layer; `nil` where none are chosen.
    public let bits: [LayerBits]?
  }

  /// What the compression is counted in.
  public let metric: SearchConfiguration.Metric
  /// The layers' names, in graph order.
  public let layers: [String]
  /// By ascending ratio.
  public let points: [Point]
  /// The point where more compression begins to cost much more; `nil` where there is none.
  public let knee: Int?

  /// The curve of a network in the main target's metric.
  init(
    _ analysis: NetworkAnalysis, _ input: AllocationInput, _ stored: StoredMeasurement,
    _ configuration: SearchConfiguration, count: Int
  ) throws {
    let setLoss = stored.setLoss
    let (solving, structure) = (analysis.solving, analysis.solving.structure)
    metric = solving.targets.first?.metric ?? .bitComplexity
    layers = structure.layers.map(\.name)
    let problem = try solving.problem(input)
    let ratios = Frontier.proposedRatios(for: problem, count: count)
    var found: [FrontierPoint]
    if let setLoss {
      found = []
      for ratio in ratios {
        let plan = try JointAllocator(setLoss: setLoss, effort: .greedy).allocate(
          try problem.replacingFirstRequirement(compressionRatio: ratio))
        found.append(FrontierPoint(compressionRatio: ratio, plan: plan))
      }
      // What reaches a larger ratio serves a smaller one.
      for index in found.indices.dropLast().reversed()
      where found[index + 1].plan.predictedLossChange < found[index].plan.predictedLossChange {
        found[index] = FrontierPoint(compressionRatio: found[index].compressionRatio, plan: found[index + 1].plan)
      }
    } else {
      found = try OptimalAllocator().frontier(of: problem, ratios: ratios)
    }
    knee = Frontier.knee(of: found)
    let original = solving.costs.bits
    points = try found.map { point in
      let damping = setLoss.map { $0.damping(of: point.plan, configuration.sensitivity, stored.slopes) } ?? 0
      let bits = input.bits.map { $0.bits(point.plan.options, original) }
      return Point(
        asked: point.compressionRatio, reached: point.plan.compressionRatio ?? 1,
        predictedLossChange: point.plan.predictedLossChange - damping, lowerBound: point.plan.lowerBound,
        keptChannels: structure.keptChannels(removing: point.plan.choices.map { Set($0.removed) }),
        costs: try RatioConfig.costs(
          solving, kept: point.plan.kept, bits: bits, latency: try analysis.latency(point.plan.kept)
        ).map { ($0.metric, $0.after) },
        bits: bits)
    }
  }

  func write(to path: String) throws { try AtomicFile.write(Array(json.text().utf8), to: path) }

  private var json: JSONValue {
    [
      "format_version": 1,
      "metric": .string(metric.rawValue),
      "layers": .array(layers.map(JSONValue.string)),
      "knee": knee.map { .integer($0) } ?? .null,
      "points": .array(
        points.map { point in
          var object: JSONObject = [
            "compression_ratio": .number(point.asked), "achieved": .number(point.reached),
            "predicted_loss_change": .number(point.predictedLossChange),
          ]
          object["lower_bound"] = point.lowerBound.map { .number($0) }
          var costs = JSONObject()
          for (metric, cost) in point.costs { costs[metric.rawValue] = metric.json(cost) }
          object["cost"] = .object(costs)
          object["kept_channels"] = .array(point.keptChannels.map(JSONValue.integer))
          object["bits"] = point.bits.map { bits in
            .array(bits.map { ["activation": .integer($0.activation), "weight": .integer($0.weight)] })
          }
          return .object(object)
        }),
    ]
  }
}

extension AllocationProblem {
  /// The same problem with another ratio for its first requirement.
  fileprivate func replacingFirstRequirement(compressionRatio: Double) throws(AllocationError) -> AllocationProblem {
    let first = try Requirement(
      name: requirements[0].name, terms: requirements[0].terms, compressionRatio: compressionRatio, groups: groups,
      options: options)
    return try AllocationProblem(groups: groups, options: options, requirements: [first] + requirements.dropFirst())
  }
}
