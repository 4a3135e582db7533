import Channels
import Networks
import Testing

/// From what is asked to what goes, and how a wrong request is refused.
struct RemovalRequestTests {
  /// stem and branch added; a grouped convolution behind; a head.
  private func residual() throws -> ChannelStructure {
    var b = NetworkBuilder()
    let stem = b.convolve("stem", b.input([2, 3, 4, 4]), 4)
    let sum = b.apply("add", .binary(.add), [stem, b.convolve("branch", stem, 4)], [2, 4, 4, 4])
    let grouped = b.convolve("grouped", sum, 6, groups: 2)
    let head = b.convolve("head", grouped, 2)
    return ChannelStructure(of: try b.network([head]))
  }

  private func message(_ body: () throws(RemovalError) -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `a complete list names the channels of every layer of a unit`() throws {
    let structure = try residual()
    #expect(try structure.units(removingExactly: [0: [1, 2], 1: [2, 1]]) == [[1, 2], [], []])
    #expect(
      message { () throws(RemovalError) in _ = try structure.units(removingExactly: [0: [1, 2], 1: [1]]) }
        == "layer 'branch': channel 2 is not listed to be removed, but goes with channel 2 of layer 'stem', which is")
  }

  @Test func `one channel by hand takes its whole unit`() throws {
    let structure = try residual()
    let removed = try structure.units(removingWith: [1: [1, 2]])
    #expect(removed == [[1, 2], [], []])
    let removal = try ChannelRemoval(removed, from: structure)
    #expect(removal.removedOutputs == [[1, 2], [1, 2], [], []])
    #expect(removal.removedInputs == [[], [1, 2], [1, 2], []])
    #expect(removal.kept == [2, 6, 2])
  }

  @Test func `channels that do not exist or have to stay are refused with place and reason`() throws {
    let structure = try residual()
    #expect(
      message { () throws(RemovalError) in _ = try structure.units(removingWith: [0: [4]]) }
        == "layer 'stem': channel 4 to be removed, expected 0 to 3")
    let output =
      "layer 'head': channel 1 to be removed, but it has to stay: channels of the network's output are what it is asked "
      + "for (output 'head.0'); a convolution or linear layer behind them would free them"
    #expect(message { () throws(RemovalError) in _ = try structure.units(removingExactly: [3: [1]]) } == output)
    #expect(message { () throws(RemovalError) in _ = try ChannelRemoval([[], [], [1]], from: structure) } == output)
    #expect(
      message { () throws(RemovalError) in _ = try ChannelRemoval([[-1], [], []], from: structure) }
        == "group 0: unit -1 to be removed, expected 0 to 3")
  }

  @Test func `a grouped convolution's blocks lose equally many`() throws {
    let structure = try residual()
    #expect(
      message { () throws(RemovalError) in _ = try ChannelRemoval([[], [0, 1, 3], []], from: structure) }
        == "Conv 'grouped': its 2 groups would lose 2, 1 channel units of layer 'grouped', expected equally many")
    #expect(throws: Never.self) { try ChannelRemoval([[0, 3], [0, 1, 3, 5], []], from: structure) }
  }

  @Test func `something stays of every value`() throws {
    let structure = try residual()
    #expect(
      message { () throws(RemovalError) in _ = try ChannelRemoval([[0, 1, 2, 3], [], []], from: structure) }
        == "Conv 'stem': nothing would be left of its result 'stem.0', expected at least one channel")
  }

  /// `a` is read by two layers and is an output itself.
  private func observed() throws -> (structure: ChannelStructure, a: ValueID) {
    var b = NetworkBuilder()
    let a = b.convolve("a", b.input([2, 3, 4, 4]), 4)
    let c = b.convolve("c", a, 4)
    let grouped = b.convolve("grouped", a, 4, groups: 2)
    let flat = b.apply("flatten", .reshape, [a], [2, 64])
    let head = b.linear("head", flat, 2)
    return (ChannelStructure(of: try b.network([a, c, grouped, head])), a)
  }

  @Test func `inputs whose producer stays can be left out by those that can gather`() throws {
    let (structure, a) = try observed()
    let gathers = try structure.gatherableInputs(wishing: [0: [1, 3]])
    let places = (0..<64).filter { [1, 3].contains($0 / 16) }
    #expect(gathers == [InputGathering(layer: 1, channels: [1, 3]), InputGathering(layer: 3, channels: places)])
    let removal = try ChannelRemoval(structure.groups.map { _ in [] }, gathering: gathers, from: structure)
    #expect(removal.parts.allSatisfy { $0 == .whole } && removal.parts[a.index] == .whole)
    #expect(removal.removedInputs == [[], [1, 3], [], places])
    #expect(removal.removedOutputs.allSatisfy(\.isEmpty) && !removal.isEmpty)
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    let saved = 16 * 2 * 4 + 2 * 16 * 2
    #expect(costs.total(.macs, after: removal) == costs.total(.macs, kept: costs.unitCounts) - saved)
  }

  @Test func `a Gather counts positions in what is left of its operand`() throws {
    var b = NetworkBuilder()
    let x = b.input([2, 3, 4, 4])
    let (a, c) = (b.convolve("a", x, 2), b.convolve("c", x, 3))
    let joined = b.apply("concat", .concat(axis: 1), [c, a], [2, 5, 4, 4])
    let head = b.convolve("head", joined, 2)
    let structure = ChannelStructure(of: try b.network([a, head]))
    let gathers = try structure.gatherableInputs(wishing: [0: [1], 1: [2]])
    #expect(gathers == [InputGathering(layer: 2, channels: [4])])
    let removed = try structure.units(removingWith: [1: [1]])
    let removal = try ChannelRemoval(removed, gathering: gathers, from: structure)
    #expect(removal.removedInputs == [[], [], [1, 4]])
    #expect(removal.parts[joined.index] == .along([1: [0, 2, 3, 4]]))
    #expect(removal.positions(of: gathers[0], in: structure) == [0, 1, 2])
  }

  @Test func `nobody can leave out all that it reads, or what a grouped convolution reads`() throws {
    let (structure, _) = try observed()
    #expect(try structure.gatherableInputs(wishing: [0: [0, 1, 2, 3]]).isEmpty)
    let nothing = structure.groups.map { _ in Set<Int>() }
    #expect(
      message { () throws(RemovalError) in
        _ = try ChannelRemoval(nothing, gathering: [.init(layer: 2, channels: [0])], from: structure)
      } == "Conv 'grouped': inputs to be left out by a Gather, but a convolution in 2 groups reads all")
    #expect(
      message { () throws(RemovalError) in
        _ = try ChannelRemoval(nothing, gathering: [.init(layer: 1, channels: [0, 1, 2, 3])], from: structure)
      } == "layer 'c': none of its 4 input channels would be left, expected at least one")
    #expect(
      message { () throws(RemovalError) in
        _ = try ChannelRemoval(nothing, gathering: [.init(layer: 1, channels: [4])], from: structure)
      } == "Conv 'c': inputs to be left out by a Gather, but it has no input channel 4 (4 in all)")
  }

  @Test func `channels that can go are not gathered`() throws {
    let structure = try residual()
    #expect(try structure.gatherableInputs(wishing: [0: [0, 1]]).isEmpty)
  }
}
