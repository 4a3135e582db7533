import Networks

/// What the rewriting comes to: edits of the file, changes for people, and the promise that the result is held to.
extension ModelRewrite {
  /// The edits.
  func edits() throws(ONNXError) -> ModelEdits {
    var edits = ModelEdits()
    for (index, position) in surgery.positions.enumerated() {
      let stands =
        (front[index] ?? []) + (nodes[index].map { [withoutOmitted($0, index)] } ?? []) + (behind[index] ?? [])
      if stands != [surgery.protos[index]] { edits.nodes[position] = stands }
    }
    for (index, node) in nodes.enumerated() {
      guard let node, let lost = node.input.first(where: { scattered[$0] != nil }) else { continue }
      throw ONNXError(
        .unsupported, file: surgery.files.path, place: surgery.trace.nodes[index].place,
        problem: "it reads '\(lost)', whose groups of channels lose different channels")
    }
    let dead = deadNodes()
    for position in dead { edits.nodes[position] = [] }
    edits.tensors = tensors
    edits.addedInitializers = added
    removeUnread(dead, from: &edits)
    for name in computedTensors {
      guard case .along(let axes) = part(name) else { continue }
      edits.extents[name] = axes.mapValues(\.count)
    }
    addSecondResults(to: &edits)
    for (name, drift) in drifts {
      guard case .value(let tensor) = drift else { continue }
      edits.extents[name] = Dictionary(uniqueKeysWithValues: tensor.shape.dimensions.enumerated().map { ($0, $1) })
    }
    for (name, extents) in constantExtents {
      edits.extents[name] = Dictionary(uniqueKeysWithValues: extents.enumerated().map { ($0, $1) })
    }
    return edits
  }

  /// Extents of results that nobody reads but that the file may describe: indices and masks have those of the first
  /// result, statistics one per channel.
  private func addSecondResults(to edits: inout ModelEdits) {
    for proto in surgery.protos where proto.output.count > 1 {
      guard case .along(let axes) = part(proto.output[0]) else { continue }
      for name in proto.output.dropFirst() where !name.isEmpty && edits.extents[name] == nil {
        switch proto.opType {
        case "MaxPool", "Dropout": edits.extents[name] = axes.mapValues(\.count)
        case "BatchNormalization": edits.extents[name] = axes[1].map { [0: $0.count] }
        default: break
        }
      }
    }
  }

  private func withoutOmitted(_ node: Onnx_NodeProto, _ index: Int) -> Onnx_NodeProto {
    var node = node
    node.input = node.input.indices.filter { !omitted.contains(Reader(node: index, position: $0)) }.map {
      node.input[$0]
    }
    return node
  }

  /// Computed tensors of the file that the outputs depend on, in running order.
  private var computedTensors: [String] {
    surgery.trace.nodes.indices.filter { !surgery.trace.nodes[$0].isFolded }.flatMap { surgery.protos[$0].output }
      .filter { !$0.isEmpty }
  }

  /// Nodes that no output depends on and that read something that has changed, directly or through one another: they
  /// would not fit any more.
  private func deadNodes() -> Set<Int> {
    var changed = Set(tensors.keys).union(scattered.keys).union(drifts.keys)
    changed.formUnion(constantExtents.keys)
    changed.formUnion(computedTensors.filter { part($0) != .whole })
    for (index, proto) in surgery.protos.enumerated() where nodes[index] == nil && front[index] == nil {
      let yields = Set((behind[index] ?? []).flatMap(\.output))
      changed.formUnion(proto.output.filter { !yields.contains($0) })
    }
    let live = Set(surgery.positions).union(surgery.constantNodes.values)
    var readers: [String: [Int]] = [:]
    for (position, node) in surgery.graph.node.enumerated() where !live.contains(position) {
      for name in node.readNames { readers[name, default: []].append(position) }
    }
    var dead: Set<Int> = []
    var open = Array(changed)
    while let name = open.popLast() {
      for position in readers[name] ?? [] where dead.insert(position).inserted {
        open += surgery.graph.node[position].output.filter { !$0.isEmpty }
      }
    }
    return dead
  }

