import Channels
import Configuration

extension RemovalDraft {
  /// Removes what a `ratios.json` lists, which has to be all that goes.
  mutating func remove(complete entries: [(layer: Int, entry: RatioFile.Entry<[Int]>)]) throws {
    var listed: [Int: (path: String, channels: Set<Int>)] = [:]
    for (layer, entry) in entries {
      try checkCount(entry.channels, layer, entry.path)
      listed[layer] = (entry.path, Set(entry.share))
      for channel in entry.share { try remove(Demand(path: entry.path, layer: layer, channel: channel)) }
    }
    for (layer, properties) in structure.layers.enumerated() {
      for channel in 0..<properties.outputs {
        guard let unit = properties.outputUnits[channel], removed[unit.group].contains(unit.unit),
          listed[layer]?.channels.contains(channel) != true
        else { continue }
        let cause = cause(of: unit, in: entries)
        guard let path = listed[layer]?.path else {
          throw error("$.layers", "does not list \(name(layer)), whose channel \(channel) goes with \(cause)")
        }
        throw error(path, "does not list channel \(channel) of \(name(layer)), which goes with \(cause)")
      }
    }
  }

  /// Removes what is listed by hand, and all that goes with it.
  mutating func remove(completing entries: [(layer: Int, entry: RatioFile.Entry<RatioFile.ChannelList>)]) throws {
    for (layer, entry) in entries {
      if let axis = entry.share.axis { try checkAxis(axis, layer, entry.path) }
      let count = structure.layers[layer].outputs
      for channel in entry.share.indices {
        guard channel < count else {
          throw error(entry.path, "asks for channel \(channel) of \(name(layer)), which has channels 0 to \(count - 1)")
        }
        try remove(Demand(path: entry.path, layer: layer, channel: channel))
      }
    }
  }

  /// Sees that the layer is as wide as the file says.
  func checkCount(_ count: Int?, _ layer: Int, _ path: String) throws {
    let found = structure.layers[layer].outputs
    guard let count, count != found else { return }
    throw error(path, "says that \(name(layer)) has \(count) channels, but it has \(found): this is another network")
  }

  /// Sees that an axis of a layer's weight is that of its output channels.
  private func checkAxis(_ axis: Int, _ layer: Int, _ path: String) throws {
    let node = structure.layers[layer].node
    for group in Set(structure.layers[layer].outputUnits.compactMap { $0?.group }).sorted() {
      let makers = structure.groups[group].members.filter {
        $0.node == node && ($0.role == .produce || $0.role == .pass)
      }
      guard let outputs = makers.first?.axis, outputs != axis else { continue }
      throw error(
        path,
        "asks for axis \(axis) of the weight of \(name(layer)), whose output channels are along axis \(outputs); "
          + "inputs go with what makes them")
    }
  }

  private func cause(of unit: UnitReference, in entries: [(layer: Int, entry: RatioFile.Entry<[Int]>)]) -> String {
    for (layer, entry) in entries {
      for channel in entry.share where structure.layers[layer].outputUnits[channel] == unit {
        return "channel \(channel) of \(name(layer))"
      }
    }
    return "another one"
  }
}
