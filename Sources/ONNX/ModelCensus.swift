/// Counts what a model file consists of before it is decoded: a decoded field takes many times the bytes of a written one.
struct ModelCensus {
  /// A message, as far as its fields are messages too.
  private enum Message {
    case model, graph, node, attribute, tensor, value, type, tensorType, shape, other

    /// What the delimited field of a number holds; `nil` where that is no message.
    func inner(_ field: Int) -> Message? {
      switch (self, field) {
      case (.model, 7), (.attribute, 6), (.attribute, 11): .graph
      case (.graph, 1): .node
      case (.graph, 5), (.attribute, 5): .tensor
      case (.graph, 11...13): .value
      case (.value, 2): .type
      case (.type, 1): .tensorType
      case (.tensorType, 2): .shape
      case (.node, 5): .attribute
      case (.model, 8), (.model, 14), (.tensor, 3), (.tensor, 13), (.shape, 1): .other
      default: nil
      }
    }
  }

  private var fields = 0
  private var nodes = 0
  private var initializers = 0
  /// Attributes, with the tensors and graphs in them.
  private var attributes = 0

  /// Counts the fields of a model.
  /// - Throws: `badContent` where the bytes are no message; `unsupported` when there is more of something than is read.
  static func check(_ model: ArraySlice<UInt8>) throws(ImportProblem) {
    guard model.count <= ImportLimits.modelBytes else {
      throw .unsupported("a model file of \(model.count) bytes, at most \(ImportLimits.modelBytes) are read")
    }
    var census = ModelCensus()
    try census.count(.model, model, depth: 1)
  }

  private mutating func count(_ message: Message, _ bytes: ArraySlice<UInt8>, depth: Int) throws(ImportProblem) {
    guard depth <= ImportLimits.nesting else {
      throw .unsupported("messages nested more than \(ImportLimits.nesting) deep")
    }
    var cursor = WireCursor(bytes)
    while let field = try cursor.next() {
      fields += 1
      guard fields <= ImportLimits.fields else {
        throw .unsupported("more than \(ImportLimits.fields) fields, which no model that is read has")
      }
      guard field.isDelimited, let inner = message.inner(field.number) else { continue }
      if message == .graph, inner == .node { nodes += 1 }
      if message == .graph, inner == .tensor { initializers += 1 }
      guard max(nodes, initializers) <= ImportLimits.nodes else {
        throw .unsupported("more than \(ImportLimits.nodes) nodes or initializers")
      }
      if message == .attribute || inner == .attribute { attributes += 1 }
      guard attributes <= ImportLimits.attributes else {
        throw .unsupported("more than \(ImportLimits.attributes) attributes, tensors and graphs in them counted")
      }
      try count(inner, field.content, depth: depth + 1)
    }
  }
}
