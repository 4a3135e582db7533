import ExecutorContract
import Networks

/// A small network of random operations, seeded: every way in which channels flow, in any order.
struct RandomNetwork {
  private var builder = NetworkBuilder()
  private var random: SeededGenerator
  /// Feature maps [2, C, 4, 4] that may be read on.
  private var maps: [ValueID] = []
  private var count = 0

  /// The network of a seed.
  static func make(seed: UInt64) throws -> Network {
    var network = RandomNetwork(random: SeededGenerator(seed: seed))
    return try network.make()
  }

  private init(random: SeededGenerator) { self.random = random }

  private mutating func make() throws -> Network {
    let x = builder.input([2, 3, 4, 4])
    maps = [builder.convolve(name("stem"), x, 8), builder.convolve(name("stem"), x, 8, kernel: 3)]
    if chance(4) { maps.append(builder.convolve(name("stem"), builder.input([2, 2, 4, 4]), 8)) }
    for _ in 0..<Int.random(in: 2...7, using: &random) { step() }
    // What is not read by anything yet is read here, so that some is free to go.
    var outputs: [ValueID] = []
    for map in maps.suffix(chance(3) ? 2 : 1) {
      let channels = builder.extents(map)[1]
      if chance(2) {
        let flat = builder.apply(name("flatten"), .reshape, [map], [2, channels * 16])
        outputs.append(builder.linear(name("head"), flat, 3))
      } else {
        let pooled = builder.apply(name("pooled"), .reduce(.mean, axes: [2, 3]), [map], [2, channels])
        outputs.append(builder.linear(name("head"), pooled, 3))
      }
    }
    if chance(4), let map = maps.randomElement(using: &random) { outputs.append(map) }
    return try builder.network(outputs)
  }

  private mutating func chance(_ share: Int) -> Bool { Int.random(in: 0..<share, using: &random) == 0 }

  private mutating func name(_ operation: String) -> String {
    count += 1
    return "\(operation)\(count)"
  }

  private mutating func step() {
    let map = maps.randomElement(using: &random) ?? maps[0]
    let channels = builder.extents(map)[1]
    let kinds: [(inout RandomNetwork, ValueID, Int) -> ValueID?] = [
      { $0.convolved($1, $2) }, { $0.convolved($1, $2) }, { $0.upsampled($1, $2) }, { $0.normalised($1, $2) },
      { $0.scaled($1, $2) }, { $0.gated($1, $2) }, { $0.added($1, $2) }, { $0.joined($1, $2) }, { $0.cut($1, $2) },
      { $0.shuffled($1, $2) }, { $0.attended($1, $2) }, { $0.stacked($1, $2) }, { $0.moved($1, $2) },
      { $0.shared($1, $2) },
    ]
    let kind = kinds[Int.random(in: 0..<kinds.count, using: &random)]
    if channels <= 24, let result = kind(&self, map, channels) { maps.append(result) }
  }

  private mutating func groups(_ channels: Int) -> Int {
    [1, 1, 2, 4, channels].filter { channels % $0 == 0 }.randomElement(using: &random) ?? 1
  }

  private mutating func convolved(_ map: ValueID, _ channels: Int) -> ValueID? {
    let groups = groups(channels)
    let kernel = chance(2) ? 1 : 3
    return builder.convolve(
      name("conv"), map, groups * Int.random(in: 1...max(1, 12 / groups), using: &random), kernel: kernel,
      groups: groups)
  }

