extension Onnx_GraphProto {
  /// Checks how long the names are that tensors, nodes, operators and attributes go by.
  /// - Throws: `unsupported` for a name that is too long.
  func checkNames() throws(ImportProblem) {
    for tensor in initializer { try Self.check(tensor.name) }
    for value in input { try Self.check(value.name) }
    for value in output { try Self.check(value.name) }
    for node in node {
      try Self.check(node.name)
      try Self.check(node.opType)
      try Self.check(node.domain)
      for name in node.input { try Self.check(name) }
      for name in node.output { try Self.check(name) }
      for attribute in node.attribute { try Self.check(attribute.name) }
    }
  }

  private static func check(_ name: String) throws(ImportProblem) {
    let bytes = name.utf8
    guard bytes.count > ImportLimits.otherNameBytes else { return }
    let limit = bytes.allSatisfy { $0 < 0x80 } ? ImportLimits.nameBytes : ImportLimits.otherNameBytes
    guard bytes.count <= limit else {
      throw .unsupported(
        "the name '\(String(name.unicodeScalars.prefix(40)))…' of \(bytes.count) bytes, at most \(limit) are read")
    }
  }
}
