/// The element types of constants that the file computes.
extension ModelSurgery {
  /// The element type of a constant tensor of the file.
  func elementType(of name: String) throws(ImportProblem) -> ElementType {
    var name = name
    // Most operators hand the type of their first operand on; no recursion, a file decides how long the chain is.
    while true {
      if let tensor = storedTensors[name] {
        guard let type = ElementType(rawValue: tensor.dataType) else {
          throw .unsupported("'\(name)' has elements of type \(ElementType.name(of: tensor.dataType))")
        }
        return type
      }
      guard let producer = producers[name] else { throw .bad("'\(name)' is defined nowhere") }
      let node = trace.nodes[producer].node
      let proto = protos[producer]
      switch node.opType {
      case "Cast": return try node.castTarget()
      case "Shape", "Size": return .int64
      case "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor", "Not": return .bool
      case "ConstantOfShape":
        return node.attributes["value"].flatMap { ElementType(rawValue: $0.t.dataType) } ?? .float32
      case "QuantizeLinear":
        guard proto.input.count > 2, !proto.input[2].isEmpty else { return .uint8 }
        name = proto.input[2]
      case "DequantizeLinear", "Where": name = proto.input.dropFirst().first ?? ""
      case "OneHot": name = proto.input.dropFirst(2).first ?? ""
      default: name = proto.input.first ?? ""
      }
    }
  }
}
