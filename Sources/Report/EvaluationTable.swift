import Channels
public import Configuration
public import Search

/// Networks side by side: what they are worth and what they cost.
public struct EvaluationTable {
  private let evaluations: [ModelEvaluation]

  /// A table of evaluations, the first the one that others are compared with.
  public init(_ evaluations: [ModelEvaluation]) { self.evaluations = evaluations }

  /// The table as lines.
  /// - Parameter width: characters per line; `nil` for no limit. Where it is too narrow, the less important columns give
  ///   way.
  public func text(width: Int?) -> String {
    let samples = evaluations.first.map { "evaluated on \(Quantity.number($0.sampleCount, "sample"))\n" } ?? ""
    return table.text(width: width) + samples
  }

  private var table: TextTable {
    let hasLabels = evaluations.contains { $0.accuracy != nil }
    let hasFive = evaluations.contains { $0.topFiveAccuracy != nil }
    let hasAgreement = evaluations.contains { $0.agreement != nil }
    var columns: [TextTable.Column] = [.init("network", .leading, shrinking: .beginning), .init("loss")]
    if hasLabels { columns.append(.init("top-1")) }
    if hasFive { columns.append(.init("top-5", leaves: 4)) }
    if hasAgreement { columns.append(.init("agreement", leaves: 2)) }
    columns += [
      .init("FLOPs", leaves: 1), .init("params", leaves: 5), .init("file", leaves: 6),
      .init("bit complexity", leaves: 7), .init("time/sample", leaves: 3),
    ]
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
      cells += [cost(.flops), cost(.params), Quantity.count(one.fileSize) + "B", cost(.bitComplexity)]
      cells.append(Quantity.time(one.secondsPerSample))
      table.append(cells)
    }
    return table
  }

  /// The figures for a script.
  public var json: JSONValue { ["networks": .array(evaluations.map { $0.json() })] }
}
