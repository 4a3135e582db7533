import Allocation
import Channels
import Configuration
import Networks
import ReferenceData
import Testing

@testable import Search

/// Costs as products of kept counts and chosen widths, against the cost model itself.
struct CostTermsTests {
  private static func bits(_ json: String) throws -> SearchConfiguration.Bits {
    let text = """
      {"model": "m", "calibration": {"inputs": "x"}, "target": {"compression_ratio": 2}, "bits": \(json)}
      """
    return try SearchConfiguration(parsing: Array(text.utf8), file: "c.json").bits
  }

  /// Compares in random plans.
  private func check(
    _ structure: ChannelStructure, _ bits: [LayerBits], _ choices: BitChoices?, seed: UInt64
  ) throws {
    let costs = try CostModel(structure, bits: bits)
    var random = SplitMix64(seed)
    for _ in 0..<50 {
      // Layers in groups have equally many channels in each: whole numbers of them are kept.
      let kept = structure.groups.map { group in
        let step = max(group.partitions.map(\.count).max() ?? 1, 1)
        return step * (1 + random.below(group.unitCount / step))
      }
      let options = (choices?.options ?? []).map { random.below($0.losses.count) }
      let chosen = choices?.bits(options, bits) ?? bits
      let exact = try CostModel(structure, bits: chosen)
      for metric in CostMetric.allCases {
        let value = costs.terms(metric, choices).reduce(0) { $0 + $1.value(kept, options: options) }
        let total = Double(exact.total(metric, kept: kept))
        // Bytes are rounded up to whole ones in the end; the quotients of groups are rounded to float64.
        let whole = metric == .memory || metric == .activationMemory ? (value - 1e-6).rounded(.up) : value
        #expect(abs(whole - total) <= 1e-12 * total, "\(metric), seed \(seed), \(kept), \(options)")
      }
    }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `terms of chosen widths cost what the model with these widths does`(_ seed: UInt64) throws {
    let structure = try BranchedNetwork().structure
    var random = SplitMix64(seed, 1)
    let widths = [LayerBits(activation: 8, weight: 8), LayerBits(activation: 4, weight: 16)]
    let bits = structure.layers.map { _ in widths[random.below(2)] }
    let costs = try CostModel(structure, bits: bits)
    let chosen = structure.layers.indices.filter { _ in random.below(3) > 0 }
    let choices = try BitChoices(structure, costs, Self.bits(#"{"search": [4, 8, 16]}"#), chosen) { _, _ in 0 }
    #expect(choices.options.count == chosen.count)
    try check(structure, bits, choices, seed: seed)
    try check(structure, bits, nil, seed: seed)
  }

  @Test func `a network with biases, normalisations and residual sums costs the same in terms`() throws {
    let demo = try SubjectCase.demo()
    let structure = demo.preparation.structure
    let bits = structure.layers.map { _ in LayerBits(activation: 8, weight: 8) }
    let costs = try CostModel(structure, bits: bits)
    let choices = try BitChoices(
      structure, costs, Self.bits(#"{"search": [3, 8]}"#), Array(structure.layers.indices)
    ) { _, _ in 0 }
    try check(structure, bits, choices, seed: 3)
  }

  @Test(.enabled(if: ReferenceData.isPresent), arguments: ReferenceData.models)
  func `so does every reference network`(_ model: ReferenceModel) throws {
    let structure = ChannelStructure(of: try model.network(batchSize: 2))
    let bits = structure.layers.map { _ in LayerBits(activation: 8, weight: 8) }
    let choices = try BitChoices(
      structure, CostModel(structure, bits: bits), Self.bits(#"{"search": [5, 8]}"#), Array(structure.layers.indices)
    ) {
      _, _ in 0
    }
    try check(structure, bits, choices, seed: 1)
  }

  @Test func `a layer chooses from all pairs of widths, and starts at its own`() throws {
    let structure = try BranchedNetwork().structure
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    let choices = try BitChoices(structure, costs, Self.bits(#"{"search": [4, 8]}"#), [1, 3]) { layer, bits in
      Double(layer) + Double(bits.activation) / 100 + Double(bits.weight) / 10_000
    }
    #expect(
      choices.alternatives == [(4, 4), (4, 8), (8, 4), (8, 8)].map { LayerBits(activation: $0.0, weight: $0.1) })
    #expect(choices.options.map(\.name) == [1, 3].map { structure.layers[$0].name })
    #expect(choices.options.map(\.original) == [3, 3])
    #expect(choices.options[1].losses == [3.0404, 3.0408, 3.0804, 3.0808])
    #expect(choices.optionOfLayer.compactMap { $0 } == [0, 1])
    let chosen = choices.bits([1, 2], costs.bits)
    #expect(chosen[1] == LayerBits(activation: 4, weight: 8) && chosen[3] == LayerBits(activation: 8, weight: 4))
    #expect(chosen[0] == costs.bits[0])
  }

  @Test func `a layer whose own widths are not among those searched does not choose`() throws {
    let structure = try BranchedNetwork().structure
    var bits = structure.layers.map { _ in LayerBits(activation: 8, weight: 8) }
    bits[2] = LayerBits(activation: 8, weight: 5)
    let choices = try BitChoices(
      structure, CostModel(structure, bits: bits), Self.bits(#"{"search": [4, 8]}"#), [1, 2]
    ) { _, _ in 0 }
    #expect(choices.options.count == 1)
    #expect(choices.optionOfLayer[2] == nil)
  }
}
