import Channels
import Networks
import Testing

/// Bytes of parameters and of layers' outputs, on a network whose sums can be checked by hand.
struct MemoryCostTests {
  private let structure: ChannelStructure
  private let costs: CostModel

  /// x 3 ─ a 4 (3×3, bias) ─ norm ─ b 5 (1×1) ─ mean ─ head 3, on maps of 4×4, widths mixed.
  init() throws {
    var built = NetworkBuilder()
    let x = built.input([2, 3, 4, 4])
    let convolution = Convolution(
      kernel: [3, 3], strides: [1, 1], padsBegin: [1, 1], padsEnd: [1, 1], dilations: [1, 1], groups: 1)
    let a = built.apply(
      "a", .convolution(convolution), [x, built.constant([4, 3, 3, 3], "a.weight"), built.constant([4], "a.bias")],
      [2, 4, 4, 4], opType: "Conv")
    let norm = built.apply(
      "norm", .batchNormalization(epsilon: 1e-5),
      [
        a, built.constant([4], "scale"), built.constant([4], "shift"), built.constant([4], "mean"),
        built.positive([4], "variance"),
      ],
      [2, 4, 4, 4], opType: "BatchNormalization")
    let b = built.convolve("b", norm, 5)
    let pooled = built.apply("pooled", .reduce(.mean, axes: [2, 3]), [b], [2, 5])
    let head = built.linear("head", pooled, 3)
    structure = ChannelStructure(of: try built.network([head]))
    costs = try CostModel(
      structure,
      bits: [
        LayerBits(activation: 6, weight: 4), LayerBits(activation: 8, weight: 8), LayerBits(activation: 3, weight: 5),
      ])
  }

  /// Kept counts with so many units of a layer's outputs.
  private func kept(_ counts: [String: Int]) throws -> [Int] {
    var kept = costs.unitCounts
    for (name, count) in counts {
      let layer = try #require(structure.layers.first { $0.name == name })
      kept[try #require(layer.outputUnits[0]).group] = count
    }
    return kept
  }

  @Test func `memory counts weights at their bits, all other parameters at 32, and rounds up`() throws {
    // Weights 108·4 + 20·8 + 15·5 bits, the bias 4·32, scale and shift 2·4·32: 1051 bits.
    #expect(try costs.total(.memory, kept: kept([:])) == 132)
    // Of a go one in four, of b two in five: 81·4 + 9·8 + 9·5, 3·32, 2·3·32 are 729 bits.
    #expect(try costs.total(.memory, kept: kept(["a": 3, "b": 3])) == 92)
    #expect(structure.layers.indices.map { costs.cost(ofLayer: $0, .memory, kept: costs.unitCounts) } == [70, 20, 10])
  }

  @Test func `activation_memory counts what every layer gives for one sample at its bits, and rounds up`() throws {
    // 4·16·6 + 5·16·8 + 3·3 are 1033 bits.
    #expect(try costs.total(.activationMemory, kept: kept([:])) == 130)
    // 3·16·6 + 2·16·8 + 3·3 are 553.
    #expect(try costs.total(.activationMemory, kept: kept(["a": 3, "b": 2])) == 70)
    #expect(
      structure.layers.indices.map { costs.cost(ofLayer: $0, .activationMemory, kept: costs.unitCounts) } == [
        48, 80, 2,
      ]
    )
  }

  @Test func `whole bytes are not rounded`() throws {
    let bytes = try CostModel(
      structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    // 143 weights of a byte each, and 12 numbers of four.
    #expect(bytes.total(.memory, kept: bytes.unitCounts) == 143 + 48)
    #expect(bytes.total(.activationMemory, kept: bytes.unitCounts) == 64 + 80 + 3)
  }

  @Test func `what the widths are does not change what is counted without them`() throws {
    let kept = try kept(["a": 2, "b": 4])
    #expect(costs.total(.macs, kept: kept) == 16 * (54 + 8) + 12)
    #expect(costs.total(.params, kept: kept) == 54 + 2 + 4 + 8 + 12)
    #expect(costs.total(.bitComplexity, kept: kept) == 2 * (16 * 54 * 24 + 16 * 8 * 64 + 12 * 15))
  }

  @Test func `a removal costs what its kept counts do`() throws {
    let layer = structure.layers[0]
    let unit = try #require(layer.outputUnits[1])
    let removed = structure.groups.map { $0.id == unit.group ? Set([unit.unit]) : [] }
    let removal = try ChannelRemoval(removed, from: structure)
    for metric in CostMetric.allCases {
      #expect(try costs.total(metric, after: removal) == costs.total(metric, kept: kept(["a": 3])), "\(metric)")
    }
  }
}
