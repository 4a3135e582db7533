import SwiftProtobuf

/// A model file taken apart into the fields of its graph: those that are edited are decoded, all others stay bytes.
struct EditableModel {
  /// A field of the graph.
  enum Part {
    /// As it stands in the file.
    case written(WireField)
    /// A node; where its data go if they leave the file.
    case node(Onnx_NodeProto, moves: ExternalPlace? = nil)
    /// An initializer; where its data go if they leave the file.
    case initializer(Onnx_TensorProto, moves: ExternalPlace? = nil)
    /// An input, an output or an entry of `value_info`, by the number of its field.
    case value(Onnx_ValueInfoProto, field: Int)
  }

  /// Numbers of the graph's fields.
  enum Field {
    static let node = 1
    static let initializer = 5
    static let input = 11
    static let values = 11...13
  }

  /// The graph's fields.
  var parts: [Part] = []
  /// The version of the file format.
  let irVersion: Int
  /// The model's other fields, in front of the graph and behind it.
  private let front: ArraySlice<UInt8>
  private let back: ArraySlice<UInt8>
  /// Tag and length of the graph as written; a length may be written longer than it need be.
  private let graphHead: ArraySlice<UInt8>
  private let graphCount: Int

  /// Takes a model file apart.
  /// - Throws: `badContent` where the bytes are no protobuf message with a graph; `unsupported` when the graph is in
  ///   several pieces, which the format allows and nobody writes.
  init(_ model: ArraySlice<UInt8>) throws(ImportProblem) {
    var graph: WireField?
    var version = 0
    var cursor = WireCursor(model)
    while let field = try cursor.next() {
      if field.number == 7, field.isDelimited {
        guard graph == nil else { throw .unsupported("a model whose graph is stored in several pieces") }
        graph = field
      } else if field.number == 1, let number = WireCursor.number(in: field) {
        version = Int(truncatingIfNeeded: number)
      }
    }
    guard let graph else { throw .bad("no ONNX model: it has no graph") }
    irVersion = version
    front = model[..<graph.whole.startIndex]
    back = model[graph.whole.endIndex...]
    graphHead = model[graph.whole.startIndex..<graph.content.startIndex]
    graphCount = graph.content.count
    var fields = WireCursor(graph.content)
    while let field = try fields.next() { parts.append(.written(field)) }
  }

  /// The file.
  /// - Throws: `unsupported` when it is larger than a protobuf message may be.
  func serialized() throws(ImportProblem) -> [UInt8] {
    var graph = WireRope()
    for part in parts {
      switch part {
      case .written(let field): graph.append(field.whole)
      case .node(let node, _): try graph.append(node, field: Field.node)
      case .initializer(let tensor, _): try graph.append(tensor: tensor, field: Field.initializer)
      case .value(let value, let field): try graph.append(value, field: field)
      }
    }
    var model = WireRope()
    model.append(front)
    model.append(graph.count == graphCount ? graphHead : WireRope.head(field: 7, count: graph.count)[...])
    model.append(graph)
    model.append(back)
    guard model.count <= Int(Int32.max) else {
      throw .unsupported(
        "the edited model would have \(model.count) bytes, an ONNX file has at most \(Int32.max); "
          + "save the model with external data")
    }
    return model.joined
  }
}

extension WireField {
  /// The message that this field holds.
  func decoded<Message: SwiftProtobuf.Message>(_ place: String) throws(ImportProblem) -> Message {
    do { return try Message(serializedBytes: Array(content)) } catch { throw .bad("\(place) does not decode") }
  }

  /// The string of the last field with a number in this message; empty when there is none.
  func text(_ number: Int) throws(ImportProblem) -> String {
    var text = ""
    var cursor = WireCursor(content)
    while let field = try cursor.next() {
      if field.number == number, field.isDelimited { text = String(decoding: field.content, as: UTF8.self) }
    }
    return text
  }

  /// The first output of this node when it is a Constant.
  func constantOutput() throws(ImportProblem) -> String? {
    var (output, opType, domain) = (String?.none, "", "")
    var cursor = WireCursor(content)
    while let field = try cursor.next() {
      guard field.isDelimited else { continue }
      switch field.number {
      case 2: output = output ?? String(decoding: field.content, as: UTF8.self)
      case 4: opType = String(decoding: field.content, as: UTF8.self)
      case 7: domain = String(decoding: field.content, as: UTF8.self)
      default: break
      }
    }
    return opType == "Constant" && (domain.isEmpty || domain == "ai.onnx") ? output : nil
  }

  /// Whether this tensor's elements are in another file.
  func isExternalTensor() throws(ImportProblem) -> Bool {
    var isExternal = false
    var cursor = WireCursor(content)
    while let field = try cursor.next() {
      if field.number == 14, let location = WireCursor.number(in: field) { isExternal = location == 1 }
    }
    return isExternal
  }

  /// Whether an attribute of this node is a tensor whose elements are in another file.
  func hasExternalTensor() throws(ImportProblem) -> Bool {
    var cursor = WireCursor(content)
    while let attribute = try cursor.next() {
      guard attribute.number == 5, attribute.isDelimited else { continue }
      var inner = WireCursor(attribute.content)
      while let tensor = try inner.next() {
        if tensor.number == 5, tensor.isDelimited, try tensor.isExternalTensor() { return true }
      }
    }
    return false
  }
}
