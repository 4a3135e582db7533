import Channels
import Networks
import Testing

/// What layers yield and cost is told of one sample, wherever the samples lie.
struct SampleExtentsTests {
  /// Layers on [N, T, F], on [T, N, F], on [N × T, F], and a convolution.
  private static func structure(batchSize: Int) throws -> ChannelStructure {
    var b = NetworkBuilder()
    let image = b.input([batchSize, 3, 2, 2])
    let pixels = b.convolve("conv", image, 6)
    let features = b.apply("pixels", .reshape, [pixels], [batchSize, 6, 4])
    let tokens = b.apply("tokens", .transpose(permutation: [0, 2, 1]), [features], [batchSize, 4, 6])
    let first = b.linear("samples-first", tokens, 8)
    let turned = b.apply("turn", .transpose(permutation: [1, 0, 2]), [first], [4, batchSize, 8])
    let second = b.linear("tokens-first", turned, 10)
    let back = b.apply("back", .transpose(permutation: [1, 0, 2]), [second], [batchSize, 4, 10])
    let rows = b.apply("rows", .reshape, [back], [batchSize * 4, 10])
    let merged = b.linear("merged", rows, 12)
    return ChannelStructure(of: try b.network([merged]))
  }

  @Test(arguments: [2, 3, 4, 5])
  func `shape and cost of a layer are of one sample`(batchSize: Int) throws {
    let structure = try Self.structure(batchSize: batchSize)
    #expect(structure.layers.map(\.outputShape) == [[6, 2, 2], [4, 8], [4, 10], [4, 12]])
    #expect(structure.layers.map(\.positions) == [4, 4, 4, 4])
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    let macs = structure.layers.indices.map { costs.cost(ofLayer: $0, .macs, kept: costs.unitCounts) }
    #expect(macs == [4 * 3 * 6, 4 * 6 * 8, 4 * 8 * 10, 4 * 10 * 12])
  }

  @Test func `a network of one sample costs the same, with the axis of the batch shown where it lies`() throws {
    let structure = try Self.structure(batchSize: 1)
    #expect(structure.layers.map(\.positions) == [4, 4, 4, 4])
    #expect(structure.layers.map(\.outputShape) == [[6, 2, 2], [4, 8], [4, 1, 10], [4, 12]])
  }
}
