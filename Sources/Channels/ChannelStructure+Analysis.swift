public import Networks

extension ChannelStructure {
  /// Finds layers, units and groups of a network by running it on labels.
  ///
  /// Give the network as imported, normalisations not folded: they are members of their groups.
  public init(of network: Network) {
    let propagation = LabelPropagation(network)
    var grouping = UnitGrouping(propagation)
    groups = grouping.makeGroups()
    layers = network.nodes.indices.compactMap { grouping.layer(at: $0) }
    norms = network.nodes.indices.compactMap { grouping.norm(at: $0) }
    firstUnits = groups.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.unitCount) }
    let producers = network.producers()
    let firstUnits = firstUnits
    values = network.values.indices.map { index in
      let node = producers[index].map { network.nodes[$0] }
      let name = network.values[index].name
      return FlowingValue(
        name: name, place: node?.name ?? name, opType: node?.opType ?? "input",
        units: grouping.unitArray(ValueID(index), firstUnits: firstUnits))
    }
  }
}
