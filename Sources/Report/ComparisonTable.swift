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
        rows.filter { $0.plan == nil }.map { ($0.number, $0.criterion, $0.solver, $0.failure ?? "") })
      text += "\n"
    }
    text += "evaluated on \(Quantity.number(outcome.sampleCount, "sample")); as it is: loss "
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
    return text + "\n" + times(width: width) + "files in \(outcome.directory): \(fileList)\n"
  }

  private static let metrics: [(SearchConfiguration.Metric, String)] = [(.macs, "MACs"), (.params, "params")]

  /// Which columns a table has; the last ones give way first.
  private enum Detail: Int, CaseIterable {
    case change, accuracy, repaired, repairedAccuracy, time, macs, predicted, ratio, gap, params
  }

  private func table(_ rows: [ComparisonOutcome.Row], width: Int?) -> String {
    func fits(_ table: String) -> Bool { table.split(separator: "\n").allSatisfy { $0.count <= width ?? .max } }
    let plans = rows.filter { $0.plan != nil }
    guard !plans.isEmpty else { return "" }
    let hasAccuracy = plans.contains { $0.plan?.accuracy != nil }
    let hasPrediction = plans.contains { $0.plan?.predictedLossChange != nil }
    let isRepaired = plans.contains { $0.plan?.repairedLoss != nil }
    let hasGap = plans.contains { $0.plan?.ratios.gap != nil }
    let details = Detail.allCases.filter {
      switch $0 {
      case .accuracy: hasAccuracy
      case .repaired: isRepaired
      case .repairedAccuracy: isRepaired && hasAccuracy
      case .predicted: hasPrediction
      case .gap: hasGap
      default: true
      }
    }
    let tables = (0...details.count).reversed().lazy.map { self.table(plans, details.prefix($0), width: width) }
    return tables.first(where: fits) ?? table(plans, [], width: width)
  }

  private func table(_ rows: [ComparisonOutcome.Row], _ details: ArraySlice<Detail>, width: Int?) -> String {
    func has(_ detail: Detail) -> Bool { details.contains(detail) }
    var columns: [TextTable.Column] = [
      .init("row"), .init("", .leading), .init("criterion", .leading, shrinking: .middle),
      .init("solver", .leading, shrinking: .middle),
    ]
    if has(.predicted) { columns.append(.init("predicted")) }
    columns.append(.init("loss"))
    if has(.change) { columns.append(.init("change")) }
    if has(.accuracy) { columns.append(.init("accuracy")) }
    if has(.repaired) { columns.append(.init("repaired")) }
    if has(.repairedAccuracy) { columns.append(.init("accuracy")) }
    if has(.ratio) { columns.append(.init("ratio")) }
    if has(.macs) { columns.append(.init("MACs")) }
    if has(.params) { columns.append(.init("params")) }
    if has(.gap) { columns.append(.init("gap")) }
    if has(.time) { columns.append(.init("time")) }
    var table = TextTable(columns)
    for row in rows {
      guard let plan = row.plan else { continue }
      func cost(_ metric: SearchConfiguration.Metric) -> String {
        plan.ratios.costs.first { $0.metric == metric }.map { Quantity.cost($0.after, metric) } ?? "-"
      }
      var cells = [
        String(row.number), row.isBest ? "best" : "", labels.criteria[row.criterion], labels.solvers[row.solver],
      ]
      if has(.predicted) { cells.append(plan.predictedLossChange.map(Quantity.significant) ?? "-") }
      cells.append(Quantity.significant(plan.loss))
      if has(.change) { cells.append(Quantity.significant(plan.loss - outcome.originalLoss)) }
      if has(.accuracy) { cells.append(plan.accuracy.map(Quantity.percent) ?? "-") }
      if has(.repaired) { cells.append(plan.repairedLoss.map(Quantity.significant) ?? "-") }
      if has(.repairedAccuracy) { cells.append(plan.repairedAccuracy.map(Quantity.percent) ?? "-") }
      if has(.ratio) { cells.append("\(Quantity.decimal(plan.ratios.achieved.ratio, 3)) x") }
      if has(.macs) { cells.append(cost(.macs)) }
      if has(.params) { cells.append(cost(.params)) }
      if has(.gap) { cells.append(plan.ratios.gap.map { Quantity.percent($0, places: 2) } ?? "-") }
      if has(.time) { cells.append(outcome.seconds(of: row).map(Quantity.duration) ?? "-") }
      table.append(cells)
    }
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
      if lines[lines.count - 1].count + part.count + 3 > width ?? .max {
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
