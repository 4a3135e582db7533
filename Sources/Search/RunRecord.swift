import Configuration
import Networks
import Sensitivity

/// Where a result comes from: the content of `run.json`. Everything that differs from run to run is here and only here.
struct RunRecord {
  private let preparation: Preparation
  private let model: [FileDigest]
  private let data: [FileDigest]
  private let clock: PhaseClock
  private let hosts: [String]
  private let usage: [[Int64]]
  private let transport: String
  private let backend: String
  private let table: SensitivityTable

  init(
    _ preparation: Preparation, _ model: [FileDigest], _ data: [FileDigest], _ clock: PhaseClock, hosts: [String],
    usage: [[Int64]],
    transport: String, backend: String, table: SensitivityTable
  ) {
    self.preparation = preparation
    self.model = model
    self.data = data
    self.clock = clock
    self.hosts = hosts
    self.usage = usage
    self.transport = transport
    self.backend = backend
    self.table = table
  }

  /// The record as a document.
  var json: JSONValue {
    var seconds = JSONObject()
    for phase in clock.phases { seconds[phase.name] = .number((phase.seconds * 1000).rounded() / 1000) }
    var document = JSONObject()
    document["format_version"] = 1
    document["version"] = .string(ProductVersion.text)
    document["configuration"] = preparation.configuration.canonicalJSON
    document["model"] = .array(model.map(\.json))
    document["data"] = .array(data.map(\.json))
    document["calibration"] = [
      "samples": .integer(table.sampleCount), "batches": .integer(preparation.plan.batches.count),
      "shards": .integer(preparation.plan.shards.count), "batch_size_run": .integer(preparation.runSize),
      "mean_loss": .number(table.meanLoss), "accuracy": table.accuracy.map { .number($0) } ?? .null,
    ]
    document["ranks"] = .array(
      hosts.indices.map { rank in
        [
          "host": .string(hosts[rank]), "workers": .integer(Int(usage[rank][1])),
          "peak_memory_bytes": .integer(Int(usage[rank][0])), "forecast_memory_bytes": .integer(Int(usage[rank][2])),
        ]
      })
    document["seconds"] = .object(seconds)
    document["libraries"] = ["executor": .string(backend), "transport": .string(transport)]
    return .object(document)
  }
}

/// The program's version.
public enum ProductVersion {
  /// As `--version` prints it.
  public static let text = "0.1.0"
}
