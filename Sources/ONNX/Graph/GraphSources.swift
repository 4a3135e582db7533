/// Where every tensor of a graph comes from, and what its nodes are called.
struct GraphSources {
  /// A rule of ONNX graphs that is broken.
  struct Fault: Error {
    let place: String
    let problem: String
  }

  /// The node that yields a tensor, by position in the file.
  private(set) var producers: [String: Int] = [:]
  /// Initializers by position.
  private(set) var initializers: [String: Int] = [:]
  /// Inputs without an initializer, in file order.
  private(set) var inputs: [(name: String, position: Int)] = []
  /// A unique name per node: as written, or op type and position where there is none or it is taken.
  private(set) var nodeNames: [String] = []
  /// Every tensor and node name.
  private(set) var names: Set<String> = []

  /// Looks through a graph.
  /// - Throws: when two things define one tensor.
  init(_ graph: Onnx_GraphProto) throws(Fault) {
    for (position, tensor) in graph.initializer.enumerated() {
      guard initializers.updateValue(position, forKey: tensor.name) == nil else {
        throw Fault(place: "initializer '\(tensor.name)'", problem: "is there twice")
      }
    }
    var inputNames: Set<String> = []
    for (position, input) in graph.input.enumerated() {
      guard inputNames.insert(input.name).inserted else {
        throw Fault(place: "input '\(input.name)'", problem: "is there twice")
      }
      // Up to IR version 3, and later as a default value, initializers are listed among the inputs too.
      if initializers[input.name] == nil { inputs.append((input.name, position)) }
    }
    nodeNames = Self.uniqueNames(of: graph.node)
    for (position, node) in graph.node.enumerated() {
      for output in node.output where !output.isEmpty {
        let isTaken = initializers[output] != nil || inputNames.contains(output)
        guard !isTaken, producers.updateValue(position, forKey: output) == nil else {
          throw Fault(
            place: "node '\(nodeNames[position])' (\(node.opType))",
            problem: "yields '\(output)', which is defined a second time")
        }
      }
    }
    names = Set(nodeNames).union(inputNames).union(initializers.keys).union(producers.keys)
  }

  /// The nodes that outputs depend on, in file order.
  func liveNodes(of graph: Onnx_GraphProto, outputs: [String]) -> [Int] {
    var isLive = [Bool](repeating: false, count: graph.node.count)
    var open = outputs
    while let name = open.popLast() {
      guard let producer = producers[name], !isLive[producer] else { continue }
      isLive[producer] = true
      open += graph.node[producer].input
    }
    return isLive.indices.filter { isLive[$0] }
  }

  /// Live nodes behind those that yield what they read; the file's order where that allows.
  /// - Throws: for a cycle, and for a tensor that is read and defined nowhere.
  func order(_ live: [Int], of graph: Onnx_GraphProto, outputs: [String]) throws(Fault) -> [Int] {
    let known = Set(inputs.map(\.name)).union(initializers.keys)
    for output in outputs where producers[output] == nil && !known.contains(output) {
      throw Fault(place: "output '\(output)'", problem: "nothing yields it")
    }
    enum Progress { case untouched, open, done }
    var progress = [Progress](repeating: .untouched, count: graph.node.count)
    var order: [Int] = []
    order.reserveCapacity(live.count)
    for start in live where progress[start] == .untouched {
      // A path of open nodes, each with the operand to look at next; no recursion, a file decides how deep it gets.
      var path = [(node: start, operand: 0)]
      progress[start] = .open
      while let (node, operand) = path.last {
        guard operand < graph.node[node].input.count else {
          progress[node] = .done
          order.append(node)
          path.removeLast()
          continue
        }
        path[path.count - 1].operand += 1
        let name = graph.node[node].input[operand]
        guard let producer = producers[name] else {
          guard name.isEmpty || known.contains(name) else {
            throw Fault(place: place(node, graph), problem: "reads '\(name)', which nothing defines")
          }
          continue
        }
        switch progress[producer] {
        case .done: break
        case .open: throw Fault(place: place(producer, graph), problem: "depends on its own result through '\(name)'")
        case .untouched:
          progress[producer] = .open
          path.append((producer, 0))
        }
      }
    }
    return order
  }

  private func place(_ node: Int, _ graph: Onnx_GraphProto) -> String {
    "node '\(nodeNames[node])' (\(graph.node[node].opType))"
  }

  private static func uniqueNames(of nodes: [Onnx_NodeProto]) -> [String] {
    var taken = Set(nodes.map(\.name))
    var seen: Set<String> = [""]
    return nodes.enumerated().map { position, node in
      if seen.insert(node.name).inserted { return node.name }
      var name = "\(node.opType)_\(position)"
      while !taken.insert(name).inserted { name += "_" }
      return name
    }
  }
}
