extension EditableModel {
  /// The tensors that an external file holds or is to hold, each changed by a function.
  ///
  /// Fields that hold one are decoded and encoded anew; the others stay bytes.
  private mutating func changeExternal(
    _ change: (inout Onnx_TensorProto, ExternalPlace?) throws(ImportProblem) -> Void
  ) throws(ImportProblem) {
    for index in parts.indices {
      switch parts[index] {
      case .written(let field) where field.isDelimited && field.number == Field.initializer:
        guard try field.isExternalTensor() else { continue }
        var tensor: Onnx_TensorProto = try field.decoded("an initializer")
        try change(&tensor, nil)
        parts[index] = .initializer(tensor)
      case .written(let field) where field.isDelimited && field.number == Field.node:
        guard try field.hasExternalTensor() else { continue }
        var node: Onnx_NodeProto = try field.decoded("a node")
        try node.changeExternal(nil, change)
        parts[index] = .node(node)
      case .initializer(var tensor, let moves) where tensor.isExternal || moves != nil:
        try change(&tensor, moves)
        parts[index] = .initializer(tensor, moves: moves)
      case .node(var node, let moves):
        try node.changeExternal(moves, change)
        parts[index] = .node(node, moves: moves)
      case .written, .initializer, .value: continue
      }
    }
  }

  /// Puts all external data into one new file and makes the tensors refer to it.
  /// - Parameters:
  ///   - files: the files that the tensors refer to so far.
  ///   - location: the new file.
  /// - Returns: the new file's bytes, or `nil` when no tensor is external.
  mutating func gatherExternal(from files: [String: [UInt8]], into location: String) throws(ImportProblem) -> [UInt8]? {
    var layout = ExternalLayout()
    try changeExternal { tensor, moves throws(ImportProblem) in
      if tensor.isExternal {
        let (place, range) = try tensor.externalRange(in: files)
        layout.keep(place, count: range.count)
      } else if let moves {
        layout.add(try tensor.rawBytes(), at: moves)
      }
    }
    guard !layout.isEmpty else { return nil }
    let file = layout.file(from: files)
    // The same tensors in the same order as above.
    var added = 0
    try changeExternal { tensor, moves throws(ImportProblem) in
      if tensor.isExternal {
        let (place, range) = try tensor.externalRange(in: files)
        tensor.setExternal(location, offset: layout.offset(of: place), length: range.count)
      } else if moves != nil {
        let slot = layout.added(added)
        tensor.setExternal(location, offset: slot.lowerBound, length: slot.count)
        added += 1
      }
    }
    return file
  }

  /// The external files that tensors refer to.
  func externalLocations() throws(ImportProblem) -> Set<String> {
    var copy = self
    var locations: Set<String> = []
    try copy.changeExternal { tensor, _ throws(ImportProblem) in
      if tensor.isExternal { locations.insert(try tensor.externalLocation()) }
    }
    return locations
  }

  /// Makes all external tensors refer to another file, at the places that they have.
  mutating func renameExternal(to location: String) throws(ImportProblem) {
    try changeExternal { tensor, _ throws(ImportProblem) in
      if tensor.isExternal { tensor.rename(external: location) }
    }
  }
}

extension Onnx_NodeProto {
  fileprivate mutating func changeExternal(
    _ moves: ExternalPlace?, _ change: (inout Onnx_TensorProto, ExternalPlace?) throws(ImportProblem) -> Void
  ) throws(ImportProblem) {
    for index in attribute.indices where attribute[index].hasT {
      guard attribute[index].t.isExternal || moves != nil else { continue }
      try change(&attribute[index].t, moves)
    }
  }
}