  /// Stored tensors that were read and are not any more go.
  private func removeUnread(_ dead: Set<Int>, from edits: inout ModelEdits) {
    var read: Set<String> = []
    for (index, node) in nodes.enumerated() {
      guard let node else { continue }
      for (position, name) in node.input.enumerated() where !omitted.contains(Reader(node: index, position: position)) {
        read.insert(name)
      }
    }
    let live = Set(surgery.positions)
    for (position, node) in surgery.graph.node.enumerated() where !live.contains(position) && !dead.contains(position) {
      read.formUnion(node.readNames)
    }
    for name in surgery.storedTensors.keys where !read.contains(name) {
      edits.tensors[name] = nil
      if let position = surgery.constantNodes[name] {
        edits.nodes[position] = []
      } else {
        edits.removedInitializers.insert(name)
      }
    }
  }

  /// What was renumbered, for those who go on with it.
  func changes() -> [TensorChange] {
    func axes(_ part: TensorPart) -> [TensorChange.Axis] {
      var axes = part.axes.map { TensorChange.Axis(axis: $0, kept: [$1]) }
      if !part.blocks.isEmpty { axes.append(TensorChange.Axis(axis: 1, kept: part.blocks)) }
      return axes.sorted { $0.axis < $1.axis }
    }
    let order = Dictionary(
      (surgery.graph.initializer.map(\.name) + surgery.constantNodes.sorted { $0.value < $1.value }.map(\.key))
        .enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var changes: [TensorChange] = []
    for (name, change) in storedChanges.sorted(by: {
      let (left, right) = (order[$0.value.original] ?? order.count, order[$1.value.original] ?? order.count)
      return (left, $0.key) < (right, $1.key)
    }) {
      guard let before = constant(change.original)?.shape.dimensions else { continue }
      changes.append(
        TensorChange(
          name: name, original: change.original, kind: .initializer, before: before, axes: axes(change.part)))
    }
    for name in computedTensors {
      guard case .along(let lost) = part(name), let shape = surgery.trace.bindings[name]?.shape else { continue }
      changes.append(
        TensorChange(
          name: name, original: name, kind: .activation, before: shape.dimensions, axes: axes(TensorPart(axes: lost))))
    }
    return changes
  }

  /// Imports the new model and compares every tensor's shape with what was promised.
  func check(_ files: ModelFiles) throws(ONNXError) {
    let model: ONNXModel
    do { model = try ONNXModel(files: files) } catch { throw failed(error) }
    try check(model, surgery.trace)
    // A list that holds the batch size by accident, or one that was closed, shows at another one.
    guard surgery.model.fixedBatch == nil,
      let other = try? GraphImport(surgery.model, batchSize: 3, sampleShapes: surgery.inputShapes).trace()
    else { return }
    try check(model, other)
  }

  private func check(_ model: ONNXModel, _ before: ImportTrace) throws(ONNXError) {
    let batch = before.network.batchSize
    let after: ImportTrace
    do { after = try GraphImport(model, batchSize: batch, sampleShapes: surgery.inputShapes).trace() } catch {
      throw failed(error)
    }
    for name in computedTensors where scattered[name] == nil {
      guard let shape = surgery.trace.bindings[name]?.shape, let kept = part(name).extents(of: shape),
        let other = before.bindings[name]?.shape
      else { continue }
      // Along an axis that grows with the batch the same share stays at any batch size.
      let expected = kept.indices.map { shape[$0] == 0 ? kept[$0] : kept[$0] * other[$0] / shape[$0] }
      let found = after.bindings[name]?.shape
      guard found?.dimensions != expected else { continue }
      let place = surgery.producers[name].map { surgery.trace.nodes[$0].place } ?? "'\(name)'"
      throw ONNXError(
        .unsupported, file: surgery.files.path, place: place,
        problem: "without the removed channels '\(name)' has shape \(found.map(\.description) ?? "none") at batch "
          + "\(batch), expected \(Shape(expected))")
    }
  }

  /// The new model does not import: the original did, so a rule does not reach what it has.
  private func failed(_ error: ONNXError) -> ONNXError {
    ONNXError(
      .unsupported, file: error.file, place: error.place, problem: "without the removed channels: \(error.problem)")
  }
}

extension Onnx_NodeProto {
  /// Tensors that the node reads, those in graphs inside of it included.
  fileprivate var readNames: [String] {
    input
      + attribute.flatMap { attribute in
        (attribute.hasG ? [attribute.g] : []).flatMap { graph in graph.node.flatMap(\.readNames) }
      }
  }
}
