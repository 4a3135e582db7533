import Networks

/// Turns classes of labels into units, and units of one signature into groups.
struct UnitGrouping {
  private let network: Network
  private let samples: SampleAxes
  private var propagation: LabelPropagation
  private var classes: LabelClasses
  private var groups: [ChannelGroup] = []
  /// By class root: the unit it became.
  private var references: [Int32: UnitReference] = [:]
  /// By node the place of a normalisation's parameters.
  private let normRoles: [Int: LabelRole]

  init(_ propagation: LabelPropagation) {
    self.propagation = propagation
    network = propagation.network
    samples = SampleAxes(of: propagation.network)
    classes = propagation.classes
    let norms = propagation.roles.lazy.filter { $0.role == .norm }.map { ($0.node, $0) }
    normRoles = Dictionary(norms, uniquingKeysWith: { first, _ in first })
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
    var drafts = order.map { draft(members[$0] ?? [], signatures) }
    divide(&drafts, signatures)
    for draft in drafts { append(draft) }
    return groups
  }

  /// A group before it has a number.
  private struct Draft {
    let roots: [Int32]
    let members: [ChannelMember]
    let partitions: [EqualBlocks.Partition]
    var reason: FreezeReason?

    /// Whether at least one of some units stays whatever goes: all of one block, or of all where there are none.
    func keepsSome(of chosen: Set<Int32>) -> Bool {
      if reason != nil || roots.allSatisfy(chosen.contains) { return true }
      return partitions.contains { $0.blocks.contains { block in block.allSatisfy { chosen.contains(roots[$0]) } } }
    }
  }

  private mutating func draft(_ roots: [Int32], _ signatures: [Int32: Signature]) -> Draft {
    let places = signatures[roots[0]] ?? [:]
    let numbers = places.keys.sorted {
      let (left, right) = (propagation.roles[$0], propagation.roles[$1])
      return (left.role, left.node) < (right.role, right.node)
    }
    let members = numbers.map { number in
      let role = propagation.roles[number]
      return ChannelMember(
        role: role.role, node: role.node, name: network.nodes[role.node].name, initializer: role.initializer,
        axis: role.axis, indices: roots.map { signatures[$0]?[number] ?? [] })
    }
    var reason = classes.reason(of: roots[0])
    var partitions: [EqualBlocks.Partition] = []
    if reason == nil {
      do {
        partitions = try EqualBlocks.partitions(members, network)
      } catch {
        reason = error.reason
      }
    }
    return Draft(roots: roots, members: members, partitions: partitions, reason: reason)
  }

  /// Divides groups so that one unit of each, which always stays, keeps every value from losing all its channels.
  ///
  /// Only what takes part of an axis yields a value with some units of a group and not the others.
  private mutating func divide(_ drafts: inout [Draft], _ signatures: [Int32: Signature]) {
    var draftOf: [Int32: Int] = [:]
    for (number, draft) in drafts.enumerated() { for root in draft.roots { draftOf[root] = number } }
    var divisions = 0
    for node in network.nodes {
      switch node.operation {
      case .split, .slice, .gather: break
      default: continue
      }
      for output in node.outputs {
        let labels = propagation.array(output).labels
        guard !labels.contains(LabelArray.none) else { continue }
        let roots = Set(labels.map { classes.find($0) })
        // Roots of no unit stay.
        let touched = Set(roots.map { draftOf[$0] ?? -1 }).sorted()
        guard let first = touched.first, first >= 0, !touched.contains(where: { drafts[$0].keepsSome(of: roots) })
        else { continue }
        guard let divided = touched.first(where: { drafts[$0].partitions.isEmpty }) else {
          drafts[first].reason = FreezeReason(
            place: node.name, opType: node.opType,
            cause: "takes some channels of a grouped convolution, of which equal groups may leave none",
            unlock: "a convolution with one group would free them")
          continue
        }
        divisions += 1
        guard divisions <= AnalysisLimits.divisions else {
          drafts[divided].reason = FreezeReason(
            place: node.name, opType: node.opType, cause: "takes one of too many different parts of the channels")
          continue
        }
        let whole = drafts[divided].roots
        for root in whole where roots.contains(root) { draftOf[root] = drafts.count }
        drafts.append(draft(whole.filter { roots.contains($0) }, signatures))
        drafts[divided] = draft(whole.filter { !roots.contains($0) }, signatures)
      }
    }
    drafts.sort { $0.roots[0] < $1.roots[0] }
  }

  private mutating func append(_ draft: Draft) {
    let id = groups.count
    for (unit, root) in draft.roots.enumerated() { references[root] = UnitReference(group: id, unit: unit) }
    groups.append(
      ChannelGroup(
        id: id, unitCount: draft.roots.count, members: draft.members, partitions: draft.partitions.map(\.blocks),
        partitionPlaces: draft.partitions.map { (network.nodes[$0.node].name, network.nodes[$0.node].opType) },
        reason: draft.reason))
  }

  /// The unit of every element of a value; `nil` for a constant, and for what has no units.
  mutating func unitArray(_ value: ValueID, firstUnits: [Int]) -> UnitArray? {
    guard network[value].constant == nil else { return nil }
    let array = propagation.array(value)
    let units = array.labels.map { label in
      guard label != LabelArray.none, let unit = references[classes.find(label)] else { return UnitArray.none }
      return Int32(firstUnits[unit.group] + unit.unit)
    }
    guard units.contains(where: { $0 != UnitArray.none }) else { return nil }
    // What differs only in labels of no unit does not change.
    let compact = LabelArray(extents: array.extents, stored: array.stored, labels: units)
    return UnitArray(stored: compact.stored, units: compact.labels)
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
    func space(_ id: ValueID?) -> [Int] {
      id.flatMap { geometry == nil ? nil : Array(network[$0].shape.dimensions.dropFirst(2)) } ?? []
    }
    let outputUnits = units(outgoing)
    return Layer(
      node: index, name: node.name, opType: node.opType, weight: network[weight].name,
      operation: node.operation, output: node.outputs[0], channelAxis: axis,
      outputShape: samples.sampleExtents(of: node.outputs[0]), inputExtents: space(node.inputs[0]),
      outputExtents: space(node.outputs[0]), kernel: geometry?.kernel ?? [],
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
    return .unitless(node.name, node.opType)
  }

  mutating func norm(at index: Int) -> Norm? {
    let node = network.nodes[index]
    let parameters = node.inputs.dropFirst().compactMap { $0 }.map { network[$0].shape.count }
    switch node.operation {
    case .batchNormalization, .groupNormalization:
      let role = normRoles[index]
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
