import Channels
import Networks
import Testing

/// How channels flow through operations beyond convolutions, sums and concatenations.
struct OperatorLabelTests {
  private func units(_ structure: ChannelStructure, _ name: String, inputs: Bool = false) -> [String] {
    let layer = structure.layers.first { $0.name == name }
    return (inputs ? layer?.inputUnits : layer?.outputUnits)?.map { $0.map { "\($0.group):\($0.unit)" } ?? "-" } ?? []
  }

  private func reason(_ structure: ChannelStructure, _ name: String) throws -> FreezeReason? {
    try #require(structure.layers.first { $0.name == name }).reason
  }

  /// `a` with 4 channels, an operation on it, and a head that reads its result.
  private func structure(
    _ operation: Operation, _ constants: [[Int]] = [], _ extents: [Int] = [2, 4, 4, 4]
  ) throws -> ChannelStructure {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 4)
    let operands = [a] + constants.enumerated().map { builder.constant($1, "constant\($0)") }
    let result = builder.apply("operation", operation, operands, extents)
    let head = builder.convolve("head", result, 2)
    return ChannelStructure(of: try builder.network([head]))
  }

  private static func twice(_ axis: Int) -> Operation {
    .resample([
      Resampling(
        axis: axis, taps: 1, sources: (0..<8).map { $0 / 2 }, weights: [Double](repeating: 1, count: 8))
    ])
  }

  @Test(
    arguments: [
      (.layerNormalization(axis: 1, epsilon: 0), [[4, 4, 4]], [2, 4, 4, 4]),
      (.groupNormalization(groups: 1, epsilon: 0), [[4], [4]], [2, 4, 4, 4]),
      (.cumulativeSum(axis: 1, isExclusive: false, isReversed: false), [], [2, 4, 4, 4]),
      (.reduce(.max, axes: [1]), [], [2, 1, 4, 4]), (.reduce(.l2, axes: [1, 2]), [], [2, 1, 1, 4]),
      (twice(1), [], [2, 8, 4, 4]),
    ] as [(Operation, [[Int]], [Int])])
  func `what mixes channels keeps them and is named as the reason`(
    _ operation: Operation, constants: [[Int]], extents: [Int]
  ) throws {
    #expect(try reason(try structure(operation, constants, extents), "a")?.place == "operation")
  }

  @Test(
    arguments: [
      (.layerNormalization(axis: 2, epsilon: 0), [[4, 4]], [2, 4, 4, 4]),
      (.groupNormalization(groups: 4, epsilon: 0), [[4], [4]], [2, 4, 4, 4]),
      (.cumulativeSum(axis: 2, isExclusive: true, isReversed: true), [], [2, 4, 4, 4]),
      (.reduce(.logSumExp, axes: [2, 3]), [], [2, 4, 1, 1]), (twice(2), [], [2, 4, 8, 4]),
      (.unary(.gelu(isApproximate: false)), [], [2, 4, 4, 4]), (.unary(.power(exponent: 2)), [], [2, 4, 4, 4]),
      (.binary(.parametricRelu), [[4, 1, 1]], [2, 4, 4, 4]), (.binary(.greater), [[1]], [2, 4, 4, 4]),
      (.gather(axis: 2, indices: [3, 0], indexRank: 1), [], [2, 4, 2, 4]),
    ] as [(Operation, [[Int]], [Int])])
  func `what works inside each channel leaves channels free`(
    _ operation: Operation, constants: [[Int]], extents: [Int]
  ) throws {
    let structure = try structure(operation, constants, extents)
    #expect(try reason(structure, "a") == nil)
    #expect(units(structure, "head", inputs: true) == units(structure, "a"))
  }

  @Test func `parameters per channel are members of the group`() throws {
    let slopes = try structure(.binary(.parametricRelu), [[4, 1, 1]])
    let slope = try #require(slopes.groups[0].members.first { $0.role == .operand })
    #expect(slope.initializer == "constant0" && slope.axis == 0 && slope.indices == [[0], [1], [2], [3]])
    let scales = try structure(.groupNormalization(groups: 4, epsilon: 0), [[4], [4]])
    let scale = try #require(scales.groups[0].members.first { $0.role == .norm })
    #expect(scale.initializer == "constant0" && scale.indices == [[0], [1], [2], [3]])
  }

  @Test func `channels that are normalised together go together`() throws {
    let structure = try structure(.groupNormalization(groups: 2, epsilon: 0), [[4], [4]])
    let group = structure.groups[0]
    #expect(group.isPrunable && group.unitCount == 2 && group.partitions.isEmpty)
    #expect(group.members.map(\.indices) == [[[0, 1], [2, 3]], [[0, 1], [2, 3]], [[0, 1], [2, 3]]])
  }

  @Test func `a normalisation in groups as PyTorch exports it ties the same channels`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 6)
    let runs = builder.apply("runs", .reshape, [a], [2, 2, 48])
    let parameters = [builder.constant([2], "ones"), builder.constant([2], "zeros")]
    let normal = builder.apply(
      "normal", .groupNormalization(groups: 2, epsilon: 0), [runs] + parameters, [2, 2, 48])
    let back = builder.apply("back", .reshape, [normal], [2, 6, 4, 4])
    let scaled = builder.apply(
      "scale", .binary(.multiply), [back, builder.constant([6, 1, 1], "gamma")], [2, 6, 4, 4])
    let head = builder.convolve("head", scaled, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.groups[0].unitCount == 2 && structure.groups[0].isPrunable)
    #expect(structure.groups[0].members.first { $0.role == .operand }?.indices == [[0, 1, 2], [3, 4, 5]])
    let removal = try ChannelRemoval([[0], []], from: structure)
    #expect(removal.parts[runs.index] == .along([1: [1]]))
    #expect(removal.parts[normal.index] == .along([1: [1]]))
    #expect(removal.parts[scaled.index] == .along([1: [3, 4, 5]]))
  }

  @Test func `normalisations cost a scale and a shift, or a scale alone, per kept channel`() throws {
    func parameters(_ operation: Operation, _ constants: [[Int]], kept: Int) throws -> Int {
      let structure = try structure(operation, constants)
      let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
      let layers = structure.layers.indices.reduce(0) { $0 + costs.cost(ofLayer: $1, .params, kept: [kept, 2]) }
      return costs.total(.params, kept: [kept, 2]) - layers
    }
    #expect(try parameters(.groupNormalization(groups: 4, epsilon: 0), [[4], [4]], kept: 3) == 6)
    #expect(try parameters(.layerNormalization(axis: 2, epsilon: 0), [[4, 4], [4, 4]], kept: 3) == 32)
    #expect(try parameters(.layerNormalization(axis: 2, epsilon: 0), [[4, 4]], kept: 3) == 16)
  }

  @Test func `gathering channels moves their labels`() throws {
    let structure = try structure(.gather(axis: 1, indices: [3, 0, 0], indexRank: 1), [], [2, 3, 4, 4])
    let produced = units(structure, "a")
    #expect(units(structure, "head", inputs: true) == [produced[3], produced[0], produced[0]])
  }

  @Test func `a selection ties its three operands`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([2, 3, 4, 4])
    let parts = ["a", "b", "c"].map { builder.convolve($0, x, 4) }
    let picked = builder.apply("select", .select, parts, [2, 4, 4, 4])
    let head = builder.convolve("head", picked, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(units(structure, "a") == units(structure, "b") && units(structure, "b") == units(structure, "c"))
    #expect(units(structure, "head", inputs: true) == units(structure, "a"))
  }

  @Test func `a selection among constants notes them as members`() throws {
    var builder = NetworkBuilder()
    let a = builder.convolve("a", builder.input([2, 3, 4, 4]), 4)
    let picked = builder.apply(
      "select", .select, [builder.constant([4, 1, 1], "mask"), builder.constant([1], "low"), a], [2, 4, 4, 4])
    let head = builder.convolve("head", picked, 2)
    let structure = ChannelStructure(of: try builder.network([head]))
    #expect(structure.groups[0].members.filter { $0.role == .operand }.map(\.initializer) == ["mask"])
  }

  @Test func `expanding space leaves channels free, stretching one channel does not`() throws {
    var builder = NetworkBuilder()
    let x = builder.input([2, 3, 4, 4])
    let a = builder.convolve("a", x, 4)
    let mean = builder.apply("mean", .reduce(.mean, axes: [2, 3]), [a], [2, 4, 1, 1])
    let wide = builder.apply("wide", .expand, [mean], [2, 4, 5, 5])
    let single = builder.convolve("single", x, 1)
    let many = builder.apply("many", .expand, [single], [2, 6, 4, 4])
    let heads = [builder.convolve("head", wide, 2), builder.convolve("other", many, 2)]
    let structure = ChannelStructure(of: try builder.network(heads))
    #expect(try reason(structure, "a") == nil)
    #expect(units(structure, "head", inputs: true) == units(structure, "a"))
    #expect(try reason(structure, "single")?.place == "many")
  }
}
