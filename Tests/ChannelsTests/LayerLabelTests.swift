import Channels
import Networks
import Testing

/// Transposed convolutions and products of two computed matrices.
struct LayerLabelTests {
  private func reason(_ structure: ChannelStructure, _ name: String) throws -> FreezeReason? {
    try #require(structure.layers.first { $0.name == name }).reason
  }

  /// `a` with 6 channels, a transposed convolution `up` that doubles the size, a head.
  private func upsampling(groups: Int, outputs: Int) throws -> ChannelStructure {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 6)
    let weight = builder.constant([6, outputs / groups, 2, 2], "up.weight")
    let operation = Operation.convolutionTranspose(
      Convolution(
        kernel: [2, 2], strides: [2, 2], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: groups))
    let up = builder.apply("up", operation, [a, weight], [2, outputs, 8, 8], opType: "ConvTranspose")
    let head = builder.convolve("head", up, 2)
    return ChannelStructure(of: try builder.network([head]))
  }

  @Test func `a transposed convolution reads axis 0 of its weight and makes axis 1`() throws {
    let structure = try upsampling(groups: 1, outputs: 5)
    #expect(structure.groups.map(\.unitCount) == [6, 5, 2])
    #expect(structure.groups.map(\.isPrunable) == [true, true, false])
    let consumed = try #require(structure.groups[0].members.first { $0.role == .consume })
    #expect(consumed.initializer == "up.weight" && consumed.axis == 0)
    let produced = try #require(structure.groups[1].members.first { $0.role == .produce })
    #expect(produced.initializer == "up.weight" && produced.axis == 1)
    #expect(structure.layers[1].opType == "ConvTranspose" && structure.layers[1].channelAxis == 1)
  }

  @Test func `a transposed convolution multiplies at every input position`() throws {
    let structure = try upsampling(groups: 1, outputs: 5)
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    #expect(costs.cost(ofLayer: 1, .macs, kept: [6, 5, 2]) == 16 * 4 * 6 * 5)
    #expect(costs.cost(ofLayer: 1, .macs, kept: [4, 3, 2]) == 16 * 4 * 4 * 3)
  }

  @Test func `a grouped transposed convolution loses equally many channels in each group`() throws {
    let structure = try upsampling(groups: 2, outputs: 4)
    #expect(structure.groups[0].partitions == [[[0, 1, 2], [3, 4, 5]]])
    #expect(structure.groups[1].partitions == [[[0, 1], [2, 3]]])
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    #expect(costs.cost(ofLayer: 1, .macs, kept: [6, 4, 2]) == 16 * 4 * 6 * 4 / 2)
  }

  @Test func `a depthwise transposed convolution passes channels on`() throws {
    let structure = try upsampling(groups: 6, outputs: 12)
    #expect(structure.groups.map(\.unitCount) == [6, 2])
    let passed = try #require(structure.groups[0].members.first { $0.role == .pass })
    #expect(passed.axis == 0 && passed.indices == (0..<6).map { [$0] })
    #expect(structure.layers[1].outputUnits.map { $0?.unit } == (0..<12).map { $0 / 2 })
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    #expect(costs.cost(ofLayer: 1, .macs, kept: [5, 2]) == 16 * 4 * 10)
  }

  /// Features `a` of 4 tokens and `b`, multiplied in some way, the result a mean over rows read by a head.
  private func product(
    _ left: [Int], _ right: [Int], turnsRight: Bool, _ extents: [Int]
  ) throws -> ChannelStructure {
    var builder = NetworkBuilder()
    let a = builder.linear("a", builder.input(Array(left.dropLast()) + [3]), left[2])
    var b = builder.linear("b", builder.input(Array(right.dropLast()) + [3]), right[2])
    if turnsRight {
      b = builder.apply("turn", .transpose(permutation: [0, 2, 1]), [b], [right[0], right[2], right[1]])
    }
    let product = builder.apply("product", .matrixProduct, [a, b], extents)
    let mean = builder.apply("mean", .reduce(.mean, axes: [1]), [product], [extents[0], extents[2]])
    let head = builder.linear("head", mean, 2)
    return ChannelStructure(of: try builder.network([head]))
  }

  @Test func `an axis that is summed over keeps the channels of both operands`() throws {
    let structure = try product([2, 4, 6], [2, 5, 6], turnsRight: true, [2, 4, 5])
    #expect(try reason(structure, "a")?.place == "product")
    #expect(try reason(structure, "b")?.place == "product")
  }

  @Test func `an axis that is summed over keeps channels that only one operand has`() throws {
    var builder = NetworkBuilder()
    let whole = builder.apply("whole", .reduce(.sum, axes: [1]), [builder.input([2, 4, 6])], [2, 1, 6])
    let b = builder.linear("b", builder.input([2, 5, 3]), 6)
    let turned = builder.apply("turn", .transpose(permutation: [0, 2, 1]), [b], [2, 6, 5])
    let product = builder.apply("product", .matrixProduct, [whole, turned], [2, 1, 5])
    let flat = builder.apply("flat", .reshape, [product], [2, 5])
    let head = builder.linear("head", flat, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(try reason(structure, "b")?.cause == "sums over channels that both of its operands are made of")
  }

  @Test func `columns pass the right operand's channels where the left has none of its own`() throws {
    var builder = NetworkBuilder()
    let shares = builder.input([2, 4, 5])
    let b = builder.linear("b", builder.input([2, 5, 3]), 6)
    let softmax = builder.apply("shares", .softmax(axis: 2, logarithm: false), [shares], [2, 4, 5])
    let whole = builder.apply("whole", .reduce(.sum, axes: [1]), [softmax], [2, 1, 5])
    let product = builder.apply("product", .matrixProduct, [whole, b], [2, 1, 6])
    let flat = builder.apply("flat", .reshape, [product], [2, 6])
    let head = builder.linear("head", flat, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(try reason(structure, "b") == nil)
    #expect(structure.layers[1].inputUnits.map { $0?.unit } == Array(0..<6))
  }

  @Test func `heads of an attention go whole`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([2, 5, 3])
    func heads(_ name: String, _ permutation: [Int], _ extents: [Int]) -> ValueID {
      let layer = builder.linear(name, x, 8)
      let apart = builder.apply(name + ".apart", .reshape, [layer], [2, 5, 2, 4])
      return builder.apply(name + ".turned", .transpose(permutation: permutation), [apart], extents)
    }
    let (q, k) = (heads("q", [0, 2, 1, 3], [2, 2, 5, 4]), heads("k", [0, 2, 3, 1], [2, 2, 4, 5]))
    let v = heads("v", [0, 2, 1, 3], [2, 2, 5, 4])
    let scores = builder.apply("scores", .matrixProduct, [q, k], [2, 2, 5, 5])
    let shares = builder.apply("shares", .softmax(axis: 3, logarithm: false), [scores], [2, 2, 5, 5])
    let mixed = builder.apply("mixed", .matrixProduct, [shares, v], [2, 2, 5, 4])
    let back = builder.apply("back", .transpose(permutation: [0, 2, 1, 3]), [mixed], [2, 5, 2, 4])
    let flat = builder.apply("flat", .reshape, [back], [2, 5, 8])
    let out = builder.linear("out", flat, 6)
    let mean = builder.apply("mean", .reduce(.mean, axes: [1]), [out], [2, 6])
    let head = builder.linear("head", mean, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    let group = structure.groups[0]
    #expect(group.isPrunable && group.unitCount == 2)
    #expect(group.members.map(\.name) == ["q", "k", "v", "out"])
    #expect(group.members.allSatisfy { $0.indices == [[0, 1, 2, 3], [4, 5, 6, 7]] })
    // What the attention yields is a layer's own again.
    #expect(try reason(structure, "out") == nil)
    let removal = try ChannelRemoval([[0], [], []], from: structure)
    #expect(removal.parts[scores.index] == .along([1: [1]]))
    #expect(removal.parts[flat.index] == .along([2: [4, 5, 6, 7]]))
  }

  @Test func `constants along a head's features, as of rotary positions, leave heads free`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([2, 5, 3])
    func heads(_ name: String, _ permutation: [Int], _ extents: [Int]) -> ValueID {
      let layer = builder.linear(name, x, 8)
      let apart = builder.apply(name + ".apart", .reshape, [layer], [2, 5, 2, 4])
      let scaled = builder.apply(
        name + ".scaled", .binary(.multiply), [apart, builder.constant([4], name + ".cosines")], [2, 5, 2, 4])
      return builder.apply(name + ".turned", .transpose(permutation: permutation), [scaled], extents)
    }
    let (q, k) = (heads("q", [0, 2, 1, 3], [2, 2, 5, 4]), heads("k", [0, 2, 3, 1], [2, 2, 4, 5]))
    let scores = builder.apply("scores", .matrixProduct, [q, k], [2, 2, 5, 5])
    let mean = builder.apply("mean", .reduce(.mean, axes: [2, 3]), [scores], [2, 2])
    let head = builder.linear("head", mean, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.groups[0].isPrunable && structure.groups[0].unitCount == 2)
    #expect(structure.groups[0].members.map(\.name) == ["q", "k", "head"])
  }

  @Test func `a constant along one of two axes of channels ties them along the other`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 6)
    let apart = builder.apply("apart", .reshape, [a], [2, 2, 3, 4, 4])
    let one = builder.constant([3, 1, 1], "one")
    let scaled = builder.apply("scaled", .binary(.multiply), [apart, one], [2, 2, 3, 4, 4])
    let back = builder.apply("back", .reshape, [scaled], [2, 6, 4, 4])
    let head = builder.convolve("head", back, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.groups[0].members[0].indices == [[0, 3], [1, 4], [2, 5]])
    #expect(structure.groups[0].members.last?.indices == [[0], [1], [2]])
  }

  @Test func `a constant along two axes of channels keeps them`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 6)
    let apart = builder.apply("apart", .reshape, [a], [2, 2, 3, 4, 4])
    let both = builder.constant([2, 3, 1, 1], "both")
    let scaled = builder.apply("scaled", .binary(.multiply), [apart, both], [2, 2, 3, 4, 4])
    let back = builder.apply("back", .reshape, [scaled], [2, 6, 4, 4])
    let head = builder.convolve("head", back, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    let found = try #require(try reason(structure, "a"))
    #expect(
      found.place == "scaled" && found.unlock == "the same constant where they lie along one axis would free them")
  }

  @Test func `heads that share one matrix of shares go whole`() throws {
    var builder = NetworkBuilder()
    let v = builder.linear("v", builder.input([2, 5, 3]), 8)
    let apart = builder.apply("apart", .reshape, [v], [2, 5, 2, 4])
    let turned = builder.apply("turned", .transpose(permutation: [0, 2, 1, 3]), [apart], [2, 2, 5, 4])
    let mixed = builder.apply("mixed", .matrixProduct, [builder.input([2, 1, 5, 5]), turned], [2, 2, 5, 4])
    let back = builder.apply("back", .transpose(permutation: [0, 2, 1, 3]), [mixed], [2, 5, 2, 4])
    let out = builder.linear("out", builder.apply("flat", .reshape, [back], [2, 5, 8]), 2)
    let structure = ChannelStructure(of: try builder.network([out]))
    #expect(structure.groups[0].isPrunable)
    #expect(structure.groups[0].members[0].indices == [[0, 1, 2, 3], [4, 5, 6, 7]])
  }

  @Test func `a weight's matrices one per head keep the heads that they multiply`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 5)
    let product = builder.apply(
      "product", .matrixProduct, [a, builder.constant([5, 4, 4], "matrices")], [2, 5, 4, 4])
    let head = builder.convolve("head", product, 2)
    #expect(try reason(ChannelStructure(of: try builder.network([head])), "a")?.place == "product")
  }

  @Test func `matrices one per channel tie the channels of both operands`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([2, 3, 4, 4])
    let a = builder.convolve("a", x, 5)
    let b = builder.convolve("b", x, 5)
    let product = builder.apply("product", .matrixProduct, [a, b], [2, 5, 4, 4])
    let head = builder.convolve("head", product, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.groups.map(\.unitCount) == [5, 2])
    #expect(structure.groups[0].isPrunable)
    #expect(structure.layers[2].inputUnits == structure.layers[0].outputUnits)
  }

  @Test func `rows of one operand and columns of the other keep each other`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([2, 5, 3])
    let a = builder.linear("a", x, 4)
    let turned = builder.apply("turn", .transpose(permutation: [0, 2, 1]), [a], [2, 4, 5])
    let b = builder.linear("b", x, 6)
    let product = builder.apply("product", .matrixProduct, [turned, b], [2, 4, 6])
    let flat = builder.apply("flat", .reshape, [product], [2, 24])
    let head = builder.linear("head", flat, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(try reason(structure, "a")?.place == "product")
    #expect(try reason(structure, "b")?.place == "product")
  }
}
