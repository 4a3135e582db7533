import Channels
public import Configuration
public import Search

/// Networks side by side: what they are worth and what they cost.
public struct EvaluationTable {
  private let evaluations: [ModelEvaluation]

  /// A table of evaluations, the first the one that others are compared with.
  public init(_ evaluations: [ModelEvaluation]) { self.evaluations = evaluations }

  /// The table as lines.
  /// - Parameter width: characters per line; `nil` for no limit.
  public func text(width: Int?) -> String {
    let hasLabels = evaluations.contains { $0.accuracy != nil }
    let hasFive = evaluations.contains { $0.topFiveAccuracy != nil }
    let hasAgreement = evaluations.contains { $0.agreement != nil }
    var columns: [TextTable.Column] = [.init("network", .leading, mayShrink: true), .init("loss")]
    if hasLabels { columns.append(.init("top-1")) }
    if hasFive { columns.append(.init("top-5")) }
    if hasAgreement { columns.append(.init("agreement")) }
    columns += [.init("FLOPs"), .init("params"), .init("bit complexity"), .init("file"), .init("time/sample")]
    var table = TextTable(columns)
    for one in evaluations {
      var cells = [one.name, Quantity.significant(one.meanLoss)]
      func share(_ value: Double?) -> String { value.map(Quantity.percent) ?? "-" }
      if hasLabels { cells.append(share(one.accuracy)) }
      if hasFive { cells.append(share(one.topFiveAccuracy)) }
      if hasAgreement { cells.append(share(one.agreement)) }
      func cost(_ metric: CostMetric) -> String {
        one.costs.first { $0.metric == metric }.map { Quantity.count($0.cost) } ?? "-"
      }
      cells += [cost(.flops), cost(.params), cost(.bitComplexity), Quantity.count(one.fileSize) + "B"]
      cells.append(Quantity.time(one.secondsPerSample))
      table.append(cells)
    }
    let samples = evaluations.first.map { Quantity.number($0.sampleCount, "sample") } ?? ""
    return table.text(width: width) + (samples.isEmpty ? "" : "evaluated on \(samples)\n")
  }

  /// The figures for a script.
  public var json: JSONValue { ["networks": .array(evaluations.map { $0.json() })] }
}
