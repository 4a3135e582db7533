import ExecutorContract
import Networks
import Surgery
import Testing

struct CorrectionTests {
  private static let seed: UInt64 = 99

  // MARK: Channel means

  @Test(arguments: [([4, 3, 2, 5], 1, 4), ([6, 3, 4], 2, 2), ([4, 7], 1, 4), ([6, 2, 3], 1, 3)])
  func `channel means are those of the counted samples`(extents: [Int], axis: Int, batchSize: Int) {
    let shape = Shape(extents)
    var random = SeededGenerator(seed: Self.seed)
    // Quarters: sums are exact in any order.
    let values = random.quarters(shape.count)
    let means = ChannelMeans(of: shape, channelAxis: axis, batchSize: batchSize)
    var (whole, parts) = ([Double](repeating: 0, count: means.packedCount), [Double]())
    parts = whole
    means.accumulate(values, samples: batchSize, into: &whole)
    let cut = shape.count / batchSize
    means.accumulate(values, samples: 1, into: &parts)
    means.accumulate(Array(values[cut...]), samples: batchSize - 1, into: &parts)
    #expect(parts == whole)
    let inner = extents[(axis + 1)...].reduce(1, *)
    let expected = (0..<extents[axis]).map { channel in
      let own = values.indices.filter { $0 / inner % extents[axis] == channel }.map { Double(values[$0]) }
      return own.reduce(0, +) / Double(own.count)
    }
    // One division against another.
    for (found, mean) in zip(means.means(whole), expected) { #expect(abs(found - mean) < 1e-14) }
    #expect(
      means.means([Double](repeating: 0, count: means.packedCount)) == [Double](repeating: 0, count: extents[axis]))
  }

  // MARK: Bias correction

  private static let inside: [LayerCase] = [
    LayerCase("convolution inside its image") { b in
      b.convolution(b.input([4, 6, 5]), to: 3, kernel: [2, 3], strides: [2, 1], dilations: [1, 2])
    },
    LayerCase("convolution in groups, scaled") { b in
      b.convolution(b.input([4, 6]), to: 6, kernel: [3], groups: 2, scaled: true)
    },
    LayerCase("depthwise convolution") { b in
      b.convolution(b.input([5, 4, 4]), to: 10, kernel: [2, 2], groups: 5)
    },
    LayerCase("transposed convolution that covers its image evenly") { b in
      b.convolutionTranspose(b.input([4, 3, 3]), to: 2, kernel: [2, 3], strides: [2, 3], groups: 2)
    },
    LayerCase("linear layer, alpha and beta") { b in b.linear(b.input([6]), to: 3, alpha: 0.5, beta: 4) },
    LayerCase("linear layer, input by output, scaled") { b in
      b.linear(b.input([3, 6]), to: 3, outputByInput: false, scaled: true)
    },
  ]

  @Test(arguments: inside)
  func `the corrected bias keeps the mean of every output where inputs do not vary over space`(
    _ layer: LayerCase
  ) throws {
    // Constant over positions, so that every window meets the mean.
    let inner = layer.isLinear ? 1 : layer.input.dimensions[2...].reduce(1, *)
    var random = layer.random
    let levels = random.floats(layer.batchSize * layer.channels.inputs, in: -1...2)
    let inputs = (0..<layer.input.count).map { element in
      let channel = element / inner % layer.channels.inputs
      return levels[element * layer.batchSize / layer.input.count * layer.channels.inputs + channel]
    }
    let removed = [1, 3]
    let statistics = ChannelMeans(
      of: layer.input, channelAxis: layer.isLinear ? layer.input.rank - 1 : 1, batchSize: layer.batchSize)
    var packed = [Double](repeating: 0, count: statistics.packedCount)
    statistics.accumulate(inputs, samples: layer.batchSize, into: &packed)
    let means = statistics.means(packed)
    let delta = try layer.network.biasCorrection(
      of: layer.node, removing: removed, means: removed.map { means[$0] })
    let bias = try #require(layer.bias)
    let corrected = zip(bias, delta).map { Float(Double($0) + $1) }
    let doubles = inputs.map(Double.init)
    let before = try layer.network.referenceOutput([doubles])
    let masked = layer.network.masking(inputs: [layer.node.name: removed])
    let uncorrected = try masked.referenceOutput([doubles])
    let after = try masked.replacing([(layer.node.inputs[2], corrected)]).referenceOutput([doubles])
    var isMoved = false
    for output in 0..<layer.channels.outputs {
      let places = layer.elements(ofOutput: output)
      func mean(_ values: [Double]) -> Double { places.reduce(0) { $0 + values[$1] } / Double(places.count) }
      // The bias is float32, times beta.
      #expect(abs(mean(before) - mean(after)) < 2e-6)
      if abs(mean(before) - mean(uncorrected)) > 1e-3 { isMoved = true }
    }
    #expect(isMoved)
  }

