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
    if let target = summary.target {
      text += "target: \(Quantity.decimal(target.compressionRatio, 3)) x smaller in \(target.metric.rawValue), "
      text += "at most \(Quantity.decimal(summary.largestRatio, 2)) x can be reached\n"
    }
    text += "memory: about \(MemoryForecast.mebibytes(summary.memory.bytes)) MiB for a rank with "
    text += "\(Quantity.number(summary.memory.workers, "worker"))\n"
    return text
  }
}
