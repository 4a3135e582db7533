import Configuration
import Networks
import Sensitivity

import Glibc

/// Where a result comes from: the content of `run.json`. Everything that differs from run to run is here and only here.
struct RunRecord {
  private let preparation: Preparation
  private let model: [FileDigest]
  private let data: [FileDigest]
  private let clock: PhaseClock
  private let ranks: [RankUsage.Rank]
  private let transport: String
  private let backend: String
  private let table: SensitivityTable

  init(
    _ preparation: Preparation, _ model: [FileDigest], _ data: [FileDigest], _ clock: PhaseClock,
    _ ranks: [RankUsage.Rank], transport: String, backend: String, table: SensitivityTable
  ) {
    self.preparation = preparation
    self.model = model
    self.data = data
    self.clock = clock
    self.ranks = ranks
    self.transport = transport
    self.backend = backend
    self.table = table
  }

  /// The record as a document.
  var json: JSONValue {
    var seconds = JSONObject()
    for phase in clock.phases { seconds[phase.name] = .number((phase.seconds * 1000).rounded() / 1000) }
    var shapes = JSONObject()
    for (input, extents) in preparation.sampleShapes.sorted(by: { $0.key < $1.key }) {
      shapes[input] = .array(extents.map(JSONValue.integer))
    }
    var document = JSONObject()
    document["format_version"] = 1
    document["version"] = .string(ProductVersion.text)
    document["configuration_directory"] = .string(RunRecord.absolute(preparation.configuration.directory))
    document["configuration"] = preparation.configuration.canonicalJSON
    document["model"] = .array(model.map(\.json))
    document["data"] = .array(data.map(\.json))
    document["calibration"] = [
      "samples": .integer(table.sampleCount), "batches": .integer(preparation.plan.batches.count),
      "shards": .integer(preparation.plan.shards.count), "batch_size_run": .integer(preparation.runSize),
      "sample_shapes": .object(shapes),
      "mean_loss": .number(table.meanLoss), "accuracy": table.accuracy.map { .number($0) } ?? .null,
    ]
    document["ranks"] = .array(
      ranks.map { rank in
        [
          "host": .string(rank.host), "workers": .integer(rank.workers),
          "peak_memory_bytes": .integer(rank.peakMemory), "forecast_memory_bytes": .integer(rank.forecastMemory),
        ]
      })
    document["seconds"] = .object(seconds)
    document["libraries"] = ["executor": .string(backend), "transport": .string(transport)]
    return .object(document)
  }
}

extension RunRecord {
  /// A directory as it can be found from anywhere.
  fileprivate static func absolute(_ directory: String) -> String {
    guard !directory.hasPrefix("/"), let here = getcwd(nil, 0) else { return directory }
    defer { free(here) }
    return directory.isEmpty ? String(cString: here) : String(cString: here) + "/" + directory
  }
}

/// The program's version.
public enum ProductVersion {
  /// As `--version` prints it.
  public static let text = "0.1.0"
}