  @Test func `a node without weights, and a bias times 0, are refused`() throws {
    var builder = ProblemBuilder(name: "none", batchSize: 2, sampleCount: 2, seed: 3)
    let y = builder.linear(builder.unary(.relu, builder.input([3])), to: 2, beta: 0)
    let network = builder.network(outputs: [y])
    #expect(throws: SurgeryError.self) {
      try network.biasCorrection(of: network.nodes[0], removing: [0], means: [1])
    }
    #expect(throws: SurgeryError.self) {
      try network.biasCorrection(of: network.nodes[1], removing: [0], means: [1])
    }
  }

  // MARK: Normalisation

  @Test(arguments: [[4, 3, 5, 2], [6, 2], [4, 3, 7]])
  func `adapted statistics bring every channel to mean 0 and variance 1`(extents: [Int]) throws {
    let shape = Shape(extents)
    var random = SeededGenerator(seed: Self.seed)
    let channels = extents[1]
    let inner = extents[2...].reduce(1, *)
    // A mean of thousands beside a spread of one: without the shift the squares would lose 7 digits.
    let values = random.floats(shape.count, in: -1...1).enumerated().map { element, value in
      value + 4096 * Float(element / inner % channels + 1)
    }
    let running = (0..<channels).map { 4096 * Double($0 + 1) + 0.25 }
    let statistics = NormalizationStatistics(of: shape, batchSize: 2, runningMean: running)
    var packed = [Double](repeating: 0, count: statistics.packedCount)
    let half = shape.count / 2
    statistics.accumulate(values, samples: 1, into: &packed)
    statistics.accumulate(Array(values[half...]), samples: 1, into: &packed)
    let (mean, variance) = try #require(statistics.moments(packed))
    for channel in 0..<channels {
      let own = values.indices.filter { $0 / inner % channels == channel }.map { Double(values[$0]) }
      let expected = own.reduce(0, +) / Double(own.count)
      let spread = own.reduce(0) { $0 + ($1 - expected) * ($1 - expected) } / Double(own.count)
      // Rounding of sums of thousands in the test's own mean.
      #expect(abs(mean[channel] - expected) < 1e-10)
      #expect(abs(variance[channel] - spread) < 1e-10)
    }
  }

  @Test func `a constant channel has variance 0, and no data give no moments`() throws {
    let statistics = NormalizationStatistics(of: Shape([3, 1]), batchSize: 3, runningMean: [0.1])
    var packed = [Double](repeating: 0, count: statistics.packedCount)
    #expect(statistics.moments(packed) == nil)
    statistics.accumulate([0.7, 0.7, 0.7], samples: 3, into: &packed)
    let (mean, variance) = try #require(statistics.moments(packed))
    #expect(abs(mean[0] - Double(Float(0.7))) < 1e-15)
    #expect(variance[0] >= 0 && variance[0] < 1e-15)
  }
}
