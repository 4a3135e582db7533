public import Networks

/// What a removal of channel units takes from every value and layer of the analysed network.
///
/// What stays keeps its order. Every node with its operands so cut yields what it did, so cut: up to the contributions of
/// removed channels to the sums that layers form over their inputs.
public struct ChannelRemoval: Sendable {
  /// By group id the units that go.
  public let removed: [Set<Int>]
  /// By group id how many units stay.
  public let kept: [Int]
  /// By `ValueID.index` what stays of each value; constants, of which every reader takes its own part, are `.whole`.
  public let parts: [KeptPart]
  /// By index in `ChannelStructure.layers` the input channels that a layer no longer reads, ascending; all convolution
  /// groups counted.
  public let removedInputs: [[Int]]
  /// By index in `ChannelStructure.layers` the output channels that go, ascending.
  public let removedOutputs: [[Int]]
  /// Inputs that layers leave out by a Gather, those that go anyway left away.
  public let gathers: [InputGathering]

  /// What a removal takes.
  /// - Parameters:
  ///   - removed: by group id the units that go.
  ///   - gathering: inputs that layers leave out although their producers keep them; they change no part.
  /// - Throws: `RemovalError` when there is no such unit, a unit has to stay, the groups of a grouped convolution would
  ///   lose unequal numbers, nothing would be left of a value, or a layer cannot gather.
  /// - Precondition: `removed` has one entry per group.
  public init(
    _ removed: [Set<Int>], gathering: [InputGathering] = [], from structure: ChannelStructure
  ) throws(RemovalError) {
    precondition(removed.count == structure.groups.count)
    self.removed = removed
    for (group, units) in zip(structure.groups, removed) { try group.check(removing: units) }
    kept = zip(structure.groups, removed).map { $0.unitCount - $1.count }

    var isRemoved = [Bool](repeating: false, count: structure.firstUnits.last ?? 0)
    for (group, units) in removed.enumerated() {
      for unit in units { isRemoved[structure.firstUnits[group] + unit] = true }
    }
    var parts = [KeptPart](repeating: .whole, count: structure.values.count)
    for (index, value) in structure.values.enumerated() {
      guard let units = value.units else { continue }
      guard let part = units.part(removing: isRemoved) else {
        throw .nothingKept(place: value.place, opType: value.opType, value: value.name)
      }
      parts[index] = part
    }
    self.parts = parts

    func gone(_ units: [UnitReference?]) -> [Int] {
      units.indices.filter { index in units[index].map { removed[$0.group].contains($0.unit) } ?? false }
    }
    removedOutputs = structure.layers.map { gone($0.outputUnits) }
    var removedInputs = structure.layers.map { gone($0.inputUnits) }
    gathers = try structure.checked(gathering, besides: removedInputs)
    for gather in gathers { removedInputs[gather.layer] = (removedInputs[gather.layer] + gather.channels).sorted() }
    for (layer, inputs) in zip(structure.layers, removedInputs) where inputs.count == layer.inputs {
      throw .nothingRead(layer: layer.name, inputs: layer.inputs)
    }
    self.removedInputs = removedInputs
  }

  /// What a Gather in front of a layer takes: positions along the channel axis of the layer's input as it is cut.
  /// - Parameter gather: one of `gathers`.
  public func positions(of gather: InputGathering, in structure: ChannelStructure) -> [Int] {
    let isGone = Set(removedInputs[gather.layer]).subtracting(gather.channels)
    let present = (0..<structure.layers[gather.layer].inputs).filter { !isGone.contains($0) }
    let isLeftOut = Set(gather.channels)
    return present.indices.filter { !isLeftOut.contains(present[$0]) }
  }

  /// Whether nothing goes and no layer reads less.
  public var isEmpty: Bool { gathers.isEmpty && removed.allSatisfy(\.isEmpty) }
}

extension ChannelGroup {
  /// Checks that units exist, may go, and go equally from all blocks.
  fileprivate func check(removing units: Set<Int>) throws(RemovalError) {
    guard let first = units.min(), let last = units.max() else { return }
    guard first >= 0, last < unitCount else {
      throw .unknownUnit(group: id, unit: first < 0 ? first : last, unitCount: unitCount)
    }
    if let reason {
      let member = members[0]
      throw .mustStay(layer: member.name, channel: member.indices[first].first ?? 0, reason: reason)
    }
    for (blocks, place) in zip(partitions, partitionPlaces) {
      let counts = blocks.map { block in block.count { units.contains($0) } }
      guard counts.allSatisfy({ $0 == counts[0] }) else {
        throw .unequalBlocks(place: place.name, opType: place.opType, layer: members[0].name, removed: counts)
      }
    }
  }
}
