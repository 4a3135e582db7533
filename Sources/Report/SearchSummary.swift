import Channels
public import Search

/// A search's outcome as text for a terminal: the ratio of every layer, and what it comes to.
public struct SearchSummary {
  private let outcome: SearchOutcome

  /// The summary of an outcome.
  public init(_ outcome: SearchOutcome) { self.outcome = outcome }

  /// Table, costs and places of the files.
  /// - Parameter width: characters per line; `nil` for no limit.
  public func text(width: Int?) -> String {
    let ratios = outcome.ratios
    var table = TextTable([
      .init("layer", .leading, mayShrink: true), .init("op", .leading), .init("group"), .init("channels"),
      .init("kept"),
      .init("prune ratio"),
    ])
    for layer in ratios.layers {
      table.append([
        layer.name, layer.opType, layer.groups.count > 1 ? "several" : layer.groups.first.map(String.init) ?? "-",
        String(layer.channels), String(layer.channels - layer.prunedChannels.count),
        Quantity.decimal(layer.pruneRatio, 4),
      ])
    }
    var text = table.text(width: width) + "\n"
    for layer in ratios.layers { text += layer.reason.map { "\(layer.name) stays whole: \($0)\n" } ?? "" }
    for cost in ratios.costs {
      text += "\(cost.metric.rawValue): \(Quantity.count(cost.before)) -> \(Quantity.count(cost.after)), "
      text += "\(Quantity.decimal(cost.ratio, 3)) x smaller"
      if cost.metric == ratios.metric, let target = ratios.target {
        text += " (asked for: \(Quantity.decimal(target, 3)) x)"
      }
      text += "\n"
    }
    text +=
      "calibration: \(Quantity.number(outcome.sampleCount, "sample")), mean loss \(Quantity.significant(outcome.meanLoss))"
    text += outcome.accuracy.map { ", accuracy \(Quantity.percent($0))" } ?? ""
    text += "\npredicted loss change (\(ratios.method)): \(Quantity.significant(ratios.predictedLossChange))\n"
    text += "files in \(outcome.directory): ratios.json, sensitivities.npz, run.json\n"
    return text
  }
}
