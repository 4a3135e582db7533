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

  @Test func `channels that a mean takes together go together, with those that it meets`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 3, 4, 4])
    let a = b.convolve("a", x, 8)
    let c = b.convolve("c", x, 4)
    let cut = b.apply("cut", .reshape, [a], [2, 2, 4, 4, 4])
    let mean = b.apply("mean", .reduce(.mean, axes: [1]), [cut], [2, 4, 4, 4])
    let sum = b.apply("sum", .binary(.add), [mean, c], [2, 4, 4, 4])
    let structure = try structure(&b, sum, 4)
    #expect(structure.groups.map(\.unitCount) == [4, 3])
    #expect(try isPrunable(structure, "a"))
    #expect(structure.groups[0].members[0].indices == [[0, 4], [1, 5], [2, 6], [3, 7]])
  }

  @Test func `channels that meet a mean over all others stay`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 3, 4, 4])
    let a = b.convolve("a", x, 4)
    let mean = b.apply("mean", .reduce(.mean, axes: [1]), [b.convolve("c", x, 4)], [2, 1, 4, 4])
    let wide = b.apply("wide", .expand, [mean], [2, 4, 4, 4])
    let sum = b.apply("sum", .binary(.add), [a, wide], [2, 4, 4, 4])
    let structure = try structure(&b, sum, 4)
    #expect(try !isPrunable(structure, "a"))
    #expect(try !isPrunable(structure, "c"))
  }

  @Test func `channels that meet added planes stay, the others are free`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 3, 4, 4])
    let a = b.convolve("a", x, 2)
    let joined = b.apply("concat", .concat(axis: 1), [a, b.constant([2, 2, 4, 4], "planes")], [2, 4, 4, 4])
    let c = b.convolve("c", x, 4)
    let sum = b.apply("sum", .binary(.add), [joined, c], [2, 4, 4, 4])
    let structure = try structure(&b, sum, 4)
    let layer = try #require(structure.layers.first { $0.name == "c" })
    #expect(layer.outputUnits.map { $0.map { structure.groups[$0.group].isPrunable } } == [true, true, false, false])
    #expect(structure.groups.first { !$0.isPrunable }?.reason?.place == "sum")
  }

  @Test func `channels that a mean takes together with added planes stay`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 2)
    let joined = b.apply("concat", .concat(axis: 1), [a, b.constant([2, 2, 4, 4], "planes")], [2, 4, 4, 4])
    let apart = b.apply("apart", .reshape, [joined], [2, 2, 2, 4, 4])
    let mean = b.apply("mean", .reduce(.mean, axes: [1]), [apart], [2, 2, 4, 4])
    #expect(try structure(&b, mean, 2).layers[0].reason?.place == "mean")
  }

  @Test func `features that scale those of tokens of several layers tie them`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 5, 3])
    let tokens = b.apply("tokens", .concat(axis: 1), [b.linear("a", x, 6), b.linear("c", x, 6)], [2, 10, 6])
    let gate = b.linear("gate", b.input([2, 1, 3]), 6)
    let scaled = b.apply("scaled", .binary(.multiply), [tokens, gate], [2, 10, 6])
    let mean = b.apply("mean", .reduce(.mean, axes: [1]), [scaled], [2, 6])
    let head = b.linear("head", mean, 3)
    let structure = ChannelStructure(of: try b.network([head]))
    #expect(structure.groups.map(\.unitCount) == [6, 3])
    #expect(structure.groups[0].isPrunable)
    #expect(structure.groups[0].members.map(\.name) == ["a", "c", "gate", "head"])
  }

  @Test func `channels that repeat at a border stay`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 4)
    let pad = Pad(before: [0, 1, 0, 0], behind: [0, 0, 0, 0], mode: .edge)
    let structure = try structure(&b, b.apply("pad", .pad(pad), [a], [2, 5, 4, 4]), 5)
    #expect(try !isPrunable(structure, "a"))
  }

  @Test func `a group is divided where a part of it would be all that a value has`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 8)
    let parts = b.split("split", .split(axis: 1), [a], [[2, 4, 4, 4], [2, 4, 4, 4]])
    let relu = b.apply("relu", .unary(.relu), [parts[0]], [2, 4, 4, 4])
    let joined = b.apply("concat", .concat(axis: 1), [relu, parts[1]], [2, 8, 4, 4])
    let structure = try structure(&b, joined, 8)
    #expect(structure.groups.map(\.unitCount) == [4, 4, 3])
    #expect(structure.layers[0].outputUnits.map { $0?.group } == [0, 0, 0, 0, 1, 1, 1, 1])
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
