import Networks

/// The part of an ONNX graph that its outputs depend on: nodes in an order in which they can run, constants decoded.
struct ModelGraph {
  /// A node that is not `Constant`.
  struct Node {
    /// Unique in the graph: the file's name, or op type and position.
    let name: String
    /// The message.
    let proto: Onnx_NodeProto
    /// How errors call it.
    var place: String { "node '\(name)' (\(proto.opType))" }
  }

  /// Nodes behind those that yield what they read.
  private(set) var nodes: [Node] = []
  /// Initializers and the values of Constant nodes, by tensor name.
  private(set) var constants: [String: ConstantTensor] = [:]
  /// The element types of initializers and of Constant nodes that hold a tensor, by tensor name.
  private(set) var elementTypes: [String: ElementType] = [:]
  /// Inputs that are read and have no initializer.
  private(set) var inputs: [ModelInput] = []
  /// Names of the outputs.
  let outputs: [String]
  /// Tensors that a node here reads or that are outputs.
  private(set) var read: Set<String>
  /// Every tensor and node name of the file.
  private(set) var names: Set<String> = []

  /// The live part of a graph.
  /// - Parameters:
  ///   - graph: loses the raw data of its initializers, each as it is decoded: a large model is not there twice.
  ///   - opset: the version of the standard operators that the model uses.
  ///   - files: external data by location.
  ///   - file: how errors call the model file.
  /// - Throws: `unsupported` before anything else when an operator is not in the registry; `badContent` for names that
  ///   are defined twice or never, cycles, missing outputs and tensors whose data do not fit their shape.
  init(_ graph: inout Onnx_GraphProto, opset: Int, files: [String: [UInt8]], file: String) throws(ONNXError) {
    func broken(_ place: String = "", _ problem: String) -> ONNXError {
      ONNXError(.badContent, file: file, place: place, problem: problem)
    }
    do { try graph.checkNames() } catch { throw error.error(file: file) }
    guard !graph.node.isEmpty else { throw broken("", "the graph has no nodes") }
    guard !graph.output.isEmpty else { throw broken("", "the graph has no outputs") }
    outputs = graph.output.map(\.name)
    guard Set(outputs).count == outputs.count else { throw broken("", "an output is listed twice among \(outputs)") }

    let sources: GraphSources
    do { sources = try GraphSources(graph) } catch { throw broken(error.place, error.problem) }
    let live = sources.liveNodes(of: graph, outputs: outputs)
    if let error = UnsupportedOperators(in: live.map { graph.node[$0] }, names: live.map { sources.nodeNames[$0] }) {
      throw error.error(file: file, opset: opset)
    }
    let order: [Int]
    do { order = try sources.order(live, of: graph, outputs: outputs) } catch {
      throw broken(error.place, error.problem)
    }

    read = Set(outputs)
    for index in order { read.formUnion(graph.node[index].input) }
    names = sources.names
    inputs = sources.inputs.filter { read.contains($0.name) }.map { ModelInput(graph.input[$0.position]) }
    for (name, index) in sources.initializers where read.contains(name) {
      do { constants[name] = try ConstantTensor(graph.initializer[index], files: files) } catch {
        throw error.error(file: file, place: "initializer '\(name)'")
      }
      elementTypes[name] = ElementType(rawValue: graph.initializer[index].dataType)
      graph.initializer[index].clearRawData()
    }
    for index in order {
      let node = Node(name: sources.nodeNames[index], proto: graph.node[index])
      guard node.proto.opType == "Constant" else {
        nodes.append(node)
        continue
      }
      do {
        constants[node.proto.output.first ?? ""] = try ConstantTensor(ofConstantNode: node.proto, files: files)
      } catch {
        throw error.error(file: file, place: node.place)
      }
      if let value = node.proto.attribute.first, value.hasT {
        elementTypes[node.proto.output.first ?? ""] = ElementType(rawValue: value.t.dataType)
      }
    }
  }
}

extension ConstantTensor {
  /// The value of a Constant node.
  init(ofConstantNode node: Onnx_NodeProto, files: [String: [UInt8]]) throws(ImportProblem) {
    guard node.attribute.count == 1, let value = node.attribute.first else {
      throw .bad("\(node.attribute.count) attributes, expected one that holds the value")
    }
    switch value.name {
    case "value" where value.hasT: try self.init(value.t, files: files)
    case "value_float" where value.hasF: self.init(shape: Shape([]), elements: .float([value.f]))
    case "value_int" where value.hasI: self.init(shape: Shape([]), elements: .integer([value.i]))
    case "value_floats": self.init(shape: Shape([value.floats.count]), elements: .float(value.floats))
    case "value_ints": self.init(shape: Shape([value.ints.count]), elements: .integer(value.ints))
    default: throw .unsupported("a constant given by '\(value.name)'")
    }
  }
}
