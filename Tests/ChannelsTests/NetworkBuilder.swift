import Networks

/// Builds small networks by hand: values get names and constants get small elements of both signs.
struct NetworkBuilder {
  private var values: [Value] = []
  private var nodes: [Node] = []
  private var inputs: [ValueID] = []

  mutating func input(_ extents: [Int]) -> ValueID {
    let id = add(Value(name: "input\(inputs.count)", shape: Shape(extents)))
    inputs.append(id)
    return id
  }

  mutating func constant(_ extents: [Int], _ name: String) -> ValueID {
    let shape = Shape(extents)
    let elements = (0..<shape.count).map { Float(($0 * 7 + name.utf8.count * 5) % 17 - 8) / 16 }
    return add(Value(name: name, constant: ConstantTensor(shape: shape, elements: .float(elements))))
  }

  /// A constant of positive elements, as variances are.
  mutating func positive(_ extents: [Int], _ name: String) -> ValueID {
    let shape = Shape(extents)
    let elements = (0..<shape.count).map { Float($0 % 5 + 1) / 4 }
    return add(Value(name: name, constant: ConstantTensor(shape: shape, elements: .float(elements))))
  }

  /// A value's extents.
  func extents(_ value: ValueID) -> [Int] { values[value.index].shape.dimensions }

  mutating func apply(
    _ name: String, _ operation: Operation, _ operands: [ValueID?], _ extents: [Int], opType: String = "Op"
  ) -> ValueID {
    split(name, operation, operands, [extents], opType: opType)[0]
  }

  mutating func split(
    _ name: String, _ operation: Operation, _ operands: [ValueID?], _ extents: [[Int]], opType: String = "Op"
  ) -> [ValueID] {
    let outputs = extents.enumerated().map { add(Value(name: "\(name).\($0)", shape: Shape($1))) }
    nodes.append(Node(name: name, opType: opType, operation: operation, inputs: operands, outputs: outputs))
    return outputs
  }

  /// A 1×1 or k×k convolution that keeps the size.
  mutating func convolve(_ name: String, _ x: ValueID, _ outputs: Int, kernel: Int = 1, groups: Int = 1) -> ValueID {
    let shape = values[x.index].shape
    let weight = constant([outputs, shape[1] / groups, kernel, kernel], "\(name).weight")
    let pad = kernel / 2
    let convolution = Convolution(
      kernel: [kernel, kernel], strides: [1, 1], padsBegin: [pad, pad], padsEnd: [pad, pad], dilations: [1, 1],
      groups: groups)
    return apply(
      name, .convolution(convolution), [x, weight], [shape[0], outputs, shape[2], shape[3]], opType: "Conv")
  }

  mutating func linear(_ name: String, _ x: ValueID, _ outputs: Int) -> ValueID {
    let shape = values[x.index].shape
    let weight = constant([outputs, shape[shape.rank - 1]], "\(name).weight")
    return apply(
      name, .linear(Linear(weightIsOutputByInput: true)), [x, weight], shape.dimensions.dropLast() + [outputs],
      opType: "Gemm")
  }

  func network(_ outputs: [ValueID]) throws -> Network {
    try Network(
      name: "built", batchSize: values[inputs[0].index].shape[0], values: values, nodes: nodes, inputs: inputs,
      outputs: outputs)
  }

  private mutating func add(_ value: Value) -> ValueID {
    values.append(value)
    return ValueID(values.count - 1)
  }
}
