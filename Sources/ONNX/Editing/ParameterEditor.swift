import FoundationEssentials
import Networks

/// Finds the tensors that hold layers' parameters in a model and collects the edits that replace their numbers.
struct ParameterEditor {
  /// The edits so far.
  private(set) var edits = ModelEdits()
  private let graph: Onnx_GraphProto
  private let sources: GraphSources
  private let files: [String: [UInt8]]
  private let isListingInitializers: Bool
  /// Positions of nodes by name.
  private let positions: [String: Int]
  /// How often each tensor is read: by nodes, as an output, inside subgraphs.
  private var readers: [String: Int] = [:]
  private var names: Set<String>

  /// An editor of a model.
  init(_ files: ModelFiles) throws(ONNXError) {
    let model: Onnx_ModelProto
    do { model = try decodeModel(files.model) } catch { throw error.error(file: files.path) }
    graph = model.graph
    self.files = files.external
    isListingInitializers = model.irVersion < 4
    do { sources = try GraphSources(model.graph) } catch {
      throw ONNXError(.badContent, file: files.path, place: error.place, problem: error.problem)
    }
    positions = Dictionary(
      uniqueKeysWithValues: sources.nodeNames.enumerated().map { position, name in (name, position) })
    names = sources.names
    for output in model.graph.output { readers[output.name, default: 0] += 1 }
    Self.count(model.graph, &readers, &names)
  }

  /// Counts what a graph's nodes read, those of graphs inside it too: they may read tensors of the graph around them.
  private static func count(_ graph: Onnx_GraphProto, _ readers: inout [String: Int], _ names: inout Set<String>) {
    for node in graph.node {
      for name in node.input where !name.isEmpty { readers[name, default: 0] += 1 }
      for attribute in node.attribute {
        for inner in (attribute.hasG ? [attribute.g] : []) + attribute.graphs {
          names.formUnion(inner.initializer.map(\.name))
          names.formUnion(inner.node.flatMap(\.output))
          for output in inner.output { readers[output.name, default: 0] += 1 }
          count(inner, &readers, &names)
        }
      }
    }
  }

  // MARK: One parameter

  /// Why one of a node's parameters cannot be replaced, or `nil` when all can.
  func obstacle(_ name: String) -> ImportProblem? {
    do {
      let (_, node) = try self.node(name)
      for role in try Self.roles(of: node) {
        if role == .bias { _ = try bias(of: node) } else { _ = try holder(of: role, of: node) }
      }
      return nil
    } catch {
      return error
    }
  }

  /// How errors call a node.
  func place(of name: String) -> String {
    "node '\(name)'" + (positions[name].map { " (\(graph.node[$0].opType))" } ?? "")
  }

  private func node(_ name: String) throws(ImportProblem) -> (position: Int, node: Onnx_NodeProto) {
    guard let position = positions[name] else { throw .bad("the model has no node of this name") }
    // A node that was edited already is what the next parameter of it starts from.
    return (position, edits.nodes[position]?.first ?? graph.node[position])
  }

  private static func roles(of node: Onnx_NodeProto) throws(ImportProblem) -> [LayerParameters.Role] {
    switch node.isStandard ? node.opType : "" {
    case "Conv", "ConvTranspose", "Gemm": [.weight, .bias]
    case "MatMul": [.weight]
    case "BatchNormalization": [.scale, .shift, .mean, .variance]
    default: throw .unsupported("operator \(node.qualifiedOperator) has no parameters that can be replaced")
    }
  }

  /// The position of a parameter among a node's operands, `nil` when the operand is left out.
  private func operand(_ role: LayerParameters.Role, of node: Onnx_NodeProto) throws(ImportProblem) -> Int? {
    let place: Int
    switch role {
    case .weight where ["Gemm", "MatMul"].contains(node.opType):
      // The factor that is a constant matrix, the second one first, as in the import.
      place = [1, 0].first { node.input.indices.contains($0) && isConstant(node.input[$0]) } ?? 1
    case .weight, .scale: place = 1
    case .bias, .shift: place = 2
    case .mean: place = 3
    case .variance: place = 4
    }
    return node.input.indices.contains(place) && !node.input[place].isEmpty ? place : nil
  }

