public import Configuration
public import Search

/// A comparison's outcome as text for a terminal: a table for each target, the best row first.
public struct ComparisonTable {
  private let outcome: ComparisonOutcome
  private let labels: ComparisonLabels

  /// The tables of an outcome.
  public init(_ outcome: ComparisonOutcome) {
    self.outcome = outcome
    labels = ComparisonLabels(outcome.configuration)
  }

  /// The rows for a script, as `compare.json` has them.
  public var json: JSONValue { outcome.json }

  /// The tables, what has failed, what it took, and places of the files.
  /// - Parameter width: characters per line; `nil` for no limit. Where it is too narrow, the less important columns give
  ///   way.
  public func text(width: Int?) -> String {
    var text = ""
    for target in outcome.targets.indices {
      let rows = outcome.rows.filter { $0.target == target }
      text += "target: \(outcome.targets[target])\n"
      text += table(rows, width: width)
      text += labels.lines(
        rows.filter { $0.plan == nil }.map { ($0.number, $0.criterion, $0.solver, $0.failure ?? "") }
      ).wrapped(to: width)
      text += "\n"
    }
    return text
      + (remarks + "\n" + times(width: width) + "files in \(outcome.directory): \(fileList)\n").wrapped(to: width)
  }

  /// What was evaluated on what, and what that leaves out.
  private var remarks: String {
    var text = "evaluated on \(Quantity.number(outcome.sampleCount, "sample")); as it is: loss "
    text += Quantity.significant(outcome.originalLoss)
    text += outcome.originalAccuracy.map { ", accuracy \(Quantity.percent($0))" } ?? ""
    if let costs = outcome.rows.lazy.compactMap(\.plan).first?.ratios.costs {
      for (metric, name) in ComparisonTable.metrics {
        text += costs.first { $0.metric == metric }.map { ", \(Quantity.cost($0.before, metric)) \(name)" } ?? ""
      }
    }
    if outcome.configuration.comparison?.repairs != true {
      text += "\nnothing is repaired here, which changes the order: \"repair\": true in compare repairs every network"
    }
    if outcome.configuration.evaluation == nil, outcome.rows.contains(where: { $0.plan?.repairedLoss != nil }) {
      text += "\nthese samples served the repairs too: name others in $.evaluation"
    }
    return text
  }

  private static let metrics: [(SearchConfiguration.Metric, String)] = [(.macs, "MACs"), (.params, "params")]

  /// A table of the rows that have a plan; empty where none has.
  private func table(_ rows: [ComparisonOutcome.Row], width: Int?) -> String {
    let plans = rows.compactMap { row in row.plan.map { (row, $0) } }
    guard !plans.isEmpty else { return "" }
    typealias Cell = (ComparisonOutcome.Row, ComparisonOutcome.Plan) -> String?
    func cost(_ plan: ComparisonOutcome.Plan, _ metric: SearchConfiguration.Metric) -> String? {
      plan.ratios.costs.first { $0.metric == metric }.map { Quantity.cost($0.after, metric) }
    }
    let columns: [(column: TextTable.Column, cell: Cell)] = [
      (.init("row"), { row, _ in String(row.number) }), (.init("", .leading), { row, _ in row.isBest ? "best" : "" }),
      (.init("criterion", .leading, shrinking: .middle), { [labels] row, _ in labels.criteria[row.criterion] }),
      (.init("solver", .leading, shrinking: .middle), { [labels] row, _ in labels.solvers[row.solver] }),
      (.init("predicted", leaves: 7), { $1.predictedLossChange.map(Quantity.significant) }),
      (.init("loss"), { Quantity.significant($1.loss) }),
      (.init("change", leaves: 1), { [outcome] in Quantity.significant($1.loss - outcome.originalLoss) }),
      (.init("accuracy", leaves: 2), { $1.accuracy.map(Quantity.percent) }),
      (.init("repaired", leaves: 3), { $1.repairedLoss.map(Quantity.significant) }),
      (.init("accuracy", leaves: 4), { $1.repairedAccuracy.map(Quantity.percent) }),
      (.init("ratio", leaves: 8), { "\(Quantity.decimal($1.ratios.achieved.ratio, 3)) x" }),
      (.init("MACs", leaves: 6), { cost($1, .macs) }), (.init("params", leaves: 10), { cost($1, .params) }),
      (.init("gap", leaves: 9), { $1.ratios.gap.map { Quantity.percent($0, places: 2) } }),
      (.init("time", leaves: 5), { [outcome] row, _ in outcome.seconds(of: row).map(Quantity.duration) }),
    ]
    // What no row has is no column.
    let shown = columns.filter { column in plans.contains { column.cell($0, $1) != nil } }
    var table = TextTable(shown.map(\.column))
    for (row, plan) in plans { table.append(shown.map { $0.cell(row, plan) ?? "-" }) }
    return table.text(width: width)
  }

  /// What the column of times holds, and its largest part by criterion; these alone differ from run to run.
  private func times(width: Int?) -> String {
    let isRepaired = outcome.rows.contains { $0.plan?.repairedLoss != nil }
    let text =
      "time: measuring by the criterion, which serves all of its rows, + solving + evaluating"
      + (isRepaired ? " + repairing" : "") + "; what was found in the checkpoint took none\n"
    let measured = zip(labels.criteria, outcome.criteria).map { "\($0) \(Quantity.duration($1.seconds))" }
    return text + ComparisonTable.lines("measuring took: ", measured, width: width)
  }

  /// Parts one behind another, as many in a line as there is room for.
  private static func lines(_ title: String, _ parts: [String], width: Int?) -> String {
    var lines = [title + (parts.first ?? "")]
    for part in parts.dropFirst() {
      // With the mark that may follow.
      if lines[lines.count - 1].columns + part.columns + 3 > width ?? .max {
        lines[lines.count - 1] += ";"
        lines.append("  " + part)
      } else {
        lines[lines.count - 1] += "; " + part
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The files, those of the rows as one.
  private var fileList: String {
    let ratios = outcome.rows.count { $0.plan != nil }
    let others = outcome.files.filter { !$0.hasPrefix("ratios-") }
    return (others + ["ratios-N.json for \(Quantity.number(ratios, "row"))"]).joined(separator: ", ")
  }
}
