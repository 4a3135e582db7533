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
    if summary.sampleCount > 0 {
      text += "calibration: \(Quantity.number(summary.sampleCount, "sample")), batches: \(summary.batchCount), "
      text += "shards: \(summary.shardCount)\n"
    }
    if !summary.leftOutImages.isEmpty {
      text += "left out: \(Quantity.number(summary.leftOutImages.count, "image")): "
      text += "\(summary.leftOutImages.joined(separator: ", ").printable())\n"
    }
    for remark in summary.remarks { text += "remark: \(remark.printable())\n" }
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
    guard summary.stages.isEmpty else { return text + stages }
    text += "memory: about \(MemoryForecast.mebibytes(summary.memory.bytes)) MiB for a rank with "
    text += "\(Quantity.number(summary.memory.workers, "worker"))\n"
    return text
  }

  /// The memory of ranks that hold one stage each.
  private var stages: String {
    let bytes = summary.stages.map { "\(MemoryForecast.mebibytes($0.bytes))" }.joined(separator: " + ")
    let (least, most) = (
      summary.stages.map(\.workers).min() ?? 1, Quantity.number(summary.stages.map(\.workers).max() ?? 1, "worker")
    )
    let workers = summary.stages.allSatisfy { $0.workers == least } ? most : "\(least) to \(most)"
    let reading = MemoryForecast.mebibytes(summary.stages[0].reading)
    return "memory: about \(bytes) MiB for the ranks of \(summary.stages.count) stages, each with \(workers); "
      + "rank 0 takes \(reading) MiB while it reads the model\n"
  }
}