  private func isConstant(_ name: String) -> Bool {
    var open = [name]
    var seen: Set<String> = []
    while let name = open.popLast() {
      guard tensor(name) == nil, seen.insert(name).inserted else { continue }
      guard let producer = sources.producers[name] else { return false }
      open += graph.node[producer].input.filter { !$0.isEmpty }
    }
    return true
  }

  /// The tensor behind a name: an initializer or a Constant node's, through Identity nodes.
  private func holder(of role: LayerParameters.Role, of node: Onnx_NodeProto) throws(ImportProblem)
    -> (operand: Int, root: String, tensor: Onnx_TensorProto)
  {
    guard let operand = try operand(role, of: node) else { throw .bad("the \(role) is missing") }
    var name = node.input[operand]
    var seen: Set<String> = []
    while true {
      if let tensor = tensor(name) {
        guard [1, 10, 11, 16].contains(tensor.dataType) else {
          throw .unsupported(
            "\(role) '\(name)' has elements of type \(ElementStorage.name(of: tensor.dataType)), "
              + "expected floating-point numbers")
        }
        return (operand, name, tensor)
      }
      guard let producer = sources.producers[name], seen.insert(name).inserted else {
        throw .unsupported("\(role) '\(name)' is computed, only constants can be replaced")
      }
      let step = graph.node[producer]
      guard step.opType == "Identity", step.isStandard, let source = step.input.first else {
        throw .unsupported("\(role) '\(name)' comes out of \(step.qualifiedOperator), not from a constant")
      }
      name = source
    }
  }

  /// The tensor of an initializer or a Constant node, as edited so far.
  private func tensor(_ name: String) -> Onnx_TensorProto? {
    if let edited = edits.tensors[name] { return edited }
    if let added = edits.addedInitializers.first(where: { $0.name == name }) { return added }
    if let position = sources.initializers[name] { return graph.initializer[position] }
    return sources.producers[name].flatMap { graph.node[$0].constantTensor }
  }

  // MARK: Replacing

  /// Gives a parameter of a node other numbers.
  mutating func replace(_ role: LayerParameters.Role, of name: String, by numbers: [Float]) throws(ImportProblem) {
    let (position, node) = try self.node(name)
    guard try Self.roles(of: node).contains(role) else {
      throw .unsupported("operator \(node.opType) has no \(role)")
    }
    if role == .bias {
      try replaceBias(of: node, at: position, by: numbers)
    } else {
      let (operand, root, tensor) = try holder(of: role, of: node)
      put(try tensor.replacing(values: numbers), root, operand, node, position)
    }
  }

  private mutating func replaceBias(of node: Onnx_NodeProto, at position: Int, by numbers: [Float])
    throws(ImportProblem)
  {
    let (outputs, holder) = try bias(of: node)
    guard numbers.count == outputs else { throw .bad("\(numbers.count) numbers for the bias, expected \(outputs)") }
    if let (operand, root, tensor) = holder {
      if try tensor.extents().count == outputs {
        return put(try tensor.replacing(values: numbers), root, operand, node, position)
      }
      // One number for all outputs so far: the node gets a row of its own.
      return put(try Self.row(numbers, like: tensor), "", operand, node, position)
    }
    let weight = try self.holder(of: .weight, of: node).tensor
    var edited = node
    while edited.input.count < 3 { edited.input.append("") }
    // The factor of an operand that was not there.
    edited.attribute.removeAll { $0.name == "beta" }
    put(try Self.row(numbers, like: weight), "", 2, edited, position)
  }

