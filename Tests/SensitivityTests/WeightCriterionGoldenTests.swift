import ArrayFiles
import Channels
import Networks
import ReferenceData
import Sensitivity
import Testing

/// Criteria of weights on trained networks against what torch gives.
@Suite(.enabled(if: ReferenceData.isPresent))
struct WeightCriterionGoldenTests {
  private static let keys: [WeightCriterion: String] = [.l1: "L1_out", .l2: "L2_out", .geometricMedian: "GM_out"]

  // The goldens are sums of float32 numbers in float32 or wider: 1e-5 is what adding a thousand of them may round off.
  @Test(arguments: ReferenceData.models, [WeightCriterion.l1, .l2, .geometricMedian])
  func `scores equal the golden ones`(_ model: ReferenceModel, _ criterion: WeightCriterion) throws {
    let network = try model.network(batchSize: 2)
    let structure = ChannelStructure(of: network)
    let scores = try ChannelScores(criterion, of: network, structure)
    let arrays = try model.arrays()
    let golden = try model.golden()
    let key = try #require(Self.keys[criterion])
    #expect(structure.layers.map(\.name) == golden.layers.map(\.node))
    for (found, layer) in zip(scores.layers, golden.layers) {
      let expected = try arrays.array(named: "\(layer.key).\(key)").doubles()
      try #require(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * $1 }, "\(layer.node)")
    }
    for group in structure.groups {
      for unit in 0..<group.unitCount {
        var sum = 0.0
        for member in group.members where member.role == .produce {
          let layer = try #require(structure.layers.firstIndex { $0.node == member.node })
          for channel in member.indices[unit] { sum += scores.layers[layer][channel] }
        }
        #expect(abs(scores.groups[group.id][unit] - sum) <= 1e-12 * sum)
      }
    }
  }
}
