import Networks

/// Constants become what their readers want: in place where all readers want the same, else as copies.
extension ModelRewrite {
  /// Settles every constant, those that are computed last first; so a node's results are settled before its operands.
  mutating func settleConstants() throws(ONNXError) {
    for index in surgery.trace.nodes.indices.reversed() where surgery.trace.nodes[index].isFolded {
      let outputs = surgery.protos[index].output.filter { !$0.isEmpty }
      do {
        for name in outputs { try settle(name, producer: index) }
      } catch {
        throw error.error(file: surgery.files.path, place: surgery.trace.nodes[index].place)
      }
      if !outputs.contains(where: { !readers(of: $0).isEmpty }) { nodes[index] = nil }
    }
    for name in surgery.storedTensors.keys.sorted() {
      do { try settle(name, producer: nil) } catch {
        throw error.error(file: surgery.files.path, place: "initializer '\(name)'")
      }
    }
  }

  /// The operands that read a tensor in the new file, in running order.
  func readers(of name: String) -> [Reader] {
    (surgery.readers[name] ?? []).filter { reader in
      guard let proto = nodes[reader.node], !omitted.contains(reader) else { return false }
      return proto.input.indices.contains(reader.position) && proto.input[reader.position] == name
    }
  }

  private mutating func settle(_ name: String, producer: Int?) throws(ImportProblem) {
    let readers = readers(of: name)
    var wanted: [Demand] = []
    var isReadAsIs = false
    for reader in readers {
      guard let demand = demands[reader] else {
        isReadAsIs = true
        continue
      }
      if !wanted.contains(where: { $0.isSame(as: demand) }) { wanted.append(demand) }
    }
    guard let first = wanted.first else { return }
    if !isReadAsIs, try change(name, first, producer) { wanted.removeFirst() }
    for demand in wanted {
      let copy = try makeCopy(of: name, demand)
      for reader in readers where demands[reader]?.isSame(as: demand) == true {
        nodes[reader.node]?.input[reader.position] = copy
      }
    }
  }

  /// Changes a constant under its own name.
  /// - Returns: whether that can be done; if not, nothing has happened.
  private mutating func change(_ name: String, _ demand: Demand, _ producer: Int?) throws(ImportProblem) -> Bool {
    guard let producer else {
      guard let stored = surgery.storedTensors[name] else { return false }
      tensors[name] = try changed(stored, demand, name)
      if case .part(let part) = demand { storedChanges[name] = (name, part) }
      return true
    }
    let proto = surgery.protos[producer]
    guard proto.output.count(where: { !$0.isEmpty }) == 1, let pushed = pushBack(demand, producer) else { return false }
    for (position, demand) in pushed {
      register(demand, Reader(node: producer, position: position), proto.input[position])
    }
    for (position, name) in proto.input.enumerated() where pushed[position] == nil && constant(name) != nil {
      // What the rule does not speak of keeps its value.
      register(.part(TensorPart()), Reader(node: producer, position: position), name)
    }
    if let shape = constant(name)?.shape { constantExtents[name] = demand.extents(of: shape.dimensions) }
    return true
  }

  /// A stored tensor as one of its readers wants it.
  private func changed(_ tensor: Onnx_TensorProto, _ demand: Demand, _ name: String) throws(ImportProblem)
    -> Onnx_TensorProto
  {
    let files = surgery.files.external
    switch demand {
    case .integers(let integers, let dimensions, _):
      return Onnx_TensorProto(
        ConstantTensor(integers: integers, dimensions: dimensions), type: try surgery.elementType(of: name),
        name: tensor.name)
    case .part(let part) where part.blocks.isEmpty: return try tensor.taking(part.axes, files: files)
    case .part(let part):
      let length = Int(tensor.dims[0]) / part.blocks.count
      let rows = part.axes[0] ?? Array(0..<Int(tensor.dims[0]))
      return try tensor.takingBlocks(
        outputs: part.blocks.indices.map { block in rows.filter { $0 / length == block } }, inputs: part.blocks,
        files: files)
    }
  }

  /// Adds a constant for readers that want a tensor otherwise than others, or that cannot get it by changing what it is
  /// computed from.
  private mutating func makeCopy(of name: String, _ demand: Demand) throws(ImportProblem) -> String {
    let copy = unique("\(name)/kept")
    var tensor: Onnx_TensorProto
    if let stored = surgery.storedTensors[name] {
      tensor = try changed(stored, demand, name)
    } else if case .integers(_, let dimensions, let alone) = demand {
      // The file has computed the batch size in it.
      tensor = Onnx_TensorProto(
        ConstantTensor(integers: alone, dimensions: dimensions), type: try surgery.elementType(of: name), name: copy)
    } else if let computed = constant(name), case .part(let part) = demand {
      tensor = Onnx_TensorProto(computed.taking(part), type: try surgery.elementType(of: name), name: copy)
    } else {
      throw .bad("'\(name)' is defined nowhere")
    }
    tensor.name = copy
    added.append(tensor)
    if case .part(let part) = demand, !part.isWhole { storedChanges[copy] = (name, part) }
    return copy
  }
}

extension Demand {
  /// Whether one constant can meet both.
  fileprivate func isSame(as other: Demand) -> Bool {
    guard case .integers(let own, let dimensions, _) = self, case .integers(let others, dimensions, _) = other else {
      return self == other
    }
    return own == others
  }

  /// The extents of a constant that meets it.
  fileprivate func extents(of dimensions: [Int]) -> [Int] {
    switch self {
    case .part(let part): part.extents(of: dimensions)
    case .integers(_, let dimensions, _): dimensions
    }
  }
}
