import Channels
import Networks
import Testing

/// What stays of single values, on networks small enough to say it beforehand.
struct PartTests {
  /// A removal of output channels of the first layer.
  private func removal(_ structure: ChannelStructure, _ channels: [Int]) throws -> ChannelRemoval {
    try ChannelRemoval(try structure.units(removingWith: [0: channels]), from: structure)
  }

  private struct Shuffle {
    let structure: ChannelStructure
    let values: [ValueID]

    init() throws {
      var b = NetworkBuilder()
      let a = b.convolve("a", b.input([2, 3, 2, 2]), 6)
      let apart = b.apply("apart", .reshape, [a], [2, 2, 3, 2, 2])
      let turned = b.apply("turn", .transpose(permutation: [0, 2, 1, 3, 4]), [apart], [2, 3, 2, 2, 2])
      let back = b.apply("back", .reshape, [turned], [2, 6, 2, 2])
      values = [a, apart, turned, back]
      let head = b.convolve("head", back, 2)
      structure = ChannelStructure(of: try b.network([head]))
    }
  }

  @Test(
    arguments: [
      ([0, 3], [[1: [1, 2, 4, 5]], [2: [1, 2]], [1: [1, 2]], [1: [2, 3, 4, 5]]]),
      ([0, 1, 2], [[1: [3, 4, 5]], [1: [1]], [2: [1]], [1: [1, 3, 5]]]),
      ([0], [[1: [1, 2, 3, 4, 5]], nil, nil, [1: [1, 2, 3, 4, 5]]]),
    ] as [([Int], [[Int: [Int]]?])])
  func `a channel shuffle is scattered inside where its blocks lose different channels, and nowhere else`(
    _ channels: [Int], parts: [[Int: [Int]]?]
  ) throws {
    let shuffle = try Shuffle()
    let removal = try removal(shuffle.structure, channels)
    #expect(shuffle.values.map { removal.parts[$0.index] } == parts.map { $0.map { .along($0) } ?? .scattered })
  }

  @Test func `flatten keeps every place of the channels that stay`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 1, 2]), 3)
    let flat = b.apply("flatten", .reshape, [a], [2, 6])
    let head = b.linear("head", flat, 2)
    let structure = ChannelStructure(of: try b.network([head]))
    let removal = try removal(structure, [1])
    #expect(removal.parts[flat.index] == .along([1: [0, 1, 4, 5]]))
    #expect(removal.removedInputs == [[], [2, 3]])
    #expect(removal.removedOutputs == [[1], []])
  }

  @Test func `a depthwise convolution with a multiplier loses all that its input makes`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 3)
    let depthwise = b.convolve("depthwise", a, 6, groups: 3)
    let head = b.convolve("head", depthwise, 2)
    let structure = ChannelStructure(of: try b.network([head]))
    let removal = try removal(structure, [1])
    #expect(removal.parts[depthwise.index] == .along([1: [0, 1, 4, 5]]))
    #expect(removal.removedInputs == [[], [1], [2, 3]])
    #expect(removal.removedOutputs == [[1], [2, 3], []])
  }

  @Test func `a tensor joined to itself loses a channel twice`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 3)
    let joined = b.apply("concat", .concat(axis: 1), [a, a], [2, 6, 4, 4])
    let head = b.convolve("head", joined, 2)
    let structure = ChannelStructure(of: try b.network([head]))
    #expect(try removal(structure, [1]).parts[joined.index] == .along([1: [0, 2, 3, 5]]))
  }

  @Test func `maps joined along space lose the same channels`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 3, 4, 4])
    let (a, c) = (b.convolve("a", x, 3), b.convolve("c", x, 3))
    let joined = b.apply("concat", .concat(axis: 2), [a, c], [2, 3, 8, 4])
    let head = b.convolve("head", joined, 2)
    let structure = ChannelStructure(of: try b.network([head]))
    #expect(structure.groups.map(\.unitCount) == [3, 2])
    let removal = try removal(structure, [1])
    #expect([a, c, joined].map { removal.parts[$0.index] } == [KeptPart](repeating: .along([1: [0, 2]]), count: 3))
  }

  @Test func `maps joined along space and pooled lose the same channels`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 3, 4, 4])
    let joined = b.apply(
      "concat", .concat(axis: 2), [b.convolve("a", x, 3), b.convolve("c", x, 3)], [2, 3, 8, 4])
    let pool = Pool(
      kind: .max, kernel: [2, 2], strides: [2, 2], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1])
    let pooled = b.apply("pool", .pool(pool), [joined], [2, 3, 4, 2])
    let head = b.linear("head", b.apply("flatten", .reshape, [pooled], [2, 24]), 2)
    let structure = ChannelStructure(of: try b.network([head]))
    #expect(structure.groups.map(\.unitCount) == [3, 2])
    #expect(try removal(structure, [1]).parts[pooled.index] == .along([1: [0, 2]]))
  }

  @Test func `a constant in front of the tokens loses the features that they lose`() throws {
    var b = NetworkBuilder()
    let a = b.linear("a", b.input([2, 5, 4]), 6)
    let joined = b.apply("concat", .concat(axis: 1), [b.constant([2, 1, 6], "class"), a], [2, 6, 6])
    let head = b.linear("head", joined, 2)
    let structure = ChannelStructure(of: try b.network([head]))
    let operand = try #require(structure.groups[0].members.first { $0.role == .operand })
    #expect(operand.initializer == "class" && operand.axis == 2 && structure.groups[0].isPrunable)
    #expect(try removal(structure, [0, 5]).parts[joined.index] == .along([2: [1, 2, 3, 4]]))
  }

  @Test func `padding of any value keeps channels free, and added channels stay`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 3)
    let pad = Pad(before: [0, 1, 1, 0], behind: [0, 0, 1, 0], mode: .constant(0.5))
    let padded = b.apply("pad", .pad(pad), [a], [2, 4, 6, 4])
    let head = b.convolve("head", padded, 2)
    let structure = ChannelStructure(of: try b.network([head]))
    let removal = try removal(structure, [0])
    #expect(removal.parts[padded.index] == .along([1: [0, 2, 3]]))
    #expect(removal.removedInputs == [[], [1]])
  }

  @Test func `two inputs and two outputs stay, what lies between goes`() throws {
    var b = NetworkBuilder()
    let (x, y) = (b.input([2, 3, 4, 4]), b.input([2, 5, 4, 4]))
    let sum = b.apply("sum", .binary(.add), [b.convolve("a", x, 4), b.convolve("c", y, 4)], [2, 4, 4, 4])
    let heads = [b.convolve("head", sum, 2), b.convolve("other", sum, 3)]
    let structure = ChannelStructure(of: try b.network(heads))
    #expect(structure.groups.map(\.isPrunable) == [true, false, false])
    let removal = try removal(structure, [2])
    #expect(([x, y] + heads).map { removal.parts[$0.index] } == [.whole, .whole, .whole, .whole])
    #expect(removal.removedInputs == [[], [], [2], [2]])
  }

  @Test func `a convolution of one input channel keeps its outputs' units its own`() throws {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 1, 4, 4]), 4, kernel: 3)
    let head = b.convolve("head", a, 2)
    let structure = ChannelStructure(of: try b.network([head]))
    #expect(!structure.layers[0].isDepthwise)
    #expect(try removal(structure, [3]).parts[a.index] == .along([1: [0, 1, 2]]))
  }
}
