import Channels
import Networks
import ReferenceData
import Testing

/// The groups of the shared networks against those that two other programs found.
@Suite(.enabled(if: ReferenceData.isPresent))
struct CouplingTests {
  /// A unit as (role, node, indices), whatever its number.
  private typealias Unit = Set<String>

  @Test(arguments: ReferenceData.models)
  func `groups equal those found by executing the graph on channel identities`(_ model: ReferenceModel) throws {
    let structure = ChannelStructure(of: try model.network(batchSize: 2))
    let expected = try model.coupling().groups.filter { group in group.entries.contains { $0.role == "produce" } }
    #expect(structure.groups.count == expected.count)
    let found = structure.groups.map { group in
      Description(
        isPrunable: group.isPrunable,
        units: Set(
          (0..<group.unitCount).map { unit in
            Set(group.members.filter { $0.role != .operand }.map { "\($0.role) \($0.name) \($0.indices[unit])" })
          }))
    }
    let wanted = expected.map { group in
      Description(
        isPrunable: group.prunable,
        units: Set(
          (0..<group.units).map { unit in
            Set(group.entries.map { "\($0.role) \($0.node) \($0.index[unit])" })
          }))
    }
    #expect(Set(found) == Set(wanted))
  }

  private struct Description: Hashable {
    let isPrunable: Bool
    let units: Set<Unit>
  }

  @Test(arguments: ReferenceData.models.filter { $0.variant == "bn" })
  func `layers that Torch-Pruning prunes together are in one group`(_ model: ReferenceModel) throws {
    let structure = ChannelStructure(of: try model.network(batchSize: 2))
    var classOfOutput: [String: [UnitReference?]] = [:]
    for layer in structure.layers { classOfOutput[layer.name] = layer.outputUnits }
    for group in try model.torchPruningGroups().groups {
      let producers = group.filter { $0.role == "produce" }
      guard let root = producers.first, let units = classOfOutput[root.node] else { continue }
      for other in producers.dropFirst() {
        let others = try #require(classOfOutput[other.node])
        for (one, two) in zip(root.index, other.index) { #expect(units[one] == others[two]) }
      }
    }
  }

  @Test(arguments: ReferenceData.models)
  func `removing one unit saves the multiply-accumulates that the graph says`(_ model: ReferenceModel) throws {
    let structure = ChannelStructure(of: try model.network(batchSize: 3))
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    let full = costs.total(.macs, kept: costs.unitCounts)
    let expected = try model.coupling().groups.filter(\.prunable)
    for (group, wanted) in zip(structure.groups.filter(\.isPrunable), expected) {
      guard let saved = wanted.macsOfOneUnit else { continue }
      var kept = costs.unitCounts
      kept[group.id] -= 1
      #expect(full - costs.total(.macs, kept: kept) == saved)
    }
  }

  @Test(arguments: ReferenceData.models)
  func `costs equal the golden counts exactly`(_ model: ReferenceModel) throws {
    let golden = try model.golden()
    let structure = ChannelStructure(of: try model.network(batchSize: 4))
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 4, weight: 8) })
    let kept = costs.unitCounts
    #expect(structure.layers.map(\.name) == golden.layers.map(\.node))
    for (index, layer) in golden.layers.enumerated() {
      let found = structure.layers[index]
      #expect(found.weight == layer.weight)
      #expect(found.outputShape == layer.outShape)
      #expect(found.outputs == layer.outChannels)
      #expect(found.inputs == layer.inChannels)
      #expect(costs.cost(ofLayer: index, .macs, kept: kept) == layer.macs)
      #expect(costs.cost(ofLayer: index, .flops, kept: kept) == layer.flops)
      #expect(costs.cost(ofLayer: index, .params, kept: kept) == layer.weightParams + layer.biasParams)
      #expect(costs.cost(ofLayer: index, .bitComplexity, kept: kept) == layer.flops * 4 * 8)
    }
    #expect(costs.total(.macs, kept: kept) == golden.totalMacs)
    #expect(costs.total(.flops, kept: kept) == golden.totalFlops)
    #expect(costs.total(.params, kept: kept) == golden.totalParams)
    #expect(costs.total(.bitComplexity, kept: kept) == golden.totalFlops * 32)
  }
}
