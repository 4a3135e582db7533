import Channels
import Networks
import Testing

/// Each way in which channels flow, on a network small enough to say what must come out.
struct LabelTests {
  /// The output units of a layer, as "group:unit" texts.
  private func units(_ structure: ChannelStructure, _ name: String) -> [String] {
    structure.layers.first { $0.name == name }?.outputUnits.map { $0.map { "\($0.group):\($0.unit)" } ?? "-" } ?? []
  }

  private func inputUnits(_ structure: ChannelStructure, _ name: String) -> [String] {
    structure.layers.first { $0.name == name }?.inputUnits.map { $0.map { "\($0.group):\($0.unit)" } ?? "-" } ?? []
  }

  @Test func `a residual sum ties its branches channel by channel`() throws {
    var builder = NetworkBuilder()
    let stem = builder.convolve("stem", builder.input([2, 3, 4, 4]), 4)
    let branch = builder.convolve("branch", stem, 4)
    let sum = builder.apply("add", .binary(.add), [stem, branch], [2, 4, 4, 4])
    let head = builder.convolve("head", sum, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(units(structure, "stem") == units(structure, "branch"))
    #expect(inputUnits(structure, "head") == units(structure, "stem"))
    #expect(structure.groups.map(\.unitCount) == [4, 2])
    #expect(structure.groups.map(\.isPrunable) == [true, false])
  }

  @Test func `a concatenation keeps its parts apart and a split finds them again`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([1, 3, 2, 2])
    let a = builder.convolve("a", x, 2)
    let b = builder.convolve("b", x, 3)
    let joined = builder.apply("concat", .concat(axis: 1), [a, b, a], [1, 7, 2, 2])
    let parts = builder.split("split", .split(axis: 1), [joined], [[1, 1, 2, 2], [1, 6, 2, 2]])
    let heads = [builder.convolve("first", parts[0], 2), builder.convolve("rest", parts[1], 2)]
    let structure = ChannelStructure(of: try builder.network(heads))
    #expect(inputUnits(structure, "first") == [units(structure, "a")[0]])
    #expect(
      inputUnits(structure, "rest")
        == [units(structure, "a")[1]] + units(structure, "b") + units(structure, "a"))
  }

  @Test func `a channel shuffle is only a permutation`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 2, 2]), 6)
    let cut = builder.apply("reshape", .reshape, [a], [2, 2, 3, 2, 2])
    let turned = builder.apply("transpose", .transpose(permutation: [0, 2, 1, 3, 4]), [cut], [2, 3, 2, 2, 2])
    let joined = builder.apply("back", .reshape, [turned], [2, 6, 2, 2])
    let head = builder.convolve("head", joined, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    let produced = units(structure, "a")
    #expect(inputUnits(structure, "head") == [0, 3, 1, 4, 2, 5].map { produced[$0] })
    #expect(structure.groups[0].isPrunable)
  }

  @Test func `flatten gives every feature its channel`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 2, 3]), 4)
    let flat = builder.apply("flatten", .reshape, [a], [2, 24])
    let head = builder.linear("head", flat, 5)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(inputUnits(structure, "head") == units(structure, "a").flatMap { [String](repeating: $0, count: 6) })
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    #expect(costs.cost(ofLayer: 1, .macs, kept: [3, 5]) == 18 * 5)
  }

  @Test func `a squeeze-and-excitation gate goes with the channels that it scales`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 4)
    let mean = builder.apply("mean", .reduce(.mean, axes: [2, 3]), [a], [2, 4, 1, 1])
    let squeezed = builder.convolve("squeeze", mean, 2)
    let excited = builder.convolve("excite", squeezed, 4)
    let gate = builder.apply("sigmoid", .unary(.sigmoid), [excited], [2, 4, 1, 1])
    let scaled = builder.apply("scale", .binary(.multiply), [gate, a], [2, 4, 4, 4])
    let head = builder.convolve("head", scaled, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(units(structure, "excite") == units(structure, "a"))
    #expect(structure.groups.map(\.unitCount) == [4, 2, 2])
  }

  @Test func `depthwise convolutions pass channels on, with a multiplier several for one`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([1, 3, 4, 4]), 3)
    let depthwise = builder.convolve("depthwise", a, 6, kernel: 3, groups: 3)
    let head = builder.convolve("head", depthwise, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    let produced = units(structure, "a")
    #expect(units(structure, "depthwise") == produced.flatMap { [$0, $0] })
    #expect(structure.groups.count == 2)
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    #expect(costs.cost(ofLayer: 1, .macs, kept: [2, 2]) == 16 * 9 * 4)
  }

  @Test func `a convolution of one channel in one group is no depthwise one`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([1, 1, 4, 4]), 1)
    let head = builder.convolve("b", a, 1)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.layers.allSatisfy { !$0.isDepthwise })
    #expect(structure.groups.count == 2)
  }

  @Test func `grouped convolutions lose equally many channels in each group`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([1, 3, 4, 4]), 6)
    let grouped = builder.convolve("grouped", a, 4, kernel: 3, groups: 2)
    let head = builder.convolve("head", grouped, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.groups[0].partitions == [[[0, 1, 2], [3, 4, 5]]])
    #expect(structure.groups[1].partitions == [[[0, 1], [2, 3]]])
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    #expect(costs.cost(ofLayer: 1, .macs, kept: [4, 2, 2]) == 16 * 9 * 4 * 2 / 2)
  }

  @Test func `groups that a grouped convolution takes unevenly must stay, and say so`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([1, 3, 4, 4])
    let a = builder.convolve("a", x, 2)
    let b = builder.convolve("b", x, 4)
    let joined = builder.apply("concat", .concat(axis: 1), [a, b], [1, 6, 4, 4])
    let grouped = builder.convolve("grouped", joined, 6, groups: 2)
    let head = builder.convolve("head", grouped, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    let reason = try #require(structure.layers.first { $0.name == "a" }?.reason)
    #expect(reason.place == "grouped")
    #expect(reason.unlock != nil)
  }

  @Test(arguments: [
    ("softmax over channels", Operation.softmax(axis: 1, logarithm: false), [2, 4, 4, 4]),
    ("mean over channels", .reduce(.mean, axes: [1]), [2, 1, 4, 4]),
    ("response normalisation", .localResponseNormalization(.init(size: 3, alpha: 1, beta: 1, bias: 1)), [2, 4, 4, 4]),
  ])
  func `what mixes channels keeps them and is named as the reason`(_ law: (String, Operation, [Int])) throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 4)
    let mixed = builder.apply("mixer", law.1, [a], law.2)
    let head = builder.convolve("head", mixed, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.layers[0].reason?.place == "mixer")
  }

  @Test func `one channel that is stretched over many stays, and the many stay free`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([2, 3, 4, 4])
    let a = builder.convolve("a", x, 4)
    let gate = builder.convolve("gate", x, 1)
    let scaled = builder.apply("scale", .binary(.multiply), [a, gate], [2, 4, 4, 4])
    let head = builder.convolve("head", scaled, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.layers.first { $0.name == "gate" }?.reason?.place == "scale")
    #expect(structure.layers.first { $0.name == "a" }?.reason == nil)
    #expect(inputUnits(structure, "head") == units(structure, "a"))
  }

  @Test func `layers that share a weight share their channels`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([1, 4, 2, 2])
    let weight = builder.constant([4, 4, 1, 1], "shared.weight")
    let operation = Operation.convolution(
      Convolution(
        kernel: [1, 1], strides: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: 1))
    let a = builder.apply("a", operation, [builder.convolve("stem", x, 4), weight], [1, 4, 2, 2], opType: "Conv")
    let b = builder.apply("b", operation, [a, weight], [1, 4, 2, 2], opType: "Conv")
    let head = builder.convolve("head", b, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(units(structure, "a") == units(structure, "b"))
    #expect(units(structure, "stem") == units(structure, "a"))
  }

  @Test func `constants along the channel axis are members of the group`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 4)
    let scaled = builder.apply(
      "scale", .binary(.multiply), [a, builder.constant([4, 1, 1], "gamma")], [2, 4, 4, 4])
    let head = builder.convolve("head", scaled, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    let operand = try #require(structure.groups[0].members.first { $0.role == .operand })
    #expect(operand.initializer == "gamma")
    #expect(operand.axis == 0)
    #expect(operand.indices == [[0], [1], [2], [3]])
  }
}
