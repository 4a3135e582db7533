import Channels
import Configuration
public import Search

/// A search's outcome as text for a terminal: the ratio of every layer, and what it comes to.
public struct SearchSummary {
  private let outcome: SearchOutcome

  /// The summary of an outcome.
  public init(_ outcome: SearchOutcome) { self.outcome = outcome }

  /// Table, costs and places of the files.
  /// - Parameter width: characters per line; `nil` for no limit.
  public func text(width: Int?) -> String {
    var text = RatioTable(outcome.ratios).text(width: width)
    if let loss = outcome.meanLoss {
      text +=
        "calibration: \(Quantity.number(outcome.sampleCount, "sample")), mean loss \(Quantity.significant(loss))"
      text += outcome.accuracy.map { ", accuracy \(Quantity.percent($0))" } ?? ""
    } else if outcome.sampleCount > 0 {
      text += "calibration: \(Quantity.number(outcome.sampleCount, "sample")), forward only"
    } else {
      text += "calibration: no sample was run"
    }
    text += "\n" + RatioTable(outcome.ratios).solution(isLoss: outcome.isLoss)
    return text + "files in \(outcome.directory): \(outcome.files.joined(separator: ", "))\n"
  }
}

/// Another plan's outcome as text for a terminal.
public struct SolveSummary {
  private let outcome: SolveOutcome

  /// The summary of an outcome.
  public init(_ outcome: SolveOutcome) { self.outcome = outcome }

  /// Table, costs, the curve if there is one, and places of the files.
  /// - Parameter width: characters per line; `nil` for no limit.
  public func text(width: Int?) -> String {
    var text = RatioTable(outcome.ratios).text(width: width)
    text += RatioTable(outcome.ratios).solution(isLoss: outcome.isLoss)
    if let frontier = outcome.frontier { text += "\n" + self.text(of: frontier, width: width) }
    return text + "files in \(outcome.directory): \(outcome.files.joined(separator: ", "))\n"
  }

  private func text(of frontier: StoredFrontier, width: Int?) -> String {
    var table = TextTable([
      .init("\(frontier.metric.rawValue)", .leading), .init("predicted loss change"), .init("at least"), .init(""),
    ])
    for (index, point) in frontier.points.enumerated() {
      table.append([
        "\(Quantity.decimal(point.asked, 3)) x", Quantity.significant(point.predictedLossChange),
        point.lowerBound.map(Quantity.significant) ?? "-", index == frontier.knee ? "knee" : "",
      ])
    }
    return table.text(width: width) + "\n"
  }
}

/// The layers of a result, and what they come to.
struct RatioTable {
  private let ratios: RatioConfig

  init(_ ratios: RatioConfig) { self.ratios = ratios }

  func text(width: Int?) -> String {
    func fits(_ table: String) -> Bool { table.split(separator: "\n").allSatisfy { $0.count <= width ?? .max } }
    let tables = Detail.levels.lazy.map { table($0, width: width) }
    var text = (tables.first(where: fits) ?? table(.least, width: width)) + "\n"
    for layer in ratios.layers { text += layer.reason.map { "\(layer.name) stays whole: \($0)\n" } ?? "" }
    for cost in ratios.costs {
      text += "\(cost.metric.rawValue): \(Quantity.cost(cost.before, cost.metric)) -> "
      text += "\(Quantity.cost(cost.after, cost.metric)), \(Quantity.decimal(cost.ratio, 3)) x smaller"
      if let target = ratios.targets.first(where: { $0.metric == cost.metric }) {
        switch target.bound {
        case .compressionRatio(let ratio): text += " (asked for: \(Quantity.decimal(ratio, 3)) x)"
        case .limit(let limit): text += " (asked for: at most \(Quantity.cost(limit, cost.metric)))"
        }
      }
      text += "\n"
    }
    return text
  }

  /// Which columns the table has; where it is too narrow, the less important ones give way.
  private struct Detail {
    let hasOrigin: Bool
    let hasIntervals: Bool

    static let least = Detail(hasOrigin: false, hasIntervals: false)
    static let levels = [
      Detail(hasOrigin: true, hasIntervals: true), Detail(hasOrigin: false, hasIntervals: true), least,
    ]
  }

  private func table(_ detail: Detail, width: Int?) -> String {
    let hasBits = ratios.layers.contains { $0.bits != nil }
    let hasIntervals = detail.hasIntervals && ratios.layers.contains { $0.interval != nil }
    var columns: [TextTable.Column] = [.init("layer", .leading, shrinking: .beginning)]
    if detail.hasOrigin { columns += [.init("op", .leading), .init("group")] }
    columns += [.init("channels"), .init("kept"), .init("prune ratio")]
    if hasIntervals { columns.append(.init("90 % of resamples")) }
    if hasBits { columns += [.init("act. bits"), .init("weight bits")] }
    var table = TextTable(columns)
    for layer in ratios.layers {
      var cells = [layer.name]
      if detail.hasOrigin {
        cells += [layer.opType, layer.groups.count > 1 ? "several" : layer.groups.first.map(String.init) ?? "-"]
      }
      cells += [
        String(layer.channels), String(layer.channels - layer.prunedChannels.count),
        Quantity.decimal(layer.pruneRatio, 4),
      ]
      if hasIntervals {
        cells.append(
          layer.interval.map { "\(Quantity.decimal($0.lowerBound, 2)) - \(Quantity.decimal($0.upperBound, 2))" } ?? "-")
      }
      if hasBits {
        cells += [layer.bits.map { String($0.activation) } ?? "-", layer.bits.map { String($0.weight) } ?? "-"]
      }
      table.append(cells)
    }
    return table.text(width: width)
  }

  /// What the plan is predicted to lose, how far from the best it may be, and how sure it is.
  /// - Parameter isLoss: whether what the plan minimises predicts the loss; scores of weights do not.
  func solution(isLoss: Bool) -> String {
    let sum = isLoss ? "predicted loss change" : "sum of the scores of what goes"
    var text = "\(sum) (\(ratios.method)): \(Quantity.significant(ratios.predictedLossChange))"
    if let bound = ratios.lowerBound, let gap = ratios.gap {
      let damped = ratios.objective != ratios.predictedLossChange
      text += damped ? "\nobjective with damping: \(Quantity.significant(ratios.objective))" : ""
      text += ", proven: no plan is below \(Quantity.significant(bound)) (gap \(Quantity.percent(gap, places: 3)))"
    }
    text += "\n"
    for (target, price) in zip(ratios.targets, ratios.dualPrices) {
      text +=
        "one more percent of compression in \(target.metric.rawValue) costs about \(Quantity.significant(price))\n"
    }
    return text + calibration
  }

  /// Above this mean width of the intervals, other data would give another result.
  private static let enough = 0.1

  /// Whether the calibration data were enough, where that was asked.
  private var calibration: String {
    let widths = ratios.layers.filter { $0.reason == nil }.compactMap {
      $0.interval.map { $0.upperBound - $0.lowerBound }
    }
    guard !widths.isEmpty else { return "" }
    let mean = widths.reduce(0, +) / Double(widths.count)
    let spread = "resamples of the calibration data move the layers' ratios by \(Quantity.decimal(mean, 3)) on average"
    return mean <= Self.enough
      ? "\(spread): they were enough\n" : "\(spread): more of them would make the result surer\n"
  }
}
