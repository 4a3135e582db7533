import ExecutorContract
import Networks
import Surgery
import Testing

struct FakeQuantizationTests {
  /// A linear layer of 4 inputs whose weight is given, row by output.
  private static func linear(_ weight: [Float]) throws -> Network {
    let values = [
      Value(name: "x", shape: Shape([2, 4])),
      Value(
        name: "w", constant: ConstantTensor(shape: Shape([weight.count / 4, 4]), elements: .float(weight))),
      Value(name: "y", shape: Shape([2, weight.count / 4])),
    ]
    let node = Node(
      name: "fc", opType: "Gemm", operation: .linear(Linear(weightIsOutputByInput: true)),
      inputs: [ValueID(0), ValueID(1)], outputs: [ValueID(2)])
    return try Network(
      name: "hand", batchSize: 2, values: values, nodes: [node], inputs: [ValueID(0)], outputs: [ValueID(2)])
  }

  private static func weight(_ network: Network, _ name: String) throws -> [Float] {
    let node = try #require(network.nodes.first { $0.name == name })
    let id = try #require(node.inputs[1])
    return try #require(network[id].constant).floats
  }

  @Test func `weights fall on the grid of their own output channel, halves on the even multiple`() throws {
    let network = try Self.linear([
      7, 2.5, 3.5, -0.5,  // scale 7 ÷ 7 = 1
      -14, 3, 5, 1,  // scale 2: −7, 1.5, 2.5 and 0.5 steps
      0, 0, 0, 0,  // nothing to round
    ])
    let four = network.quantizingWeights(of: "fc", bits: 4)
    #expect(try Self.weight(four, "fc") == [7, 2, 4, 0, -14, 4, 4, 0, 0, 0, 0, 0])
    // Two bits: −1, 0 and 1 times the largest.
    let two = network.quantizingWeights(of: "fc", bits: 2)
    #expect(try Self.weight(two, "fc") == [7, 0, 0, 0, -14, 0, 0, 0, 0, 0, 0, 0])
    #expect(try Self.weight(network, "fc") == [7, 2.5, 3.5, -0.5, -14, 3, 5, 1, 0, 0, 0, 0])
  }

  @Test(arguments: LayerCase.all.filter { $0.network.nodes.count == 1 }, [3, 8, 16])
  func `every output channel of every kind of layer has a grid of its own`(_ layer: LayerCase, bits: Int) throws {
    let found = try Self.weight(layer.network.quantizingWeights(of: layer.node.name, bits: bits), layer.node.name)
    let steps = Float(1 << (bits - 1) - 1)
    for output in 0..<layer.channels.outputs {
      let own = layer.weight.indices.filter { layer.channels(of: $0).output == output }
      let scale = (own.map { layer.weight[$0].magnitude }.max() ?? 0) / steps
      for index in own {
        // Half a step, and the rounding of quotient and product.
        #expect(abs(found[index] - layer.weight[index]) <= scale * (0.5 + steps * 1e-6))
        #expect((found[index] / scale).rounded() * scale == found[index])
      }
    }
  }

  @Test func `grids of activations are unsigned where nothing is negative, else symmetric`() {
    #expect(Quantization.covering(0...510, bits: 8) == Quantization(scale: 2, steps: 0...255))
    #expect(Quantization.covering(1...15, bits: 4) == Quantization(scale: 1, steps: 0...15))
    #expect(Quantization.covering(-1...254, bits: 8) == Quantization(scale: 2, steps: -127...127))
    #expect(Quantization.covering(-14...7, bits: 4) == Quantization(scale: 2, steps: -7...7))
    #expect(Quantization.symmetric(largest: 32767, bits: 16) == Quantization(scale: 1, steps: -32767...32767))
    #expect(Quantization.covering(0...0, bits: 8) == nil)
    #expect(Quantization.symmetric(largest: .leastNonzeroMagnitude, bits: 8) == nil)
  }

  @Test func `only the layer itself reads the rounded input`() throws {
    var builder = ProblemBuilder(name: "two readers", batchSize: 2, sampleCount: 2, seed: 5)
    let x = builder.input([4])
    let (a, b) = (builder.linear(x, to: 3), builder.linear(x, to: 3))
    let network = builder.network(outputs: [a, b])
    let grid = Quantization(scale: 0.25, steps: -7...7)
    let layers = network.nodes.map(\.name)
    let changed = network.quantizingInput(of: layers[1], grid)
    #expect(changed.nodes.map(\.name) == [layers[0], "\(layers[1]).quantized_input", layers[1]])
    #expect(changed.nodes[1].operation == .unary(.quantize(grid)))
    #expect(changed.nodes[1].inputs == [x])
    #expect(changed.nodes[0].inputs == network.nodes[0].inputs)
    let inputs = [0.1, 0.13, -0.4, 9, 0, -9, 0.2, 0.12]
    let rounded = inputs.map { min(max(($0 * 4).rounded(.toNearestOrEven), -7), 7) / 4 }
    let second = try Network(
      name: "b", batchSize: 2, values: network.values, nodes: [network.nodes[1]], inputs: network.inputs, outputs: [b])
    let alone = try Network(
      name: "b", batchSize: 2, values: changed.values, nodes: Array(changed.nodes.dropFirst()),
      inputs: network.inputs, outputs: [b])
    #expect(try alone.referenceOutput([inputs]) == second.referenceOutput([rounded]))
  }
}
