import Channels
import Configuration

/// A removal while it is put together from what a file asks of single layers.
struct RemovalDraft {
  /// A channel that a file asks for, with the place where it does.
  struct Demand {
    let path: String
    let layer: Int
    let channel: Int
  }

  let file: String
  let structure: ChannelStructure
  let acceptsFrozen: Bool
  /// By group the units that go.
  var removed: [Set<Int>]
  /// By group the first place that asks for one of its units.
  private(set) var firstDemands: [Demand?]
  /// By layer the channels that are asked for and cannot go, with the place that asks.
  private(set) var frozen: [Int: (path: String, channels: Set<Int>, reason: String)] = [:]

  init(file: String, structure: ChannelStructure, acceptsFrozen: Bool) {
    self.file = file
    self.structure = structure
    self.acceptsFrozen = acceptsFrozen
    removed = structure.groups.map { _ in [] }
    firstDemands = structure.groups.map { _ in nil }
  }

  func error(_ path: String, _ problem: String) -> SearchError {
    SearchError(.badContent, file: file, "\(path): \(problem)")
  }

  func name(_ layer: Int) -> String { "'\(structure.layers[layer].name)'" }

  /// The unit that a channel goes with; `nil` for a channel that cannot go.
  func unit(_ channel: Int, of layer: Int) -> UnitReference? {
    guard let unit = structure.layers[layer].outputUnits[channel], structure.groups[unit.group].isPrunable else {
      return nil
    }
    return unit
  }

  /// Why a channel cannot go.
  func reason(_ channel: Int, of layer: Int) -> String {
    if let reason = structure.layers[layer].reason { return reason.description }
    let group = structure.layers[layer].outputUnits[channel]?.group
    return group.flatMap { structure.groups[$0].reason?.description } ?? "no layer's outputs go with it"
  }

  /// Takes a channel's unit, or notes that it cannot go.
  mutating func remove(_ demand: Demand) throws {
    guard let unit = unit(demand.channel, of: demand.layer) else {
      try freeze(
        [demand.channel], of: demand.layer, path: demand.path, asked: "channel \(demand.channel) of",
        reason: reason(demand.channel, of: demand.layer))
      return
    }
    take([unit.unit], of: unit.group, for: demand)
  }

  /// Takes units of a group.
  mutating func take(_ units: [Int], of group: Int, for demand: Demand) {
    removed[group].formUnion(units)
    firstDemands[group] = firstDemands[group] ?? demand
  }

  /// Notes channels that cannot go.
  /// - Throws: unless the caller accepts such.
  mutating func freeze(_ channels: [Int], of layer: Int, path: String, asked: String, reason: String) throws {
    guard acceptsFrozen else {
      let whole = structure.layers[layer].reason != nil
      throw error(
        path, "asks for \(asked) \(name(layer)), which cannot \(whole ? "lose channels" : "go"): \(reason)")
    }
    frozen[layer, default: (path, [], reason)].channels.formUnion(channels)
  }

  var frozenChannels: [RemovalRequest.FrozenChannels] {
    frozen.sorted { $0.key < $1.key }.map { layer, wish in
      RemovalRequest.FrozenChannels(layer: layer, channels: wish.channels.sorted(), reason: wish.reason)
    }
  }

  /// Sees that something stays of every layer, and that blocks lose equally many units.
  func checkWhole() throws {
    for (index, layer) in structure.layers.enumerated() {
      let own = frozen[index]?.channels ?? []
      let stays = layer.outputUnits.indices.contains { channel in
        !own.contains(channel) && !(layer.outputUnits[channel].map { removed[$0.group].contains($0.unit) } ?? false)
      }
      guard !stays else { continue }
      let demand = layer.outputUnits.lazy.compactMap { $0 }.compactMap { firstDemands[$0.group] }.first
      throw error(
        frozen[index]?.path ?? demand?.path ?? "$",
        "takes all \(layer.outputs) channels of \(name(index)); one at least must stay")
    }
    for group in structure.groups {
      guard let demand = firstDemands[group.id] else { continue }
      for blocks in group.partitions {
        let counts = blocks.map { $0.count { removed[group.id].contains($0) } }
        guard let least = counts.min(), let most = counts.max(), least < most else { continue }
        throw error(
          demand.path,
          "the channels of \(name(demand.layer)) run through groups of a convolution or normalisation, \(blocks.count) "
            + "of \(blocks[0].count), which must lose equally many: one loses \(most), another \(least)")
      }
    }
  }
}
