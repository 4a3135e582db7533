import Channels
import Configuration

/// The content of a search's `ratios.json`, read back.
struct StoredRatios {
  /// One layer.
  struct Layer {
    let prunedChannels: [Int]
    let interval: ClosedRange<Double>?
    let bits: LayerBits?
    let reason: String?
  }

  let model: String
  let sha256: String
  let costs: [(metric: SearchConfiguration.Metric, cost: ReportContent.Change)]
  let solution: LocatedMembers
  let layers: [Layer]

  /// - Parameter structure: of the network that the ratios are for.
  init(_ root: LocatedJSON, _ structure: ChannelStructure) throws(ConfigurationError) {
    let members = try root.members(["format_version", "model", "target", "achieved", "solution", "layers"])
    _ = try members.required("format_version").integer(in: 1...1, expected: "1, the only version that is read")
    let model = try members.required("model").members(["name", "sha256"])
    self.model = try model.required("name").string()
    sha256 = try model.required("sha256").string()
    let achieved = try members.required("achieved").members(["compression_ratio", "cost"])
    costs = try SearchConfiguration.Metric.values(try achieved.required("cost")) { (place) throws(ConfigurationError) in
      let members = try place.members(["before", "after"])
      return ReportContent.Change(
        before: try members.required("before").number(expected: "a cost") { $0 >= 0 },
        after: try members.required("after").number(expected: "a cost") { $0 >= 0 })
    }
    solution = try members.required("solution").members([
      "method", "predicted_loss_change", "objective", "lower_bound", "gap", "dual_price", "dual_prices",
      "measured_loss_change", "repaired_loss_change",
    ])
    let list = try members.required("layers")
    let elements = try list.elements()
    guard elements.count == structure.layers.count else {
      throw list.error("has \(elements.count) layers, the network \(structure.layers.count)")
    }
    var layers: [Layer] = []
    for (element, layer) in zip(elements, structure.layers) { layers.append(try Layer(element, layer)) }
    self.layers = layers
  }

  /// The units that are left of each group.
  /// - Throws: `RemovalError` when what goes does not go together.
  func keptUnits(_ structure: ChannelStructure) throws(RemovalError) -> [Int] {
    let channels = Dictionary(uniqueKeysWithValues: layers.map(\.prunedChannels).enumerated().map { ($0, $1) })
    return zip(structure.groups, try structure.units(removingExactly: channels)).map { $0.unitCount - $1.count }
  }
}

extension StoredRatios.Layer {
  fileprivate init(_ place: LocatedJSON, _ layer: Layer) throws(ConfigurationError) {
    let members = try place.members([
      "name", "op_type", "weight", "group", "channels", "prune_ratio", "prune_ratio_interval", "pruned_channels",
      "bits",
      "reason",
    ])
    let name = try members.required("name")
    guard try name.string() == layer.name else { throw name.error("the network has '\(layer.name)' there") }
    let count = try members.required("channels")
    guard try count.integer(in: 0...Int.max) == layer.outputs else {
      throw count.error("the network's layer has \(layer.outputs) channels")
    }
    var pruned: [Int] = []
    for element in try members.required("pruned_channels").elements() {
      pruned.append(try element.integer(in: 0...max(layer.outputs - 1, 0), expected: "a channel of this layer"))
    }
    prunedChannels = pruned
    if let place = members["prune_ratio_interval"] {
      let ends = try place.elements()
      guard ends.count == 2 else { throw place.error(expected: "the two ends of an interval") }
      let lower = try ends[0].number(expected: "a ratio from 0 to 1") { (0...1).contains($0) }
      interval = lower...(try ends[1].number(expected: "a ratio from \(lower) to 1") { (lower...1).contains($0) })
    } else {
      interval = nil
    }
    bits = try members["bits"].map { (place) throws(ConfigurationError) in try LayerBits(place) }
    reason = try members["reason"]?.string()
  }
}
