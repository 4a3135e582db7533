import ExecutorContract
import Networks
import Surgery
import Testing

struct MaskingTests {
  /// The layer alone, without some input channels; with convolution groups that lose all of theirs the outputs of these
  /// go too.
  private func removing(
    _ channels: Set<Int>, from layer: LayerCase
  ) throws -> (network: Network, inputs: [Int], outputs: [Int]) {
    let perGroup = (layer.channels.inputs / layer.groups, layer.channels.outputs / layer.groups)
    let emptied = (0..<layer.groups).filter { group in
      (0..<perGroup.0).allSatisfy { channels.contains(group * perGroup.0 + $0) }
    }
    let inputs = (0..<layer.channels.inputs).filter { !channels.contains($0) }
    let outputs = (0..<layer.channels.outputs).filter { !emptied.contains($0 / perGroup.1) }
    let weight = layer.weight.indices.filter {
      let (input, output) = layer.channels(of: $0)
      return inputs.contains(input) && outputs.contains(output)
    }.map { layer.weight[$0] }
    let groups = layer.groups - emptied.count
    var operation = layer.node.operation
    var weightShape = layer.network[layer.node.inputs[1] ?? ValueID(0)].shape.dimensions
    let axis = layer.isLinear ? layer.input.rank - 1 : 1
    switch operation {
    case .convolution(var convolution):
      convolution.groups = groups
      convolution.outputScale = convolution.outputScale.map { scale in outputs.map { scale[$0] } }
      operation = .convolution(convolution)
      (weightShape[0], weightShape[1]) = (outputs.count, inputs.count / groups)
    case .convolutionTranspose(var convolution):
      convolution.groups = groups
      operation = .convolutionTranspose(convolution)
      (weightShape[0], weightShape[1]) = (inputs.count, outputs.count / groups)
    case .linear(let linear):
      weightShape = linear.weightIsOutputByInput ? [outputs.count, inputs.count] : [inputs.count, outputs.count]
    default: break
    }
    var (x, y) = (layer.input.dimensions, layer.output.dimensions)
    x[axis] = inputs.count
    y[axis] = outputs.count
    var values = [
      Value(name: "x", shape: Shape(x)), Value(name: "y", shape: Shape(y)),
      Value(name: "w", constant: ConstantTensor(shape: Shape(weightShape), elements: .float(weight))),
    ]
    if let bias = layer.bias {
      values.append(
        Value(
          name: "b",
          constant: ConstantTensor(shape: Shape([outputs.count]), elements: .float(outputs.map { bias[$0] }))))
    }
    let node = Node(
      name: "layer", opType: "", operation: operation,
      inputs: [ValueID(0), ValueID(2)] + (layer.bias == nil ? [] : [ValueID(3)]), outputs: [ValueID(1)])
    let network = try Network(
      name: "removed", batchSize: layer.batchSize, values: values, nodes: [node], inputs: [ValueID(0)],
      outputs: [ValueID(1)])
    return (network, inputs, outputs)
  }

  /// The elements of some channels of a value.
  private func taking(_ channels: [Int], of elements: [Double], _ shape: Shape, axis: Int) -> [Double] {
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    return elements.indices.filter { channels.contains($0 / inner % shape[axis]) }.map { elements[$0] }
  }

  private static let layers = LayerCase.all.filter { $0.network.nodes.count == 1 }

  @Test(arguments: layers)
  func `a masked layer yields what it yields without the channels`(_ layer: LayerCase) throws {
    let perGroup = layer.channels.inputs / layer.groups
    // Of a depthwise convolution one channel, else one of each group.
    let removed = perGroup == 1 ? [1] : (0..<layer.groups).map { $0 * perGroup + $0 % perGroup }
    let axis = layer.isLinear ? layer.input.rank - 1 : 1
    var random = layer.random
    let inputs = random.floats(layer.input.count, in: -1...2).map(Double.init)
    let masked = layer.network.masking(inputs: [layer.node.name: removed])
    let (without, kept, outputs) = try removing(Set(removed), from: layer)
    let found = try masked.referenceOutput([inputs])
    let expected = try without.referenceOutput([taking(kept, of: inputs, layer.input, axis: axis)])
    // To the bit: products with 0 add nothing.
    #expect(taking(outputs, of: found, layer.output, axis: axis) == expected)
    // An output without inputs is its bias.
    for output in 0..<layer.channels.outputs where !outputs.contains(output) {
      let bias = layer.bias.map { Double($0[output]) } ?? 0
      #expect(layer.elements(ofOutput: output).allSatisfy { found[$0] == bias })
    }
    #expect(try layer.network.referenceOutput([inputs]) != found)
  }

  @Test func `another layer that shares the weight keeps it`() throws {
    var builder = ProblemBuilder(name: "shared", batchSize: 2, sampleCount: 2, seed: 1)
    let x = builder.input([4])
    let weight = builder.constant([4, 4])
    let linear = Operation.linear(Linear(weightIsOutputByInput: true))
    let first = builder.node(linear, [x, weight], result: [2, 4])
    let second = builder.node(linear, [x, weight], result: [2, 4])
    let network = builder.network(outputs: [first, second])
    let masked = network.masking(inputs: [network.nodes[1].name: [0, 3]])
    let zeroed = try masked.nodes.map { node in
      let elements = try #require(node.inputs[1].flatMap { masked[$0].constant }).floats
      return elements.indices.filter { elements[$0] == 0 }
    }
    #expect(zeroed == [[], [0, 3, 4, 7, 8, 11, 12, 15]])
    #expect(masked.outputs == network.outputs && masked.inputs == network.inputs)
    #expect(masked.values.prefix(network.values.count).map(\.name) == network.values.map(\.name))
  }

  @Test func `integer and float64 weights are masked in their own type`() throws {
    for elements in [ConstantTensor.Elements.double([1, 2, 3, 4]), .integer([1, 2, 3, 4])] {
      let network = try Network(
        name: "typed", batchSize: 1,
        values: [
          Value(name: "x", shape: Shape([1, 2])), Value(name: "y", shape: Shape([1, 2])),
          Value(name: "w", constant: ConstantTensor(shape: Shape([2, 2]), elements: elements)),
        ],
        nodes: [
          Node(
            name: "fc", opType: "MatMul", operation: .linear(Linear(weightIsOutputByInput: false)),
            inputs: [ValueID(0), ValueID(2)], outputs: [ValueID(1)])
        ], inputs: [ValueID(0)], outputs: [ValueID(1)])
      let masked = network.masking(inputs: ["fc": [1]])
      #expect(masked.values[3].constant?.doubles == [1, 2, 0, 0])
    }
  }
}
