import Configuration
public import Search

/// What a valid configuration comes to, as text for a terminal.
public struct ValidationReport {
  private let summary: ValidationSummary
  private let file: String

  /// The report on a configuration file.
  public init(_ summary: ValidationSummary, file: String) {
    self.summary = summary
    self.file = file
  }

  /// A few lines.
  public var text: String {
    var text = "\(file): valid\n"
    text += "layers: \(summary.layerCount), of which \(summary.searchedLayerCount) are searched\n"
    text += "calibration: \(Quantity.number(summary.sampleCount, "sample")), batches: \(summary.batchCount), "
    text += "shards: \(summary.shardCount)\n"
    for (target, original, lowest) in summary.targets {
      text += "target: "
      switch target.bound {
      case .compressionRatio(let ratio):
        text += "\(Quantity.decimal(ratio, 3)) x smaller in \(target.metric.rawValue), "
      case .limit(let limit):
        text += "at most \(Quantity.cost(limit, target.metric)) in \(target.metric.rawValue) of "
        text += "\(Quantity.cost(original, target.metric)), "
      }
      text += "at most \(Quantity.decimal(lowest > 0 ? original / lowest : .infinity, 2)) x can be reached\n"
    }
    text += "memory: about \(MemoryForecast.mebibytes(summary.memory.bytes)) MiB for a rank with "
    text += "\(Quantity.number(summary.memory.workers, "worker"))\n"
    return text
  }
}
