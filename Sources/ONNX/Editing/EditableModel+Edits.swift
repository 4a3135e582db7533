import SwiftProtobuf

extension EditableModel {
  /// Makes changes.
  /// - Parameter movesLarge: whether added tensors of some size go to the external file, as in a model that has one.
  /// - Returns: whether the external file has to be written anew.
  /// - Throws: for an edit of something that the model does not have, and for messages that do not decode.
  mutating func apply(_ edits: ModelEdits, movesLarge: Bool) throws(ImportProblem) -> Bool {
    var pending = PendingEdits(edits)
    var result: [Part] = []
    result.reserveCapacity(parts.count + edits.addedInitializers.count)
    var endOfInitializers: Int?
    var endOfInputs: Int?
    var changesExternal = false
    var position = 0
    for part in parts {
      guard case .written(let field) = part, field.isDelimited else {
        result.append(part)
        continue
      }
      switch field.number {
      case Field.node:
        if let nodes = pending.nodes.removeValue(forKey: position) {
          if try field.hasExternalTensor() { changesExternal = true }
          result += nodes.map { .node($0) }
        } else {
          result.append(try pending.constant(field, &changesExternal) ?? part)
        }
        position += 1
      case Field.initializer:
        if let kept = try pending.initializer(field, &changesExternal) { result.append(kept) }
        endOfInitializers = result.count
      case Field.values:
        if let kept = try pending.value(field, irVersion: irVersion) { result.append(kept) }
        if field.number == Field.input { endOfInputs = result.count }
      default: result.append(part)
      }
    }
    try pending.checkAllDone()
    let added = edits.addedInitializers.map { tensor -> Part in
      // 1024 bytes: what ONNX's own tools leave in the model file.
      let moves = movesLarge && !tensor.isExternal && tensor.hasRawData && tensor.rawData.count >= 1024
      if moves { changesExternal = true }
      return .initializer(tensor, moves: moves ? .behindAll : nil)
    }
    // Up to version 3 every initializer is an input too.
    let inputs = irVersion < 4 ? edits.addedInitializers.map { Part.value(Onnx_ValueInfoProto(of: $0), field: 11) } : []
    let tensorPlace = endOfInitializers ?? result.count
    let inputPlace = endOfInputs ?? result.count
    // The later place first, so that the other one stays right.
    for (place, new) in [(tensorPlace, added), (inputPlace, inputs)].sorted(by: { $0.0 > $1.0 }) {
      result.insert(contentsOf: new, at: place)
    }
    parts = result
    return changesExternal
  }
}

extension Onnx_ValueInfoProto {
  /// The entry of a tensor among the inputs.
  fileprivate init(of tensor: Onnx_TensorProto) {
    self.init()
    name = tensor.name
    type.tensorType.elemType = tensor.dataType
    type.tensorType.shape.dim = tensor.dims.map { extent in .with { $0.dimValue = extent } }
  }

  /// Sets written extents by axis; open ones stay open.
  /// - Returns: whether any is another than before.
  fileprivate mutating func set(_ extents: [Int: Int]) -> Bool {
    guard type.hasTensorType, type.tensorType.hasShape else { return false }
    var isChanged = false
    for (axis, extent) in extents where type.tensorType.shape.dim.indices.contains(axis) {
      guard case .dimValue(let before) = type.tensorType.shape.dim[axis].value, before != Int64(extent) else {
        continue
      }
      type.tensorType.shape.dim[axis].dimValue = Int64(extent)
      isChanged = true
    }
    return isChanged
  }
}

/// Edits that have not met the part of the file that they change.
private struct PendingEdits {
  var nodes: [Int: [Onnx_NodeProto]]
  private var tensors: [String: Onnx_TensorProto]
  private var removed: Set<String>
  private let gone: Set<String>
  private var extents: [String: [Int: Int]]

  init(_ edits: ModelEdits) {
    nodes = edits.nodes
    tensors = edits.tensors
    removed = edits.removedInitializers
    gone = edits.removedInitializers
    extents = edits.extents
    // A tensor that is an input too, or has an entry in value_info, is announced there with its extents.
    for (name, tensor) in edits.tensors where extents[name] == nil {
      extents[name] = Dictionary(
        uniqueKeysWithValues: tensor.dims.enumerated().map { ($0, Int(truncatingIfNeeded: $1)) })
    }
  }

  func checkAllDone() throws(ImportProblem) {
    if let position = nodes.keys.min() { throw .bad("an edit of node \(position), which is not there") }
    if let name = (Array(tensors.keys) + Array(removed)).min() {
      throw .bad("an edit of tensor '\(name)', which no initializer or Constant node holds")
    }
  }

  /// The edited initializer; `nil` when it is removed.
  mutating func initializer(_ field: WireField, _ changesExternal: inout Bool) throws(ImportProblem) -> EditableModel
    .Part?
  {
    let name = try field.text(8)
    let isRemoved = removed.remove(name) != nil
    guard isRemoved || tensors[name] != nil else { return .written(field) }
    let original: Onnx_TensorProto? =
      try field.isExternalTensor() ? try field.decoded("initializer '\(name)'") : nil
    if original != nil { changesExternal = true }
    guard !isRemoved, let tensor = tensors.removeValue(forKey: name) else { return nil }
    return .initializer(
      tensor, moves: try original.flatMap { proto throws(ImportProblem) in try tensor.place(of: proto) })
  }

  /// The edited node when it is a Constant that holds an edited tensor.
  mutating func constant(_ field: WireField, _ changesExternal: inout Bool) throws(ImportProblem) -> EditableModel.Part?
  {
    guard !tensors.isEmpty, let name = try field.constantOutput(), let tensor = tensors.removeValue(forKey: name) else {
      return nil
    }
    var node: Onnx_NodeProto = try field.decoded("Constant node of '\(name)'")
    let original = node.constantTensor.flatMap { $0.isExternal ? $0 : nil }
    if original != nil { changesExternal = true }
    node.setConstant(tensor)
    return .node(node, moves: try original.flatMap { proto throws(ImportProblem) in try tensor.place(of: proto) })
  }

  /// The edited input, output or entry of `value_info`; `nil` for an input that is a removed initializer.
  mutating func value(_ field: WireField, irVersion: Int) throws(ImportProblem) -> EditableModel.Part? {
    guard !extents.isEmpty || !gone.isEmpty else { return .written(field) }
    let name = try field.text(1)
    if field.number == EditableModel.Field.input, gone.contains(name) { return nil }
    guard let extents = extents[name] else { return .written(field) }
    var value: Onnx_ValueInfoProto = try field.decoded("value '\(name)'")
    return value.set(extents) ? .value(value, field: field.number) : .written(field)
  }
}
