public import Networks

/// An ONNX model opened for the removal of channels.
///
/// Whoever decides what goes reads `network` and says of each of its values what stays. Every node of the file is then
/// rewritten by itself, so that of smaller operands it makes just the part of its result that stays.
public struct ModelSurgery: Sendable {
  /// Every tensor of the file that the outputs need and that is computed, one value each: nothing joined, nothing folded
  /// away but constants.
  ///
  /// It has the batch size that the file fixes, or 2. Values that the file does not name are made inside of operators.
  public let network: Network

  let model: ONNXModel
  let files: ModelFiles
  let inputShapes: [String: [Int]]
  /// The import that `network` comes from.
  let trace: ImportTrace
  /// The graph of the file.
  let graph: Onnx_GraphProto
  /// By node of the trace its position in the file.
  let positions: [Int]
  /// By node of the trace its message.
  let protos: [Onnx_NodeProto]
  /// By tensor the node of the trace that yields it.
  let producers: [String: Int]
  /// By tensor the operands of the trace's nodes that read it, in running order.
  let readers: [String: [ModelRewrite.Reader]]
  /// Initializers and the values of Constant nodes that nodes of the trace read.
  let storedTensors: [String: Onnx_TensorProto]
  /// Constants that do not depend on the shape of anything computed.
  let fixedConstants: Set<String>
  /// Constant nodes by tensor: their positions in the file.
  let constantNodes: [String: Int]

  /// Opens a model.
  /// - Parameters:
  ///   - files: what `model` was decoded from.
  ///   - inputShapes: shapes of one sample by input name, as in `ONNXModel.network`.
  /// - Throws: `ONNXError` as `ONNXModel.network` does.
  public init(_ model: ONNXModel, files: ModelFiles, inputShapes: [String: [Int]] = [:]) throws(ONNXError) {
    self.model = model
    self.files = files
    self.inputShapes = inputShapes
    trace = try GraphImport(model, batchSize: model.fixedBatch ?? 2, sampleShapes: inputShapes).trace()
    network = trace.network
    do { graph = try decodeModel(files.model).graph } catch { throw error.error(file: files.path) }
    let sources: GraphSources
    let order: [Int]
    do {
      sources = try GraphSources(graph)
      order = try sources.order(
        sources.liveNodes(of: graph, outputs: model.outputs), of: graph, outputs: model.outputs)
    } catch {
      throw ONNXError(.badContent, file: files.path, place: error.place, problem: error.problem)
    }
    let graph = graph
    positions = order.filter { graph.node[$0].opType != "Constant" }
    protos = positions.map { graph.node[$0] }
    guard positions.count == trace.nodes.count else {
      throw ONNXError(
        .badContent, file: files.path, problem: "\(positions.count) nodes, the model was decoded from other files")
    }
    var producers: [String: Int] = [:]
    for (index, proto) in protos.enumerated() {
      for output in proto.output where !output.isEmpty { producers[output] = index }
    }
    self.producers = producers
    var readers: [String: [ModelRewrite.Reader]] = [:]
    for (index, proto) in protos.enumerated() {
      for (position, name) in proto.input.enumerated() where !name.isEmpty {
        readers[name, default: []].append(ModelRewrite.Reader(node: index, position: position))
      }
    }
    self.readers = readers
    var stored: [String: Onnx_TensorProto] = [:]
    var constantNodes: [String: Int] = [:]
    let read = Set(protos.flatMap(\.input))
    for tensor in graph.initializer where read.contains(tensor.name) { stored[tensor.name] = tensor }
    for position in order {
      let node = graph.node[position]
      guard node.opType == "Constant", let name = node.output.first else { continue }
      constantNodes[name] = position
      stored[name] = node.constantTensor
    }
    storedTensors = stored
    var fixed = Set(stored.keys)
    for (index, proto) in protos.enumerated() where trace.nodes[index].isFolded && proto.opType != "Shape" {
      if proto.input.allSatisfy({ $0.isEmpty || fixed.contains($0) }) { fixed.formUnion(proto.output) }
    }
    fixedConstants = fixed
    self.constantNodes = constantNodes
  }

  /// The model with what stays of it.
  ///
  /// Names, operators, opset and everything that is not touched stay as they are in the file.
  /// - Parameters:
  ///   - parts: by `ValueID.index` of `network` what stays of each computed value.
  ///   - gathers: layers that go on reading only a part of a value that stays.
  /// - Throws: `ONNXError` of kind `unsupported` where a node cannot be rewritten so that it yields what stays; no model
  ///   is made then.
  public func pruned(_ parts: [KeptPart], gathers: [InputGather] = []) throws(ONNXError) -> PrunedModel {
    guard parts.count == network.values.count else {
      throw ONNXError(
        .unsupported, file: files.path, problem: "\(parts.count) parts for \(network.values.count) values")
    }
    var rewrite = ModelRewrite(self, parts)
    try rewrite.rewriteNodes(gathers)
    try rewrite.settleConstants()
    let edits = try rewrite.edits()
    let pruned = try files.applying(edits)
    try rewrite.check(pruned)
    return PrunedModel(files: pruned, changes: rewrite.changes())
  }

  /// What stays of a computed tensor of the file; constants and what is not known are whole.
  func part(_ name: String, of parts: [KeptPart]) -> KeptPart {
    guard case .computed(let id) = trace.bindings[name]?.content else { return .whole }
    return parts[id.index]
  }
}
