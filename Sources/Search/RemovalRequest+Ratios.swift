import Allocation
import Channels
import Configuration
import Sensitivity

extension RemovalDraft {
  /// The share of a group's units that goes, and who says so.
  private struct GroupRatio {
    let ratio: Double
    let demand: Demand
    let asked: Double
  }

  /// One layer's channels that can go, by group.
  private struct LayerDemand {
    let layer: Int
    let entry: RatioFile.Entry<Double>
    let groups: [(group: Int, channels: Int)]
    /// Channels that are to go.
    let wanted: Double
  }

  /// Ratios of this difference are the same: what writing six decimals may round off.
  private static let tolerance = 1e-6

  /// Removes each layer's share, lowest scores first.
  mutating func remove(_ entries: [(layer: Int, entry: RatioFile.Entry<Double>)], scores: ChannelScores) throws {
    var ratios = [GroupRatio?](repeating: nil, count: structure.groups.count)
    var spread: [LayerDemand] = []
    for (layer, entry) in entries {
      try checkCount(entry.channels, layer, entry.path)
      let outputs = structure.layers[layer].outputs
      var counts: [Int: Int] = [:]
      for channel in 0..<outputs {
        if let unit = unit(channel, of: layer) { counts[unit.group, default: 0] += 1 }
      }
      let demand = LayerDemand(
        layer: layer, entry: entry, groups: counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
        wanted: entry.share * Double(outputs))
      switch demand.groups.count {
      case 0:
        if entry.share > 0 {
          try freezeShare(entry.share, of: layer, path: entry.path, reason: reason(0, of: layer), scores: scores)
        }
      case 1: try settle(demand, &ratios)
      default: spread.append(demand)
      }
    }
    // Behind those that leave no choice: their other groups make up for what is settled.
    for demand in spread { try settle(demand, &ratios) }
    for (group, ratio) in zip(structure.groups, ratios) {
      guard let ratio, ratio.ratio > 0 else { continue }
      do {
        let whole = try ChoiceGroup(
          name: structure.layers[ratio.demand.layer].name, losses: scores.groups[group.id], partitions: group.partitions
        )
        let fixed = try whole.fixed(atRatio: ratio.ratio)
        let units = fixed.removedUnits(keeping: fixed.ladder[0])
        if !units.isEmpty { take(units, of: group.id, for: ratio.demand) }
      } catch let problem {
        throw error(ratio.demand.path, "\(problem)")
      }
    }
  }

  /// Spreads what a layer loses evenly over those of its groups that nothing else settles.
  private func settle(_ demand: LayerDemand, _ ratios: inout [GroupRatio?]) throws {
    let settled = demand.groups.filter { ratios[$0.group] != nil }
    let open = demand.groups.filter { ratios[$0.group] == nil }
    let going = settled.reduce(0.0) { $0 + Double($1.channels) * (ratios[$1.group]?.ratio ?? 0) }
    let left = demand.wanted - going
    let channels = open.reduce(0) { $0 + $1.channels }
    // Of several groups each may round its share by half a channel.
    let slack = demand.groups.count > 1 ? 1 : Self.tolerance * Double(max(demand.groups[0].channels, 1))
    if left < -slack || open.isEmpty && left > slack {
      guard let other = settled.compactMap({ ratios[$0.group] }).first(where: { $0.demand.layer != demand.layer })
      else { return }
      throw error(
        demand.entry.path,
        "\(name(other.demand.layer)) and \(name(demand.layer)) share their channels, but are given the ratios "
          + "\(other.asked) and \(demand.entry.share)")
    }
    guard !open.isEmpty else { return }
    let ratio = max(left, 0) / Double(channels)
    guard ratio < 1 else {
      let outputs = structure.layers[demand.layer].outputs
      let fixed = (0..<outputs).first { unit($0, of: demand.layer) == nil }
      throw error(
        demand.entry.path,
        "asks for \(demand.entry.share) of the \(outputs) channels of \(name(demand.layer)), of which less than "
          + "\(demand.groups.reduce(0) { $0 + $1.channels }) can go"
          + (fixed.map { ": \(reason($0, of: demand.layer))" } ?? ""))
    }
    for (group, _) in open {
      ratios[group] = GroupRatio(
        ratio: ratio, demand: Demand(path: demand.entry.path, layer: demand.layer, channel: 0),
        asked: demand.entry.share)
    }
  }

  /// Notes the share of a layer that cannot go, those channels whose own scores are lowest.
  mutating func freezeShare(
    _ ratio: Double, of layer: Int, path: String, reason: String, scores: ChannelScores
  ) throws {
    let own = scores.layers[layer]
    let count = min(Int((Double(own.count) * ratio).rounded(.toNearestOrEven)), own.count - 1)
    let order = own.indices.sorted { (own[$0], $0) < (own[$1], $1) }
    try freeze(Array(order.prefix(count)), of: layer, path: path, asked: "a ratio of \(ratio) of", reason: reason)
  }
}
