import Networks

/// The values and nodes of a network while it is put together.
struct NetworkBuilder {
  /// Values in the order of their creation.
  private(set) var values: [Value] = []
  /// Nodes in the order in which they run.
  private(set) var nodes: [Node] = []
  /// Constants that a node reads, by name.
  private var constantIDs: [String: ValueID] = [:]
  private var takenNames: Set<String>
  /// By name the number that the next name made from it ends with.
  private var nextNumbers: [String: Int] = [:]
  private var foldedElements = 0
  private var foldedProducts = 0
  private var layerChannels = 0

  /// An empty network.
  /// - Parameter names: names that the file uses; what is made up here avoids them.
  init(names: Set<String>) { takenNames = names }

  /// Adds an input.
  mutating func input(_ name: String, _ shape: Shape) -> Operand {
    values.append(Value(name: name, shape: shape))
    return Operand(name: name, shape: shape, computed: ValueID(values.count - 1))
  }

  /// Adds a node that yields a value.
  /// - Parameters:
  ///   - opType: what the node is called, if other than the ONNX node.
  ///   - dimensions: of the result.
  ///   - part: what distinguishes a further node made from the same ONNX node; `nil` for the one that keeps its name.
  ///   - isResult: whether the value is the ONNX node's first result and has its name.
  mutating func emit(
    _ node: OperatorNode, _ operation: Operation, opType: String? = nil, _ operands: [Operand?], _ dimensions: [Int],
    part: String? = nil, isResult: Bool = true
  ) throws(ImportProblem) -> Operand {
    let shape = try checked(dimensions)
    try countChannels(of: operation, operands, shape)
    let nodeName = part.map { unique("\(node.name)/\($0)") } ?? node.name
    let output = node.outputs.first ?? ""
    let name = isResult && !output.isEmpty ? output : unique("\(output)/\(part ?? "main")")
    let inputs = operands.map { operand in operand.map { id(of: $0) } }
    values.append(Value(name: name, shape: shape))
    let result = ValueID(values.count - 1)
    nodes.append(
      Node(name: nodeName, opType: opType ?? node.opType, operation: operation, inputs: inputs, outputs: [result]))
    return Operand(name: name, shape: shape, computed: result)
  }

  /// Adds the node of an operator with several results.
  mutating func emit(_ node: OperatorNode, _ operation: Operation, _ operand: Operand, parts: [Shape])
    throws(ImportProblem) -> [Operand]
  {
    let input = id(of: operand)
    var results: [Operand] = []
    for (position, part) in parts.enumerated() {
      let shape = try checked(part.dimensions)
      let written = node.outputs.indices.contains(position) ? node.outputs[position] : ""
      let name = written.isEmpty ? unique("\(node.name)/part\(position)") : written
      values.append(Value(name: name, shape: shape))
      results.append(Operand(name: name, shape: shape, computed: ValueID(values.count - 1)))
    }
    nodes.append(
      Node(
        name: node.name, opType: node.opType, operation: operation, inputs: [input],
        outputs: (values.count - parts.count..<values.count).map { ValueID($0) }))
    return results
  }

  /// The value that an operand is; a constant becomes one when it is first asked for.
  mutating func id(of operand: Operand) -> ValueID {
    switch operand.content {
    case .computed(let id): return id
    case .constant(let tensor):
      if let id = constantIDs[operand.name] { return id }
      values.append(Value(name: operand.name, constant: tensor))
      constantIDs[operand.name] = ValueID(values.count - 1)
      return ValueID(values.count - 1)
    }
  }

  /// A constant that is in no file, under a name of its own.
  mutating func constant(_ tensor: ConstantTensor, named name: String) -> Operand {
    Operand(name: unique(name), constant: tensor)
  }

  /// A constant of one element and no axes that is in no file.
  mutating func scalar(_ value: Double, named name: String) -> Operand {
    constant(ConstantTensor(shape: Shape([]), elements: .double([value])), named: name)
  }

  /// Has to be called before folding allocates an array.
  /// - Parameter arrays: how many of this shape are made, those included that folding itself needs for a while.
  /// - Returns: the array's shape.
  /// - Throws: when the arrays made so far and these are too much.
  mutating func reserve(_ dimensions: [Int], arrays: Int = 1) throws(ImportProblem) -> Shape {
    guard let shape = Shape(written: dimensions) else { throw .noShape(dimensions) }
    guard shape.count <= (ImportLimits.foldedElements - foldedElements) / arrays else {
      throw .unsupported(
        "a constant of shape \(shape), \(foldedElements) elements are folded already, at most \(ImportLimits.foldedElements)"
      )
    }
    foldedElements += shape.count * arrays
    return shape
  }

  /// Has to be called before folding multiplies matrices.
  /// - Returns: whether the products made so far and these are not too much.
  mutating func reserve(products: Int) -> Bool {
    guard products <= ImportLimits.foldedProducts - foldedProducts else { return false }
    foldedProducts += products
    return true
  }

  /// Counts the channels of a layer, whose every channel is followed through the network.
  private mutating func countChannels(of operation: Operation, _ operands: [Operand?], _ shape: Shape)
    throws(ImportProblem)
  {
    guard let x = operands.first.flatMap({ $0 })?.shape else { return }
    let channels: (Int, Int)
    switch operation {
    case .convolution, .convolutionTranspose: channels = (x[1], shape[1])
    case .linear: channels = (x[x.rank - 1], shape[shape.rank - 1])
    default: return
    }
    layerChannels += channels.0 + channels.1
    guard layerChannels <= ImportLimits.layerChannels else {
      throw .unsupported("the layers have more than \(ImportLimits.layerChannels) channels together")
    }
  }

  private func checked(_ dimensions: [Int]) throws(ImportProblem) -> Shape {
    guard let shape = Shape(written: dimensions) else { throw .noShape(dimensions) }
    guard shape.count > 0 else { throw .bad("a result of shape \(shape), expected at least one element") }
    guard shape.count <= ImportLimits.valueElements else {
      throw .unsupported("a result of shape \(shape), supported are at most \(ImportLimits.valueElements) elements")
    }
    return shape
  }

  private mutating func unique(_ name: String) -> String {
    if takenNames.insert(name).inserted { return name }
    var number = nextNumbers[name] ?? 2
    while !takenNames.insert("\(name)_\(number)").inserted { number += 1 }
    nextNumbers[name] = number + 1
    return "\(name)_\(number)"
  }
}
