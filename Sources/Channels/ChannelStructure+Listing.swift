/// From channels that are listed by layer to the units that go.
extension ChannelStructure {
  /// The units that listed channels belong to, where the list is meant to be complete, as that of a ratio file.
  /// - Parameter channels: by index in `layers` the output channels to remove; a layer that is absent loses none.
  /// - Returns: by group id the units to remove.
  /// - Throws: `RemovalError` when a layer has no such channel, a channel has to stay, or a layer has channels of a unit
  ///   that goes and does not list them.
  public func units(removingExactly channels: [Int: [Int]]) throws(RemovalError) -> [Set<Int>] {
    let listed = try listing(channels)
    for (index, layer) in layers.enumerated() {
      let own = Set(channels[index] ?? [])
      for (channel, unit) in layer.outputUnits.enumerated() {
        guard !own.contains(channel), let unit, let cause = listed[unit] else { continue }
        throw .notListed(layer: layer.name, channel: channel, with: layers[cause.layer].name, listed: cause.channel)
      }
    }
    return removed(listed.keys)
  }

  /// The units that listed channels belong to; each takes all its channels with it, in whatever layer they are.
  /// - Parameter channels: by index in `layers` the output channels to remove.
  /// - Returns: by group id the units to remove.
  /// - Throws: `RemovalError` when a layer has no such channel, or a channel has to stay.
  public func units(removingWith channels: [Int: [Int]]) throws(RemovalError) -> [Set<Int>] {
    removed(try listing(channels).keys)
  }

  /// The unit of a layer's output channel; `nil` for one of no unit.
  func unit(ofOutput channel: Int, _ layer: Layer) throws(RemovalError) -> UnitReference? {
    guard layer.outputUnits.indices.contains(channel) else {
      throw .unknownChannel(layer: layer.name, channel: channel, channels: layer.outputs)
    }
    return layer.outputUnits[channel]
  }

  /// Every unit that is listed, and where it is listed first.
  private func listing(
    _ channels: [Int: [Int]]
  ) throws(RemovalError) -> [UnitReference: (layer: Int, channel: Int)] {
    var listed: [UnitReference: (layer: Int, channel: Int)] = [:]
    for (index, list) in channels.sorted(by: { $0.key < $1.key }) {
      let layer = layers[index]
      for channel in list {
        let unit = try unit(ofOutput: channel, layer)
        guard let unit, groups[unit.group].isPrunable else {
          let reason = unit.flatMap { groups[$0.group].reason } ?? layer.reason ?? .unitless(layer.name, layer.opType)
          throw .mustStay(layer: layer.name, channel: channel, reason: reason)
        }
        if listed[unit] == nil { listed[unit] = (index, channel) }
      }
    }
    return listed
  }

  private func removed(_ units: some Sequence<UnitReference>) -> [Set<Int>] {
    var removed = [Set<Int>](repeating: [], count: groups.count)
    for unit in units { removed[unit.group].insert(unit.unit) }
    return removed
  }
}
