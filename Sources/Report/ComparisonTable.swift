public import Configuration
public import Search

/// A comparison's outcome as text for a terminal: a table for each target, the best row first.
public struct ComparisonTable {
  private let outcome: ComparisonOutcome

  /// The tables of an outcome.
  public init(_ outcome: ComparisonOutcome) { self.outcome = outcome }

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
      text += failures(rows)
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
    return text + "\n" + times + "files in \(outcome.directory): \(fileList)\n"
  }

  /// Why rows have no plan, each reason once.
  private func failures(_ rows: [ComparisonOutcome.Row]) -> String {
    var reasons: [(text: String, rows: [String])] = []
    for row in rows where row.plan == nil {
      // A name in a hostile file may hold a line break.
      let reason = (row.failure ?? "").unicodeScalars.map { $0.value < 0x20 ? "?" : String($0) }.joined()
      let label = "\(row.number) (\(outcome.criteria[row.criterion].label); \(outcome.solvers[row.solver]))"
      if let index = reasons.firstIndex(where: { $0.text == reason }) {
        reasons[index].rows.append(label)
      } else {
        reasons.append((reason, [label]))
      }
    }
    return reasons.map { "\($0.rows.joined(separator: ", ")): \($0.text)\n" }.joined()
  }

  private static let metrics: [(SearchConfiguration.Metric, String)] = [(.macs, "MACs"), (.params, "params")]

  /// Which columns a table has; the last ones give way first.
  private enum Detail: Int, CaseIterable {
    case change, accuracy, repaired, repairedAccuracy, macs, predicted, ratio, gap, params
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
      .init("row"), .init("", .leading), .init("criterion", .leading, mayShrink: true),
      .init("solver", .leading, mayShrink: true),
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
    var table = TextTable(columns)
    for row in rows {
      guard let plan = row.plan else { continue }
      func cost(_ metric: SearchConfiguration.Metric) -> String {
        plan.ratios.costs.first { $0.metric == metric }.map { Quantity.cost($0.after, metric) } ?? "-"
      }
      var cells = [
        String(row.number), row.isBest ? "best" : "", outcome.criteria[row.criterion].label,
        outcome.solvers[row.solver],
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
      table.append(cells)
    }
    return table.text(width: width)
  }

  /// What measuring and solving took; these alone differ from run to run.
  private var times: String {
    let measured = outcome.criteria.map { "\($0.label) \(Quantity.duration($0.seconds))" }
    let solved = outcome.rows.compactMap { $0.plan?.seconds }
    return "measuring took: \(measured.joined(separator: "; ")); solving: \(Quantity.duration(solved.reduce(0, +)))\n"
  }

  /// The files, those of the rows as one.
  private var fileList: String {
    let ratios = outcome.rows.count { $0.plan != nil }
    let others = outcome.files.filter { !$0.hasPrefix("ratios-") }
    return (others + ["ratios-N.json for \(Quantity.number(ratios, "row"))"]).joined(separator: ", ")
  }
}
