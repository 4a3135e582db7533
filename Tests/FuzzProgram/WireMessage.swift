/// A protobuf message of an ONNX file taken apart, to be put together again after a change.
struct WireMessage: Sendable {
  /// One field.
  struct Field: Sendable {
    var number: Int
    var value: Value
  }

  /// What a field holds.
  indirect enum Value: Sendable {
    case varint(UInt64)
    case fixed([UInt8])
    case bytes([UInt8])
    case message(WireMessage)
  }

  /// What a message is, as far as its fields are messages themselves.
  enum Kind {
    case model, graph, node, attribute, tensor, valueInfo, type, tensorType, shape, leaf

    /// What the message in a field is; `nil` for a field that is none.
    func kind(ofField number: Int) -> Kind? {
      switch (self, number) {
      case (.model, 7), (.attribute, 6): .graph
      case (.model, 8), (.tensor, 13), (.shape, 1): .leaf
      case (.graph, 1): .node
      case (.graph, 5), (.attribute, 5): .tensor
      case (.graph, 11...13): .valueInfo
      case (.node, 5): .attribute
      case (.valueInfo, 2): .type
      case (.type, 1): .tensorType
      case (.tensorType, 2): .shape
      default: nil
      }
    }
  }

  var kind: Kind
  var fields: [Field] = []

  init(_ kind: Kind) { self.kind = kind }

  /// Takes bytes apart; `nil` where they are no message.
  init?(_ kind: Kind, parsing bytes: ArraySlice<UInt8>) {
    self.kind = kind
    var position = bytes.startIndex
    func varint() -> UInt64? {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while position < bytes.endIndex, shift < 64 {
        let byte = bytes[position]
        position += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      return nil
    }
    func run(_ count: Int) -> ArraySlice<UInt8>? {
      guard count >= 0, count <= bytes.endIndex - position else { return nil }
      position += count
      return bytes[position - count..<position]
    }
    while position < bytes.endIndex {
      guard let tag = varint(), let number = Int(exactly: tag >> 3) else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = varint() else { return nil }
        fields.append(Field(number: number, value: .varint(value)))
      case 1, 5:
        guard let run = run(tag & 7 == 1 ? 8 : 4) else { return nil }
        fields.append(Field(number: number, value: .fixed(Array(run))))
      case 2:
        guard let count = varint().flatMap({ Int(exactly: $0) }), let run = run(count) else { return nil }
        if let inner = kind.kind(ofField: number), let message = WireMessage(inner, parsing: run) {
          fields.append(Field(number: number, value: .message(message)))
        } else {
          fields.append(Field(number: number, value: .bytes(Array(run))))
        }
      default: return nil
      }
    }
  }

  /// The message's bytes.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      switch field.value {
      case .varint(let value): bytes += Self.varint(UInt64(field.number) << 3) + Self.varint(value)
      case .fixed(let run): bytes += Self.varint(UInt64(field.number) << 3 | (run.count == 8 ? 1 : 5)) + run
      case .bytes(let run): bytes += Self.head(field.number, run.count) + run
      case .message(let message):
        let run = message.encoded
        bytes += Self.head(field.number, run.count) + run
      }
    }
    return bytes
  }

  private static func head(_ number: Int, _ count: Int) -> [UInt8] {
    varint(UInt64(number) << 3 | 2) + varint(UInt64(count))
  }

  static func varint(_ number: UInt64) -> [UInt8] {
    var (rest, bytes) = (number, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}

extension WireMessage {
  mutating func append(_ number: Int, _ message: WireMessage) {
    fields.append(Field(number: number, value: .message(message)))
  }
  mutating func append(_ number: Int, _ text: String) {
    fields.append(Field(number: number, value: .bytes(Array(text.utf8))))
  }
  mutating func append(_ number: Int, _ value: Int) {
    fields.append(Field(number: number, value: .varint(UInt64(bitPattern: Int64(value)))))
  }

  /// All fields, those of inner messages behind their own.
  var deepCount: Int {
    fields.reduce(0) { sum, field in
      if case .message(let message) = field.value { sum + 1 + message.deepCount } else { sum + 1 }
    }
  }
}
