import Channels
import Networks
import Testing

/// What must stay, and what may go although it looks entangled.
struct FreezingTests {
  private func isPrunable(_ structure: ChannelStructure, _ producer: String) throws -> Bool {
    try #require(structure.groups.first { $0.members[0].name == producer }).isPrunable
  }

  /// A head that reads a feature map, so that nothing else than the operation under test keeps channels.
  private func structure(_ builder: inout NetworkBuilder, _ map: ValueID, _ channels: Int) throws -> ChannelStructure {
    let mean = builder.apply("pooled", .reduce(.mean, axes: [2, 3]), [map], [2, channels])
    let head = builder.linear("head", mean, 3)
    return ChannelStructure(of: try builder.network([head]))
  }

  @Test func `units with unequal shares in a grouped convolution's groups stay`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 4)
    let joined = b.apply("concat", .concat(axis: 1), [a, a, a], [2, 12, 4, 4])
    let grouped = b.convolve("grouped", joined, 8, groups: 2)
    #expect(try !isPrunable(try structure(&b, grouped, 8), "a"))
  }

  @Test func `channels that meet a mean over other channels stay`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 3, 4, 4])
    let a = b.convolve("a", x, 8)
    let c = b.convolve("c", x, 4)
    let cut = b.apply("cut", .reshape, [a], [2, 2, 4, 4, 4])
    let mean = b.apply("mean", .reduce(.mean, axes: [1]), [cut], [2, 4, 4, 4])
    let sum = b.apply("sum", .binary(.add), [mean, c], [2, 4, 4, 4])
    let structure = try structure(&b, sum, 4)
    #expect(try !isPrunable(structure, "a"))
    #expect(try !isPrunable(structure, "c"))
  }

  @Test func `channels that a mean over others scales are free`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 3, 4, 4])
    let a = b.convolve("a", x, 8)
    let c = b.convolve("c", x, 4)
    let mean = b.apply("mean", .reduce(.mean, axes: [1]), [a], [2, 1, 4, 4])
    let scaled = b.apply("scale", .binary(.multiply), [mean, c], [2, 4, 4, 4])
    #expect(try isPrunable(try structure(&b, scaled, 4), "c"))
  }

  @Test func `channels that meet a stretched image stay`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 1, 4, 4])
    let grey = b.apply("grey", .binary(.multiply), [x, b.constant([4, 1, 1], "k")], [2, 4, 4, 4])
    let a = b.convolve("a", x, 4)
    let sum = b.apply("sum", .binary(.add), [grey, a], [2, 4, 4, 4])
    #expect(try !isPrunable(try structure(&b, sum, 4), "a"))
  }

  @Test func `grouped convolutions whose groups cross leave their channels free`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 12)
    let two = b.convolve("two", a, 8, groups: 2)
    let three = b.convolve("three", a, 9, groups: 3)
    let joined = b.apply("concat", .concat(axis: 1), [two, three], [2, 17, 4, 4])
    let structure = try structure(&b, joined, 17)
    #expect(try isPrunable(structure, "a"))
    #expect(structure.groups.first { $0.members[0].name == "a" }?.partitions.map(\.count) == [2, 3])
  }

  @Test func `padding a map of one pixel adds space, not channels`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 8)
    let pixel = b.apply("pixel", .reduce(.mean, axes: [2, 3]), [a], [2, 8, 1, 1])
    let pad = Pad(before: [0, 0, 1, 1], behind: [0, 0, 1, 1], mode: .constant(0))
    let padded = b.apply("pad", .pad(pad), [pixel], [2, 8, 3, 3])
    let c = b.convolve("c", padded, 6, kernel: 3)
    let mean = b.apply("pooled", .reduce(.mean, axes: [2, 3]), [c], [2, 6])
    let head = b.linear("head", mean, 3)
    #expect(try isPrunable(ChannelStructure(of: try b.network([head])), "a"))
  }

  @Test func `a weight that is used with two numbers of groups keeps its channels`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 3, 4, 4])
    let weight = b.constant([4, 2, 1, 1], "shared")
    func convolution(_ groups: Int) -> Operation {
      .convolution(
        Convolution(
          kernel: [1, 1], strides: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: groups))
    }
    let a = b.convolve("a", x, 4)
    let c = b.convolve("c", x, 2)
    let one = b.apply("one", convolution(2), [a, weight], [2, 4, 4, 4], opType: "Conv")
    let two = b.apply("two", convolution(1), [c, weight], [2, 4, 4, 4], opType: "Conv")
    let sum = b.apply("sum", .binary(.add), [one, two], [2, 4, 4, 4])
    #expect(try !isPrunable(try structure(&b, sum, 4), "a"))
  }

  @Test func `a linear layer over the last axis of tokens can lose features`() throws {
    var b = NetworkBuilder()
    let a = b.linear("a", b.input([2, 16, 8]), 12)
    let relu = b.apply("relu", .unary(.relu), [a], [2, 16, 12])
    let c = b.linear("c", relu, 6)
    let mean = b.apply("mean", .reduce(.mean, axes: [1]), [c], [2, 6])
    let head = b.linear("head", mean, 3)
    let structure = ChannelStructure(of: try b.network([head]))
    #expect(structure.layers.map { $0.reason == nil } == [true, true, false])
  }

  @Test func `shapes too large to follow freeze instead of filling the memory`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([1, 1, 1, 1]), 4)
    let pad = Pad(before: [0, 1 << 31, 0, 0], behind: [0, 0, 0, 0], mode: .constant(0))
    let padded = b.apply("pad", .pad(pad), [a], [1, 4 + 1 << 31, 1, 1])
    let structure = ChannelStructure(of: try b.network([padded]))
    #expect(structure.layers[0].reason?.place == "pad")
  }
}