  /// The outputs of a layer with weights, and the tensor of its bias if it has one.
  private func bias(of node: Onnx_NodeProto) throws(ImportProblem) -> (
    outputs: Int, holder: (operand: Int, root: String, tensor: Onnx_TensorProto)?
  ) {
    let outputs = try Self.outputs(of: node, try holder(of: .weight, of: node).tensor)
    guard try operand(.bias, of: node) != nil else { return (outputs, nil) }
    let holder = try holder(of: .bias, of: node)
    let extents = try holder.tensor.extents()
    guard extents.dimensions.dropLast().allSatisfy({ $0 == 1 }), [1, outputs].contains(extents.count) else {
      throw .unsupported("a bias of shape \(extents), expected one number for each of \(outputs) outputs")
    }
    return (outputs, holder)
  }

  /// The outputs of a layer with weights.
  private static func outputs(of node: Onnx_NodeProto, _ weight: Onnx_TensorProto) throws(ImportProblem) -> Int {
    let extents = try weight.extents().dimensions
    func integer(_ name: String) -> Int? { node.attribute.first { $0.name == name }.map { Int($0.i) } }
    guard extents.count >= 2 else { throw .bad("a weight of shape \(extents), expected at least 2 axes") }
    switch node.opType {
    case "ConvTranspose":
      let (outputs, overflow) = extents[1].multipliedReportingOverflow(by: integer("group") ?? 1)
      guard !overflow else { throw .bad("weight \(extents) with \(integer("group") ?? 1) groups") }
      return outputs
    case "Gemm": return extents[integer("transB") ?? 0 == 0 ? 1 : 0]
    default: return extents[0]
    }
  }

  /// A list of numbers of another tensor's type.
  private static func row(_ numbers: [Float], like tensor: Onnx_TensorProto) throws(ImportProblem) -> Onnx_TensorProto {
    var row = Onnx_TensorProto()
    row.dims = [Int64(numbers.count)]
    row.dataType = tensor.dataType
    row.rawData = .init()
    return try row.replacing(values: numbers)
  }

  /// Makes a tensor a node's operand: in place where nobody else reads what it replaces, else under a fresh name.
  private mutating func put(
    _ tensor: Onnx_TensorProto, _ root: String, _ operand: Int, _ node: Onnx_NodeProto, _ position: Int
  ) {
    let direct = node.input[operand] == root && !root.isEmpty
    if direct, let added = edits.addedInitializers.firstIndex(where: { $0.name == root }) {
      edits.addedInitializers[added] = tensor
      return
    }
    if direct, readers[root] == 1 {
      edits.tensors[root] = tensor
      return
    }
    var edited = node
    var named = tensor
    let base = root.isEmpty ? "\(sources.nodeNames[position])/bias" : root
    named.name = "\(base)_own"
    var number = 1
    while !names.insert(named.name).inserted {
      number += 1
      named.name = "\(base)_own\(number)"
    }
    let before = edited.input[operand]
    edited.input[operand] = named.name
    edits.nodes[position] = [edited]
    edits.addedInitializers.append(named)
    readers[named.name] = 1
    if !before.isEmpty { release(before) }
  }

  /// Notes that one reader of a tensor is gone; what nobody reads any more goes too, as far as it holds or hands on a
  /// constant.
  private mutating func release(_ name: String) {
    var open = [name]
    while let name = open.popLast() {
      readers[name, default: 1] -= 1
      guard readers[name] == 0 else { continue }
      if sources.initializers[name] != nil {
        // From version 4 of the format on an initializer among the inputs is a default that a caller may set.
        guard isListingInitializers || !graph.input.contains(where: { $0.name == name }) else { continue }
        edits.tensors[name] = nil
        edits.removedInitializers.insert(name)
      } else if let producer = sources.producers[name], graph.node[producer].isStandard,
        ["Constant", "Identity"].contains(graph.node[producer].opType), graph.node[producer].output.count == 1
      {
        edits.tensors[name] = nil
        edits.nodes[producer] = []
        open += graph.node[producer].input.filter { !$0.isEmpty }
      }
    }
  }
}
