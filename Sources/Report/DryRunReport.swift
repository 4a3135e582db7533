public import Search

/// What a search would do, as text for a terminal.
public struct DryRunReport {
  private let plan: DryRunPlan
  private let file: String

  /// The report on a configuration file.
  public init(_ plan: DryRunPlan, file: String) {
    self.plan = plan
    self.file = file
  }

  /// A few lines.
  public var text: String {
    var text = ValidationReport(plan.summary, file: file).text
    text += "ranks: \(plan.ranks.count), workers: \(plan.ranks.reduce(0) { $0 + $1.workers }) "
    text += "(\(DryRunReport.hosts(plan.ranks)))\n"
    if let stored = plan.storedShards {
      text += "checkpoint: \(stored) of \(Quantity.number(plan.summary.shardCount, "shard")) need no computing\n"
    }
    if let time = plan.time {
      text += plan.storedShards == nil ? "time: at most about" : "time: about"
      text += " \(Quantity.duration(time.seconds)) for the sensitivities"
      text += plan.storedShards == nil ? ", predicted from " : " that are missing, predicted from "
      text += "\(Quantity.time(time.secondsPerRun)) for \(Quantity.number(plan.samplesPerRun, "sample")) on one worker"
      text += plan.summary.stages.isEmpty ? "" : " in the slowest stage"
    } else {
      text += "time: no sample is run for the sensitivities"
    }
    text += plan.remainder.map { "; on top: \($0)\n" } ?? "\n"
    text += "files in \(plan.directory): \(plan.files.joined(separator: ", "))\n"
    text += "nothing was written\n"
    return text
  }

  /// The hosts in the order of their first ranks, each with its ranks and their workers.
  static func hosts(_ ranks: [(host: String, workers: Int)]) -> String {
    var order: [String] = []
    var workers: [String: [Int]] = [:]
    for rank in ranks {
      if workers[rank.host] == nil { order.append(rank.host) }
      workers[rank.host, default: []].append(rank.workers)
    }
    let shown = order.prefix(8).map { host in
      let counts = workers[host] ?? []
      let isEven = Set(counts).count == 1
      return "\(host): "
        + (isEven ? "\(counts.count) × \(counts[0])" : counts.map(String.init).joined(separator: " + "))
    }
    return shown.joined(separator: ", ") + (order.count > 8 ? " and \(order.count - 8) more hosts" : "")
  }
}
