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
  }
}

/// Turns classes of labels into units, and units of one signature into groups.
private struct UnitGrouping {
  private let network: Network
  private let propagation: LabelPropagation
  private var classes: LabelClasses
  private var groups: [ChannelGroup] = []
  /// By class root: the unit it became.
  private var references: [Int32: UnitReference] = [:]

  init(_ propagation: LabelPropagation) {
    self.propagation = propagation
    network = propagation.network
    classes = propagation.classes
  }

  /// One index list per role that a class plays, keyed by the role's number.
  private typealias Signature = [Int: [Int]]

  mutating func makeGroups() -> [ChannelGroup] {
    var signatures: [Int32: Signature] = [:]
    for (number, role) in propagation.roles.enumerated() {
      for (index, label) in role.labels.enumerated() where label != LabelArray.none {
        signatures[classes.find(label), default: [:]][number, default: []].append(index)
      }
    }
    // Units of one signature (same places, as many indices at each) are a group; order of first appearance.
    var order: [[Int]] = []
    var members: [[Int]: [Int32]] = [:]
    for root in signatures.keys.sorted() {
      guard let signature = signatures[root],
        signature.keys.contains(where: { propagation.roles[$0].role == .produce })
      else { continue }
      let frozen = classes.reason(of: root) == nil ? 0 : 1
      let key = [frozen] + signature.keys.sorted().flatMap { [$0, signature[$0]?.count ?? 0] }
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(root)
    }
    for key in order { append(members[key] ?? [], signatures) }
    return groups
  }

  private mutating func append(_ roots: [Int32], _ signatures: [Int32: Signature]) {
    guard let first = roots.first, let places = signatures[first] else { return }
    let numbers = places.keys.sorted {
      let (left, right) = (propagation.roles[$0], propagation.roles[$1])
      return (left.role, left.node) < (right.role, right.node)
    }
    let id = groups.count
    for (unit, root) in roots.enumerated() { references[root] = UnitReference(group: id, unit: unit) }
    let members = numbers.map { number in
      let role = propagation.roles[number]
      return ChannelMember(
        role: role.role, node: role.node, name: network.nodes[role.node].name, initializer: role.initializer,
        axis: role.axis, indices: roots.map { signatures[$0]?[number] ?? [] })
    }
    var reason = classes.reason(of: first)
    var partitions: [[[Int]]] = []
    if reason == nil {
      do {
        partitions = try EqualBlocks.partitions(members, network)
      } catch {
        reason = error.reason
      }
    }
    groups.append(
      ChannelGroup(id: id, unitCount: roots.count, members: members, partitions: partitions, reason: reason))
  }

  private mutating func units(_ labels: [Int32]) -> [UnitReference?] {
    labels.map { label in label == LabelArray.none ? nil : references[classes.find(label)] }
  }

  mutating func layer(at index: Int) -> Layer? {
    let node = network.nodes[index]
    guard let outgoing = propagation.layerOutputs[index], let incoming = propagation.layerInputs[index],
      let weight = node.inputs[1]
    else { return nil }
    let output = network[node.outputs[0]].shape
    var axis = 1
    var geometry: Convolution?
    // Where the kernel is applied: at every output, or for a transposed convolution at every input.
    var applied = output
    switch node.operation {
    case .convolution(let convolution): geometry = convolution
    case .convolutionTranspose(let convolution):
      geometry = convolution
      if let x = node.inputs[0] { applied = network[x].shape }
    default: axis = output.rank - 1
    }
    let outputUnits = units(outgoing)
    return Layer(
      node: index, name: node.name, opType: node.opType, weight: network[weight].name, output: node.outputs[0],
      channelAxis: axis, outputShape: Array(output.dimensions.dropFirst()), kernel: geometry?.kernel ?? [],
      convolutionGroups: geometry?.groups ?? 1,
      isDepthwise: geometry?.isDepthwise(inputs: incoming.count) ?? false,
      hasBias: node.inputs.count > 2 && node.inputs[2] != nil,
      positions: applied.count / applied[axis] / network.batchSize, outputUnits: outputUnits,
      inputUnits: units(incoming), reason: reason(outputUnits, outgoing, node))
  }

  private mutating func reason(_ outputs: [UnitReference?], _ labels: [Int32], _ node: Node) -> FreezeReason? {
    if outputs.contains(where: { $0.map { groups[$0.group].isPrunable } ?? false }) { return nil }
    for case let reference? in outputs {
      if let reason = groups[reference.group].reason { return reason }
    }
    for label in labels where label != LabelArray.none {
      if let reason = classes.reason(of: label) { return reason }
    }
    return FreezeReason(
      place: node.name, opType: node.opType,
      cause: "its inputs are no channels of another layer, and so its outputs are none")
  }

  mutating func norm(at index: Int) -> Norm? {
    let node = network.nodes[index]
    let parameters = node.inputs.dropFirst().compactMap { $0 }.map { network[$0].shape.count }
    switch node.operation {
    case .batchNormalization, .groupNormalization:
      let role = propagation.roles.first { $0.role == .norm && $0.node == index }
      return Norm(
        name: node.name,
        units: role.map { units($0.labels) } ?? [UnitReference?](repeating: nil, count: parameters[0]),
        parametersPerChannel: 2)
    case .layerNormalization:
      return Norm(
        name: node.name, units: [UnitReference?](repeating: nil, count: parameters[0]),
        parametersPerChannel: parameters.count)
    default: return nil
    }
  }
}
