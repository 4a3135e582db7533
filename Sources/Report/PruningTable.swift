import Channels
import Configuration
import Search

/// What a result has in full and what is left of it: layer by layer, and below the whole network.
struct PruningTable {
  private let ratios: RatioConfig

  init(_ ratios: RatioConfig) { self.ratios = ratios }

  /// The table, what its columns mean, and why layers stay whole.
  /// - Parameter width: columns of the terminal; `nil` for no limit. Where it is too narrow, first names are cut in their
  ///   middle, then op types, shapes, groups and the ranges of resamples and of what is feasible go, in this order.
  func text(width: Int?) -> String {
    let table = table
    var text = "level: 1 - current / full"
    if table.titles(width: width).contains(PruningTable.feasible) {
      text += "; feasible: the levels that the network and the configuration allow"
    }
    text += "\n\n"
    for layer in ratios.layers {
      text += layer.reason.map { "\("\(layer.name) stays whole: \($0)".printable())\n" } ?? ""
    }
    return table.text(width: width) + text.wrapped(to: width)
  }

  private static let feasible = "feasible"

  private var table: TextTable {
    let hasBits = ratios.layers.contains { $0.bits != nil }
    let hasIntervals = ratios.layers.contains { $0.interval != nil }
    var columns: [TextTable.Column] = [
      .init("layer", .leading, shrinking: .middle), .init("op", .leading, leaves: 5), .init("group", leaves: 3),
      .init("shape", .leading, leaves: 4), .init("full"), .init("current"), .init("level"),
    ]
    if hasIntervals { columns.append(.init("90 % of resamples", leaves: 2)) }
    columns.append(.init(PruningTable.feasible, leaves: 1))
    if hasBits { columns += [.init("act. bits"), .init("weight bits")] }
    var table = TextTable(columns)
    for layer in ratios.layers {
      var cells = [
        layer.name, layer.opType,
        layer.groups.count > 1 ? "several" : layer.groups.first.map(String.init) ?? "-",
        layer.filterShape.map(String.init).joined(separator: "x"), String(layer.channels),
        String(layer.channels - layer.prunedChannels.count), PruningTable.level(layer.pruneRatio),
      ]
      if hasIntervals { cells.append(layer.interval.map(PruningTable.range) ?? "-") }
      cells.append(PruningTable.range(layer.feasible))
      if hasBits {
        cells += [layer.bits.map { String($0.activation) } ?? "-", layer.bits.map { String($0.weight) } ?? "-"]
      }
      table.append(cells, short: LayerIdentity(name: layer.name, opType: layer.opType, weight: layer.weight).modulePath)
    }
    for total in totals {
      var cells = [total.name, "", "", "", total.full, total.current, PruningTable.level(total.level)]
      if hasIntervals { cells.append("") }
      cells.append(total.highest.map { PruningTable.range(0...max($0, 0)) } ?? "-")
      if hasBits { cells += ["", ""] }
      table.append(total: cells)
    }
    return table
  }

  /// One line on the whole network.
  private typealias Total = (name: String, full: String, current: String, level: Double, highest: Double?)

  private var totals: [Total] {
    let full = ratios.layers.reduce(0) { $0 + $1.channels }
    let gone = ratios.layers.reduce(0) { $0 + $1.prunedChannels.count }
    let most = ratios.layers.reduce(0.0) { $0 + $1.feasible.upperBound * Double($1.channels) }
    func share(_ part: Double) -> Double { full > 0 ? part / Double(full) : 0 }
    let channels = Total("channels", String(full), String(full - gone), share(Double(gone)), share(most))
    return [channels]
      + ratios.costs.map { cost in
        Total(
          cost.metric.rawValue, Quantity.cost(cost.before, cost.metric), Quantity.cost(cost.after, cost.metric),
          cost.before > 0 ? 1 - cost.after / cost.before : 0, cost.leastShare.map { 1 - $0 })
      }
  }

  /// A share of what goes, as NNCF and others print it.
  private static func level(_ share: Double) -> String { Quantity.decimal(share, 3) }

  /// Between which levels something lies; one number where that is all.
  private static func range(_ levels: ClosedRange<Double>) -> String {
    let (least, most) = (level(levels.lowerBound), level(levels.upperBound))
    guard least != most else { return levels.upperBound == 0 ? "0" : most }
    return "\(levels.lowerBound == 0 ? "0" : least) - \(most)"
  }
}
