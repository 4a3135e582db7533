import Channels
import ExecutorContract
import Networks
import Testing

/// What a removal says of every value, against cutting the network so and running it.
struct RemovalTests {
  /// Some units of every group that may go, at least one staying in each and equally many in all blocks.
  private func randomRemoval(
    _ structure: ChannelStructure, _ random: inout SeededGenerator
  ) -> [Set<Int>] {
    structure.groups.map { group in
      guard group.isPrunable, Int.random(in: 0..<4, using: &random) > 0, group.partitions.count < 2 else { return [] }
      if let blocks = group.partitions.first {
        let count = Int.random(in: 0..<blocks[0].count, using: &random)
        return Set(blocks.flatMap { $0.shuffled(using: &random).prefix(count) })
      }
      let count = Int.random(in: 0..<group.unitCount, using: &random)
      return Set((0..<group.unitCount).shuffled(using: &random).prefix(count))
    }
  }

  /// Gathers that leave their layers something to read beside what else goes.
  private func emptiesNone(
    _ gathers: [InputGathering], _ removed: [Set<Int>], _ structure: ChannelStructure
  ) -> [InputGathering] {
    gathers.filter { gather in
      let units = structure.layers[gather.layer].inputUnits
      let gone = units.count { unit in unit.map { removed[$0.group].contains($0.unit) } ?? false }
      return gone + gather.channels.count < units.count
    }
  }

  private func randomInputs(_ network: Network, _ random: inout SeededGenerator) -> [[Double]] {
    network.inputs.map { random.floats(network[$0].shape.count, in: -1...1).map(Double.init) }
  }

  @Test(arguments: 1...200)
  func `every node yields of its cut operands what stays of its result`(_ seed: Int) throws {
    let network = try RandomNetwork.make(seed: UInt64(seed))
    let structure = ChannelStructure(of: network)
    var random = SeededGenerator(seed: UInt64(seed) &* 977)
    for _ in 0..<3 {
      let wished = structure.layers.indices.map { index in
        (index, (0..<structure.layers[index].outputs).filter { _ in Int.random(in: 0..<4, using: &random) == 0 })
      }
      let gathers = try structure.gatherableInputs(wishing: Dictionary(uniqueKeysWithValues: wished))
      let removed = randomRemoval(structure, &random)
      let removal = try ChannelRemoval(removed, gathering: emptiesNone(gathers, removed, structure), from: structure)
      // What is scattered cannot be cut with index lists; the chain around it is checked elsewhere.
      guard !removal.parts.contains(.scattered) else { continue }
      let pruned = try PrunedNetwork(network, structure, removal)
      // Sums over fewer terms, in float64, may be rounded in another order.
      #expect(pruned.largestDifference(randomInputs(network, &random)) < 1e-9, "seed \(seed)")
    }
  }

  @Test(arguments: 1...100)
  func `what layers lose is what the cost model says they keep`(_ seed: Int) throws {
    let network = try RandomNetwork.make(seed: UInt64(seed))
    let structure = ChannelStructure(of: network)
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    var random = SeededGenerator(seed: UInt64(seed))
    let removal = try ChannelRemoval(randomRemoval(structure, &random), from: structure)
    for (index, layer) in structure.layers.enumerated() {
      let outputs = layer.outputs - removal.removedOutputs[index].count
      let inputs = layer.inputs - removal.removedInputs[index].count
      #expect(outputs == costs.layers[index].outputs.count(kept: removal.kept), "seed \(seed)")
      if !layer.isDepthwise { #expect(inputs == costs.layers[index].inputs.count(kept: removal.kept), "seed \(seed)") }
      let part = removal.parts[layer.output.index]
      #expect((part[layer.channelAxis]?.count ?? layer.outputs) == outputs || part == .scattered, "seed \(seed)")
    }
  }

  @Test(arguments: 1...100)
  func `a removal of nothing leaves everything whole`(_ seed: Int) throws {
    let structure = ChannelStructure(of: try RandomNetwork.make(seed: UInt64(seed)))
    let removal = try ChannelRemoval(structure.groups.map { _ in [] }, from: structure)
    #expect(removal.parts.allSatisfy { $0 == .whole })
    #expect(removal.removedInputs.allSatisfy(\.isEmpty) && removal.removedOutputs.allSatisfy(\.isEmpty))
    #expect(removal.isEmpty)
  }
}