  private mutating func upsampled(_ map: ValueID, _ channels: Int) -> ValueID? {
    let groups = groups(channels)
    let outputs = Int.random(in: 1...max(1, 8 / groups), using: &random)
    let name = name("up")
    let weight = builder.constant([channels, outputs, 2, 2], name + ".weight")
    let operation = Operation.convolutionTranspose(
      Convolution(
        kernel: [2, 2], strides: [2, 2], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: groups))
    let wide = builder.apply(
      name, operation, [map, weight, builder.constant([outputs * groups], name + ".bias")],
      [2, outputs * groups, 8, 8], opType: "ConvTranspose")
    let pool = Pool(
      kind: .max, kernel: [2, 2], strides: [2, 2], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1])
    return builder.apply(self.name("pool"), .pool(pool), [wide], [2, outputs * groups, 4, 4])
  }

  private mutating func normalised(_ map: ValueID, _ channels: Int) -> ValueID? {
    let extents = builder.extents(map)
    let name = name("norm")
    let scale = builder.constant([channels], name + ".scale")
    let shift = builder.constant([channels], name + ".shift")
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      let statistics = [builder.constant([channels], name + ".mean"), builder.positive([channels], name + ".variance")]
      return builder.apply(name, .batchNormalization(epsilon: 0.1), [map, scale, shift] + statistics, extents)
    case 1:
      return builder.apply(
        name, .groupNormalization(groups: groups(channels), epsilon: 0.1), [map, scale, shift], extents)
    case 2:
      // As PyTorch exports a normalisation in groups.
      let groups = groups(channels)
      let runs = builder.apply(name + ".runs", .reshape, [map], [2, groups, channels / groups * 16])
      let ones = [builder.constant([groups], name + ".ones"), builder.constant([groups], name + ".zeros")]
      let normal = builder.apply(
        name, .groupNormalization(groups: groups, epsilon: 0.1), [runs] + ones, [2, groups, channels / groups * 16])
      let back = builder.apply(name + ".back", .reshape, [normal], extents)
      return builder.apply(
        name + ".scaled", .binary(.multiply), [back, builder.constant([channels, 1, 1], name + ".gamma")], extents)
    default:
      return builder.apply(
        name, .layerNormalization(axis: 2, epsilon: 0.1), [map, builder.constant([4, 4], name + ".plane")], extents)
    }
  }

  private mutating func scaled(_ map: ValueID, _ channels: Int) -> ValueID? {
    let constants: [[Int]] = [[channels, 1, 1], [1], [1, channels, 4, 1], [4, 4]]
    let name = name("scale")
    let constant = builder.constant(constants.randomElement(using: &random) ?? [1], name + ".constant")
    let function = [BinaryFunction.multiply, .add, .parametricRelu].randomElement(using: &random) ?? .add
    return builder.apply(name, .binary(function), [map, constant], builder.extents(map))
  }

  private mutating func gated(_ map: ValueID, _ channels: Int) -> ValueID? {
    let mean = builder.apply(name("mean"), .reduce(.mean, axes: [2, 3]), [map], [2, channels, 1, 1])
    let squeezed = builder.convolve(name("squeeze"), mean, 3)
    let excited = builder.convolve(name("excite"), squeezed, chance(3) ? 1 : channels)
    let gate = builder.apply(name("gate"), .unary(.sigmoid), [excited], builder.extents(excited))
    return builder.apply(name("gated"), .binary(.multiply), [map, gate], builder.extents(map))
  }

  private mutating func added(_ map: ValueID, _ channels: Int) -> ValueID? {
    let alike = maps.filter { $0 != map && builder.extents($0)[1] == channels }
    let other = alike.randomElement(using: &random) ?? builder.convolve(name("branch"), map, channels)
    return builder.apply(name("add"), .binary(.add), [map, other], builder.extents(map))
  }

  private mutating func joined(_ map: ValueID, _ channels: Int) -> ValueID? {
    if chance(3) {
      // Two halves of the plane, apart and together again, one of another layer.
      let other = builder.convolve(name("lower"), map, channels)
      let joined = builder.apply(name("stack"), .concat(axis: 2), [map, other], [2, channels, 8, 4])
      return builder.apply(
        name("every"), .slice(starts: [0, 0, 1, 0], steps: [1, 1, 2, 1]), [joined], [2, channels, 4, 4])
    }
    let other = chance(2) ? map : maps.randomElement(using: &random) ?? map
    let extra = chance(4) ? [builder.constant([2, 1, 4, 4], name("plane"))] : []
    let total = channels + builder.extents(other)[1] + extra.count
    return builder.apply(name("concat"), .concat(axis: 1), [map, other] + extra, [2, total, 4, 4])
  }

  private mutating func cut(_ map: ValueID, _ channels: Int) -> ValueID? {
    guard channels >= 4 else { return nil }
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      let first = Int.random(in: 1..<channels, using: &random)
      let parts = builder.split(
        name("split"), .split(axis: 1), [map], [[2, first, 4, 4], [2, channels - first, 4, 4]])
      if chance(2) { maps.append(builder.convolve(name("conv"), parts[0], 6)) }
      let other = builder.apply(name("relu"), .unary(.relu), [parts[0]], [2, first, 4, 4])
      return builder.apply(name("concat"), .concat(axis: 1), [parts[1], other], [2, channels, 4, 4])
    case 1:
      return builder.apply(
        name("slice"), .slice(starts: [0, channels - 1, 3, 0], steps: [1, -2, -1, 1]), [map], [2, channels / 2, 4, 4])
    case 2:
      let indices = (0..<channels).map { _ in Int.random(in: 0..<channels, using: &random) }
      return builder.apply(
        name("gather"), .gather(axis: 1, indices: indices, indexRank: 1), [map], [2, channels, 4, 4])
    default:
      let pad = Pad(before: [0, chance(2) ? 1 : 0, 0, 0], behind: [0, 0, 0, 0], mode: .constant(0.5))
      return builder.apply(name("pad"), .pad(pad), [map], [2, channels + pad.before[1], 4, 4])
    }
  }

  private mutating func shuffled(_ map: ValueID, _ channels: Int) -> ValueID? {
    guard channels % 2 == 0 else { return nil }
    let cut = builder.apply(name("apart"), .reshape, [map], [2, 2, channels / 2, 4, 4])
    let turned = builder.apply(
      name("turn"), .transpose(permutation: [0, 2, 1, 3, 4]), [cut], [2, channels / 2, 2, 4, 4])
    return builder.apply(name("back"), .reshape, [turned], [2, channels, 4, 4])
  }

  /// Attention of the 16 places with 2 heads.
  private mutating func attended(_ map: ValueID, _ channels: Int) -> ValueID? {
    let tokens = builder.apply(name("tokens"), .reshape, [map], [2, channels, 16])
    let rows = builder.apply(name("rows"), .transpose(permutation: [0, 2, 1]), [tokens], [2, 16, channels])
    let packed = builder.linear(name("qkv"), rows, 24)
    let apart = builder.apply(name("apart"), .reshape, [packed], [2, 16, 3, 2, 4])
    let turned = builder.apply(
      name("turn"), .transpose(permutation: [2, 0, 3, 1, 4]), [apart], [3, 2, 2, 16, 4])
    let parts = (0..<3).map { part in
      builder.apply(name("pick"), .gather(axis: 0, indices: [part], indexRank: 0), [turned], [2, 2, 16, 4])
    }
    let keys = builder.apply(name("keys"), .transpose(permutation: [0, 1, 3, 2]), [parts[1]], [2, 2, 4, 16])
    let scores = builder.apply(name("scores"), .matrixProduct, [parts[0], keys], [2, 2, 16, 16])
    let shares = builder.apply(name("shares"), .softmax(axis: 3, logarithm: false), [scores], [2, 2, 16, 16])
    let mixed = builder.apply(name("mixed"), .matrixProduct, [shares, parts[2]], [2, 2, 16, 4])
    let back = builder.apply(name("back"), .transpose(permutation: [0, 2, 1, 3]), [mixed], [2, 16, 2, 4])
    let flat = builder.apply(name("flat"), .reshape, [back], [2, 16, 8])
    let out = builder.linear(name("out"), flat, 6)
    let planes = builder.apply(name("planes"), .transpose(permutation: [0, 2, 1]), [out], [2, 6, 16])
    return builder.apply(name("square"), .reshape, [planes], [2, 6, 4, 4])
  }

  /// Two branches side by side along an axis of their own, weighed by a softmax over it and added.
  private mutating func stacked(_ map: ValueID, _ channels: Int) -> ValueID? {
    let branches = (0..<2).map { _ in
      builder.apply(
        name("apart"), .reshape, [builder.convolve(name("branch"), map, channels)], [2, 1, channels, 4, 4])
    }
    let stacked = builder.apply(name("stack"), .concat(axis: 1), branches, [2, 2, channels, 4, 4])
    let shares = builder.apply(
      name("shares"), .softmax(axis: 1, logarithm: false), [stacked], [2, 2, channels, 4, 4])
    return builder.apply(name("sum"), .reduce(.sum, axes: [1]), [shares], [2, channels, 4, 4])
  }

  private mutating func moved(_ map: ValueID, _ channels: Int) -> ValueID? {
    switch Int.random(in: 0..<3, using: &random) {
    case 0:
      let turned = builder.apply(name("last"), .transpose(permutation: [0, 2, 3, 1]), [map], [2, 4, 4, channels])
      let features = builder.linear(name("pointwise"), turned, 8)
      return builder.apply(name("first"), .transpose(permutation: [0, 3, 1, 2]), [features], [2, 8, 4, 4])
    case 1:
      let mean = builder.apply(name("mean"), .reduce(.max, axes: [2, 3]), [map], [2, channels, 1, 1])
      return builder.apply(name("wide"), .expand, [mean], [2, channels, 4, 4])
    default:
      let step = Resampling(axis: 3, taps: 1, sources: [3, 2, 1, 0], weights: [1, 1, 1, 1])
      return builder.apply(name("resize"), .resample([step]), [map], [2, channels, 4, 4])
    }
  }

  /// One weight used twice.
  private mutating func shared(_ map: ValueID, _ channels: Int) -> ValueID? {
    let weight = builder.constant([channels, channels, 1, 1], name("shared"))
    let operation = Operation.convolution(
      Convolution(
        kernel: [1, 1], strides: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: 1))
    let once = builder.apply(name("once"), operation, [map, weight], builder.extents(map), opType: "Conv")
    return builder.apply(name("twice"), operation, [once, weight], builder.extents(map), opType: "Conv")
  }
}
