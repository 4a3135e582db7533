import Channels
import Configuration
public import Search

/// A search's outcome as text for a terminal: what is left of every layer and of the network, and what that comes to.
public struct SearchSummary {
  private let outcome: SearchOutcome

  /// The summary of an outcome.
  public init(_ outcome: SearchOutcome) { self.outcome = outcome }

  /// Table, target and places of the files.
  /// - Parameter width: columns of the terminal; `nil` for no limit.
  public func text(width: Int?, style: TextStyle = .plain) -> String {
    var text = ResultLines(outcome.ratios).targets(style)
    if let loss = outcome.meanLoss {
      text +=
        "calibration: \(Quantity.number(outcome.sampleCount, "sample")), mean loss \(Quantity.significant(loss))"
      text += outcome.accuracy.map { ", accuracy \(Quantity.percent($0))" } ?? ""
    } else if outcome.sampleCount > 0 {
      text += "calibration: \(Quantity.number(outcome.sampleCount, "sample")), forward only"
    } else {
      text += "calibration: no sample was run"
    }
    text += "\n" + ResultLines(outcome.ratios).solution(outcome.unit)
    text += "files in \(outcome.directory): \(outcome.files.joined(separator: ", "))\n"
    return PruningTable(outcome.ratios).text(width: width) + text.wrapped(to: width)
  }
}

/// Another plan's outcome as text for a terminal.
public struct SolveSummary {
  private let outcome: SolveOutcome

  /// The summary of an outcome.
  public init(_ outcome: SolveOutcome) { self.outcome = outcome }

  /// Table, target, the curve if there is one, and places of the files.
  /// - Parameter width: columns of the terminal; `nil` for no limit.
  public func text(width: Int?, style: TextStyle = .plain) -> String {
    let result = ResultLines(outcome.ratios)
    let lines = result.targets(style) + result.solution(outcome.unit)
    var text = PruningTable(outcome.ratios).text(width: width) + lines.wrapped(to: width)
    if let frontier = outcome.frontier { text += "\n" + self.text(of: frontier, width: width) }
    let files = "files in \(outcome.directory): \(outcome.files.joined(separator: ", "))\n"
    return text + files.wrapped(to: width)
  }

  private func text(of frontier: StoredFrontier, width: Int?) -> String {
    var table = TextTable([
      .init(frontier.metric.rawValue, .leading), .init(outcome.unit.column), .init("at least", leaves: 1), .init(""),
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

/// What a result comes to, line by line.
struct ResultLines {
  private let ratios: RatioConfig

  init(_ ratios: RatioConfig) { self.ratios = ratios }

  /// What was asked for, and what is reached.
  func targets(_ style: TextStyle) -> String {
    var text = ""
    for target in ratios.targets {
      guard let cost = ratios.costs.first(where: { $0.metric == target.metric }) else { continue }
      let (asked, reached): (String, String)
      switch target.bound {
      case .compressionRatio(let ratio):
        asked = "\(target.metric.rawValue) \(Quantity.decimal(ratio, 3)) x smaller"
        reached = "\(Quantity.decimal(cost.ratio, 3)) x"
      case .limit(let limit):
        asked = "\(target.metric.rawValue) at most \(Quantity.cost(limit, cost.metric))"
        reached = Quantity.cost(cost.after, cost.metric)
      }
      text += "target: \(asked), \(style.good("reached: \(reached)"))\n"
    }
    return text
  }

  /// What the plan is predicted to lose, how far from the best it may be, and how sure it is.
  /// - Parameter unit: what the prediction is in.
  func solution(_ unit: PredictionUnit) -> String {
    var text = "\(unit.title) (\(ratios.method)): \(Quantity.significant(ratios.predictedLossChange))"
    if let bound = ratios.lowerBound, let gap = ratios.gap {
      let damped = ratios.objective != ratios.predictedLossChange
      text += damped ? "\nobjective with damping: \(Quantity.significant(ratios.objective))" : ""
      text += ", proven: no plan is below \(Quantity.significant(bound)) (gap \(Quantity.percent(gap, places: 3)))"
    }
    text += unit == .squaredLoss ? "\n\(unit.note)\n" : "\n"
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
