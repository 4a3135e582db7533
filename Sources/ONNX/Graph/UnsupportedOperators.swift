/// The operators of a model that the registry does not have.
struct UnsupportedOperators {
  /// The first node with one.
  private let node: String
  private let opType: String
  /// Every such operator, sorted.
  private let missing: [String]

  /// `nil` when every node's operator is there.
  init?(in nodes: [Onnx_NodeProto], names: [String]) {
    let faulty = nodes.indices.filter { !OperatorRegistry.contains(nodes[$0]) }
    guard let first = faulty.first else { return nil }
    node = names[first]
    opType = nodes[first].qualifiedOperator
    missing = Set(faulty.map { nodes[$0].qualifiedOperator }).sorted()
  }

  /// The one error about them all.
  func error(file: String, opset: Int) -> ONNXError {
    let others = missing.count == 1 ? "" : "; unsupported in this model: \(missing.joined(separator: ", "))"
    return ONNXError(
      .unsupported, file: file, place: "node '\(node)' (\(opType))",
      problem: "operator \(opType) of opset \(opset) is not supported\(others); \(OperatorRegistry.listing)")
  }
}

extension Onnx_NodeProto {
  /// Whether the operator is one of the standard's own.
  var isStandard: Bool { domain.isEmpty || domain == "ai.onnx" }
  /// The op type, behind its domain when that is not the standard's.
  var qualifiedOperator: String { isStandard ? opType : "\(domain).\(opType)" }
}
