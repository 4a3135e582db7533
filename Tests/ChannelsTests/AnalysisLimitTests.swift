import Networks
import Testing

@testable import Channels

/// Networks of hostile size are analysed in bounded time and memory: what is beyond the limits stays whole.
struct AnalysisLimitTests {
  @Test(.timeLimit(.minutes(30)))
  func `a value joined to itself very often is not written out`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([1, 3, 1, 1])
    let wide = builder.convolve("wide", x, 4096)
    let joined = builder.apply(
      "tile", .concat(axis: 2), [ValueID?](repeating: wide, count: 65_536), [1, 4096, 65_536, 1], opType: "Concat")
    let pooled = builder.apply("pool", .reduce(.mean, axes: [2, 3]), [joined], [1, 4096, 1, 1])
    let head = builder.convolve("head", pooled, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.layers[0].reason?.cause.contains("too many elements") == true)
  }

  @Test(.timeLimit(.minutes(30)))
  func `a convolution in very many groups is taken apart in one look at its channels`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([1, 3, 1, 1])
    let channels = 1 << 16
    let wide = builder.convolve("wide", x, channels)
    let grouped = builder.convolve("grouped", wide, channels, groups: channels / 2)
    let head = builder.convolve("head", grouped, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.layers.map(\.name) == ["wide", "grouped", "head"])
    #expect(structure.groups.contains { $0.isPrunable })
  }

  @Test(.timeLimit(.minutes(30)))
  func `many slices of single channels divide a group only so often`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([1, 3, 1, 1])
    let channels = 6000
    let wide = builder.convolve("wide", x, channels)
    let ones = (0..<channels).map { channel in
      builder.apply(
        "slice\(channel)", .slice(starts: [0, channel, 0, 0], steps: [1, 1, 1, 1]), [wide], [1, 1, 1, 1],
        opType: "Slice")
    }
    let results = ones.map { builder.apply("relu\($0.index)", .unary(.relu), [$0], [1, 1, 1, 1]) }
    let structure = ChannelStructure(of: try builder.network(results))
    #expect(structure.groups.count <= AnalysisLimits.divisions + 2)
  }

  @Test(.timeLimit(.minutes(30)))
  func `a long row of nodes over wide layers ends in channels that stay`() throws {
    var builder = NetworkBuilder()
    let channels = 1 << 15
    var x = builder.convolve("wide", builder.input([1, 3, 1, 1]), channels)
    for number in 0..<3000 { x = builder.apply("relu\(number)", .unary(.relu), [x], [1, channels, 1, 1]) }
    let head = builder.convolve("head", x, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.layers[0].reason?.cause == "has too many elements to follow channels")
  }
}
