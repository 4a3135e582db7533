import Configuration
import Networks
import Sensitivity

/// What a finished search adds to `run.json`: what it measured, on what, how long it took.
struct RunRecord {
  private let preparation: Preparation
  private let data: [FileDigest]
  private let phases: [(name: String, seconds: Double)]
  private let ranks: [RankUsage.Rank]
  private let transport: String
  private let backend: String
  private let table: SensitivityTable
  /// What a comparison has taken for its criteria and plans; `nil` for a search.
  var comparison: JSONValue?
  /// By layer between which prune ratios a plan may choose, whatever the target; `nil` for a comparison.
  var feasible: [(layer: String, ratios: ClosedRange<Double>)]?

  init(
    _ preparation: Preparation, _ data: [FileDigest], _ phases: [(name: String, seconds: Double)],
    _ ranks: [RankUsage.Rank], transport: String, backend: String, table: SensitivityTable
  ) {
    self.preparation = preparation
    self.data = data
    self.phases = phases
    self.ranks = ranks
    self.transport = transport
    self.backend = backend
    self.table = table
  }

  /// The members that it adds.
  var members: JSONObject {
    var seconds = JSONObject()
    for phase in phases { seconds[phase.name] = .number(RunRecord.milliseconds(phase.seconds)) }
    var shapes = JSONObject()
    for (input, extents) in preparation.sampleShapes.sorted(by: { $0.key < $1.key }) {
      shapes[input] = .array(extents.map(JSONValue.integer))
    }
    var document = JSONObject()
    document["data"] = .array(data.map(\.json))
    document["calibration"] = [
      "samples": .integer(table.sampleCount), "batches": .integer(preparation.plan.batches.count),
      "shards": .integer(preparation.plan.shards.count), "batch_size_run": .integer(preparation.runSize),
      "sample_shapes": .object(shapes),
      "mean_loss": table.meanLoss.map { .number($0) } ?? .null,
      "accuracy": table.accuracy.map { .number($0) } ?? .null,
    ]
    document["ranks"] = .array(
      ranks.map { rank in
        [
          "host": .string(rank.host), "workers": .integer(rank.workers),
          "peak_memory_bytes": .integer(rank.peakMemory), "forecast_memory_bytes": .integer(rank.forecastMemory),
          "pieces": .integer(rank.pieces), "busy_seconds": .number(RunRecord.milliseconds(rank.busySeconds)),
          "idle_seconds": .number(RunRecord.milliseconds(max(rank.workerSeconds - rank.busySeconds, 0))),
        ]
      })
    document["seconds"] = .object(seconds)
    document["comparison"] = comparison
    document["feasible_prune_ratios"] = feasible.map { feasible in
      .object(
        JSONObject(
          distinct: feasible.map { layer, ratios in
            JSONObject.Member(
              key: layer, value: .array([.number(ratios.lowerBound), .number(ratios.upperBound)]))
          }))
    }
    document["libraries"] = ["executor": .string(backend), "transport": .string(transport)]
    return document
  }
}

extension RunRecord {
  /// Seconds without the digits that say nothing.
  static func milliseconds(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
