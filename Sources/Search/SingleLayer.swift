public import Networks

/// One layer at chosen widths, as a network that can be timed.
public struct SingleLayer: Sendable {
  /// What the layer is, unpruned.
  public let shape: LayerShape
  /// Input channels of the whole layer; 1 for a depthwise layer.
  public let inputs: Int
  /// Output channels.
  public let outputs: Int
  /// Samples per run.
  public let batchSize: Int

  /// The layer's node in `network()`.
  public static let nodeName = "layer"

  /// A network around the layer, weights random and always the same.
  ///
  /// In front stands a layer that makes its channels out of one, behind a convolution a mean over space: so it reads and
  /// writes arrays in the order in which they flow between layers, and neither copies nor the caller are timed with it.
  /// - Throws: `NetworkError` when the arrays are too large to be counted.
  public func network() throws(NetworkError) -> Network {
    var parts = Parts()
    return shape.kind == .linear ? try linear(&parts) : try convolution(&parts)
  }

  private var samples: Int { batchSize * (shape.kind == .linear ? 1 : shape.repetitions) }

  private func linear(_ parts: inout Parts) throws(NetworkError) -> Network {
    let rows = shape.repetitions == 1 ? [batchSize] : [batchSize, shape.repetitions]
    let operation = Operation.linear(Linear(weightIsOutputByInput: true))
    let x = try parts.value("input", rows + [1])
    let h = try parts.node(
      "front", "Gemm", operation, [x, try parts.weight("front.weight", [inputs, 1])], rows + [inputs])
    var operands = [h, try parts.weight("weight", [outputs, inputs])]
    if shape.hasBias { operands.append(try parts.weight("bias", [outputs])) }
    let y = try parts.node(SingleLayer.nodeName, "Gemm", operation, operands, rows + [outputs])
    return try parts.network(batchSize: samples, input: x, output: y)
  }

  private func convolution(_ parts: inout Parts) throws(NetworkError) -> Network {
    let axes = shape.kernel.count
    let ones = [Int](repeating: 1, count: axes)
    let zeros = [Int](repeating: 0, count: axes)
    let isTransposed = shape.kind == .transposedConvolution
    let groups = shape.isDepthwise ? outputs / shape.units.outputs : shape.groups
    let inputs = shape.isDepthwise ? groups : inputs
    let geometry = Convolution(
      kernel: shape.kernel, strides: shape.strides, padsBegin: Array(shape.pads.prefix(axes)),
      padsEnd: Array(shape.pads.dropFirst(axes)), dilations: shape.dilations, groups: groups)
    let pointwise = Convolution(
      kernel: ones, strides: ones, padsBegin: zeros, padsEnd: zeros, dilations: ones, groups: 1)
    let x = try parts.value("input", [samples, 1] + shape.inputExtents)
    let h = try parts.node(
      "front", "Conv", .convolution(pointwise), [x, try parts.weight("front.weight", [inputs, 1] + ones)],
      [samples, inputs] + shape.inputExtents)
    let weight = isTransposed ? [inputs, outputs / groups] : [outputs, inputs / groups]
    var operands = [h, try parts.weight("weight", weight + shape.kernel)]
    if shape.hasBias { operands.append(try parts.weight("bias", [outputs])) }
    let y = try parts.node(
      SingleLayer.nodeName, shape.kind.rawValue,
      isTransposed ? .convolutionTranspose(geometry) : .convolution(geometry),
      operands, [samples, outputs] + shape.outputExtents)
    let mean = try parts.node(
      "mean", "ReduceMean", .reduce(.mean, axes: Array(2..<2 + axes)), [y], [samples, outputs])
    return try parts.network(batchSize: samples, input: x, output: mean)
  }
}

/// A network as it grows.
private struct Parts {
  private var values: [Value] = []
  private var nodes: [Node] = []

  mutating func value(_ name: String, _ extents: [Int]) throws(NetworkError) -> ValueID {
    add(Value(name: name, shape: try Parts.shape(name, extents)))
  }

  mutating func node(
    _ name: String, _ opType: String, _ operation: Operation, _ operands: [ValueID], _ extents: [Int]
  ) throws(NetworkError) -> ValueID {
    let result = try value("\(name).result", extents)
    nodes.append(Node(name: name, opType: opType, operation: operation, inputs: operands, outputs: [result]))
    return result
  }

  /// A constant of random numbers. They repeat: what they are costs no time, but making millions of them would.
  mutating func weight(_ name: String, _ extents: [Int]) throws(NetworkError) -> ValueID {
    let shape = try Parts.shape(name, extents)
    var random = SplitMix64(0x1A7E)
    let block = (0..<min(shape.count, 4096)).map { _ in Float(random.unit() - 0.5) }
    var elements: [Float] = []
    elements.reserveCapacity(shape.count)
    while elements.count < shape.count { elements += block.prefix(shape.count - elements.count) }
    return add(Value(name: name, constant: ConstantTensor(shape: shape, elements: .float(elements))))
  }

  func network(batchSize: Int, input: ValueID, output: ValueID) throws(NetworkError) -> Network {
    try Network(
      name: "single layer", batchSize: batchSize, values: values, nodes: nodes, inputs: [input], outputs: [output])
  }

  private mutating func add(_ value: Value) -> ValueID {
    values.append(value)
    return ValueID(values.count - 1)
  }

  private static func shape(_ name: String, _ extents: [Int]) throws(NetworkError) -> Shape {
    guard let shape = Shape(checking: extents), shape.count <= 1 << 40 else {
      throw NetworkError(name, "an array of extents \(extents) is too large")
    }
    return shape
  }
}
