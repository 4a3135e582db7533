import Networks

/// One pass over a graph's nodes at one batch size: operands are bound, constants folded, the rest becomes a network.
struct GraphImport {
  private let model: ONNXModel
  private let batchSize: Int
  private let sampleShapes: [String: [Int]]
  private var builder: NetworkBuilder
  private var bindings: [String: Operand] = [:]
  private var nodes: [ImportTrace.Node] = []

  /// A pass.
  /// - Parameter sampleShapes: shapes of one sample by input name, for inputs that the file leaves open.
  init(_ model: ONNXModel, batchSize: Int, sampleShapes: [String: [Int]]) {
    self.model = model
    self.batchSize = batchSize
    self.sampleShapes = sampleShapes
    builder = NetworkBuilder(names: model.graph.names)
  }

  /// The network, with what exporters spell out joined again.
  consuming func network() throws(ONNXError) -> Network {
    try trace().network.joiningActivations().keepingRowsApart()
  }

  /// The network as the file has it, and what became of every node and tensor of the file.
  consuming func trace() throws(ONNXError) -> ImportTrace {
    for (name, tensor) in model.graph.constants {
      bindings[name] = Operand(name: name, constant: tensor, elementType: model.graph.elementTypes[name])
    }
    var inputs: [ValueID] = []
    for input in model.graph.inputs {
      let shape: Shape
      do { shape = try self.shape(of: input) } catch {
        throw error.error(file: model.path, place: "input '\(input.name)'")
      }
      let operand = builder.input(input.name, shape)
      bindings[input.name] = operand
      inputs.append(builder.id(of: operand))
    }
    for node in model.graph.nodes {
      do { try add(node) } catch { throw error.error(file: model.path, place: node.place) }
    }
    var outputs: [ValueID] = []
    for name in model.graph.outputs {
      guard let operand = bindings[name], operand.constant == nil else {
        throw ONNXError(
          .unsupported, file: model.path, place: "output '\(name)'", problem: "it does not depend on any input")
      }
      if let form = operand.quantizedForm {
        throw ONNXError(
          .unsupported, file: model.path, place: "output '\(name)'", problem: "it is \(form), supported are floats")
      }
      outputs.append(builder.id(of: operand))
    }
    guard !builder.nodes.isEmpty else {
      throw ONNXError(.unsupported, file: model.path, problem: "nothing to compute, the outputs are the inputs")
    }
    do {
      let network = try Network(
        name: model.name, batchSize: batchSize, values: builder.values, nodes: builder.nodes, inputs: inputs,
        outputs: outputs)
      return ImportTrace(network: network, nodes: nodes, bindings: bindings)
    } catch {
      let isNode = builder.nodes.contains { $0.name == error.place }
      throw ONNXError(
        .badContent, file: model.path, place: isNode ? "node '\(error.place)'" : "'\(error.place)'",
        problem: error.problem)
    }
  }

  /// The shape of an input at this batch size.
  private func shape(of input: ModelInput) throws(ImportProblem) -> Shape {
    guard ["float32", "float16", "float64"].contains(input.elementType) else {
      throw .unsupported("elements of type \(input.elementType), expected float32, float16 or float64")
    }
    let given = sampleShapes[input.name]
    guard let extents = input.extents ?? given.map({ [.open("?")] + $0.map { .known($0) } }) else {
      throw .openShape(input, "the file does not say its shape, expected the extents of one sample")
    }
    guard let first = extents.first else { throw .unsupported("a scalar, expected the batch as axis 0") }
    if let given, given.count != extents.count - 1 {
      throw .bad("a sample shape \(given) is given, the file has \(Self.text(extents))")
    }
    // The batch in the file may be replaced, but it has to be one.
    if case .known(let written) = first, written < 1 { throw .bad("shape \(Self.text(extents))") }
    var dimensions = [batchSize]
    for (axis, extent) in extents.enumerated().dropFirst() {
      switch extent {
      case .known(let written):
        if let given, given[axis - 1] != written {
          throw .bad("a sample shape \(given) is given, the file has \(Self.text(extents))")
        }
        dimensions.append(written)
      case .open(let name):
        guard let given else {
          throw .openShape(
            input, "axis \(axis) ('\(name)') of \(Self.text(extents)) is open, expected the extents of one sample")
        }
        dimensions.append(given[axis - 1])
      }
    }
    guard let shape = Shape(written: dimensions), shape.count > 0, shape.count <= ImportLimits.valueElements else {
      throw .bad("shape \(dimensions), expected 1 to \(ImportLimits.valueElements) elements")
    }
    return shape
  }

  private static func text(_ extents: [ModelInput.Extent]) -> String {
    "[\(extents.map(\.description).joined(separator: ", "))]"
  }

  /// Binds the results of one node.
  private mutating func add(_ node: ModelGraph.Node) throws(ImportProblem) {
    let proto = node.proto
    var operands: [Operand?] = []
    for name in proto.input {
      guard name.isEmpty || bindings[name] != nil else { throw .bad("reads '\(name)', which its node does not yield") }
      operands.append(bindings[name])
    }
    let operatorNode = OperatorNode(
      name: node.name, opType: proto.opType, opset: model.opsets[""] ?? 0, operands: operands, outputs: proto.output,
      isRead: proto.output.map { !$0.isEmpty && model.graph.read.contains($0) },
      attributes: Dictionary(proto.attribute.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
    let results = try results(of: operatorNode)
    nodes.append(ImportTrace.Node(node: operatorNode, isFolded: results.allSatisfy { $0.constant != nil }))
    for (position, name) in proto.output.enumerated() where !name.isEmpty && results.indices.contains(position) {
      bindings[name] = results[position]
    }
  }

  private mutating func results(of node: OperatorNode) throws(ImportProblem) -> [Operand] {
    let rule = OperatorRegistry.rule(for: node.opType)
    let isConstant = node.operands.allSatisfy { $0 == nil || $0?.constant != nil }
    if let fold = rule?.fold, isConstant || rule?.foldsFromShapes == true { return try fold(node, &builder) }
    let place = "operator \(node.opType) of opset \(node.opset)"
    guard !isConstant else {
      throw .unsupported("\(place) is not supported on constants alone; \(OperatorRegistry.listing)")
    }
    guard let convert = rule?.convert else {
      let computed = node.operands.compactMap { $0 }.filter { $0.constant == nil }.map { "'\($0.name)'" }
      throw .unsupported(
        "\(place) is supported on constants alone, computed here: \(computed.joined(separator: ", ")); "
          + OperatorRegistry.listing)
    }
    guard let form = try node.quantizedForm() else { return try convert(node, &builder) }
    return try convert(node, &builder).map { $0.holding(form) }
  }
}
