import Configuration
public import Search

/// What a comparison would do, as text for a terminal.
public struct ComparisonDryRunReport {
  private let plan: ComparisonDryRunPlan
  private let file: String

  /// The report on a configuration file.
  public init(_ plan: ComparisonDryRunPlan, file: String) {
    self.plan = plan
    self.file = file
  }

  /// A few lines, with one for each criterion and for each reason why something cannot be run.
  public var text: String {
    guard let summary = plan.criteria.first?.plan.summary else { return "" }
    let labels = ComparisonLabels(plan.configuration)
    var text = "\(file): valid\n"
    text += "layers: \(summary.layerCount), of which \(summary.searchedLayerCount) are searched\n"
    text += "calibration: \(Quantity.number(summary.sampleCount, "sample")), batches: \(summary.batchCount), "
    text += "shards: \(summary.shardCount)\n"
    let targets = plan.configuration.comparedTargets.count
    text += "combinations: \(plan.configuration.combinations.count) (\(labels.criteria.count) × "
    text += "\(labels.solvers.count) × \(targets)), to be run: \(plan.combinations)\n"
    for criterion in plan.criteria { text += line(criterion, labels.criteria[criterion.index]) }
    if !plan.failures.isEmpty {
      text += "not to be run: \(plan.failures.count)\n"
      for (index, target) in plan.configuration.comparedTargets.enumerated() {
        let own = plan.failures.filter { $0.combination.target == index }
        guard !own.isEmpty else { continue }
        text += "target: \(SearchConfiguration.label(of: target))\n"
        text += labels.lines(own.map { ($0.row, $0.combination.criterion, $0.combination.solver, $0.reason) })
      }
    }
    let memory = plan.criteria.map(\.plan.summary.memory).max { $0.bytes < $1.bytes }
    if let memory {
      text += "memory: about \(MemoryForecast.mebibytes(memory.bytes)) MiB for a rank with "
      text += "\(Quantity.number(memory.workers, "worker"))\n"
    }
    if let ranks = plan.criteria.first?.plan.ranks {
      text += "ranks: \(ranks.count), workers: \(ranks.reduce(0) { $0 + $1.workers }) (\(DryRunReport.hosts(ranks)))\n"
    }
    text +=
      "time: about \(Quantity.duration(plan.predictedSeconds)) for the sensitivities that are missing; solving, "
    text += "evaluating\(plan.configuration.comparison?.repairs == true ? ", repairing" : "") "
    text += "come on top\n"
    let ratios = plan.files.count { $0.hasPrefix("ratios-") }
    let others = plan.files.filter { !$0.hasPrefix("ratios-") }
    text += "files in \(plan.directory): \(others.joined(separator: ", ")), ratios-N.json for "
    text += "\(Quantity.number(ratios, "row")) at the most\n"
    return text + "nothing was written\n"
  }

  private func line(_ criterion: ComparisonDryRunPlan.Criterion, _ label: String) -> String {
    let text = "criterion \(label): \(Quantity.number(criterion.combinations, "combination"))"
    guard let time = criterion.plan.time else { return text + ", no sample is run\n" }
    guard !criterion.isShared else { return text + ", by what is measured for one before\n" }
    let stored = criterion.plan.storedShards.map {
      ", \($0) of \(Quantity.number(criterion.plan.summary.shardCount, "shard")) need no computing"
    }
    return text + (stored ?? "") + ", about \(Quantity.duration(time.seconds))"
      + (criterion.plan.remainder.map { "; on top: \($0)" } ?? "") + "\n"
  }
}
