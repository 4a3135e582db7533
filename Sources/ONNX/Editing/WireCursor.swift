/// One field of a protobuf message as it stands in a file: tag and content, nothing decoded.
struct WireField {
  /// The field's number.
  let number: Int
  /// Whether the content is a length and that many bytes: a message, a string, bytes or packed numbers.
  let isDelimited: Bool
  /// Tag, length if there is one, and content.
  let whole: ArraySlice<UInt8>
  /// The content; behind the length where there is one.
  let content: ArraySlice<UInt8>
}

/// Walks the fields of one protobuf message without decoding them.
///
/// The wire format is that of the Protocol Buffers documentation, "Encoding". Every read stays inside the message.
struct WireCursor {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  /// At the first field of a message.
  init(_ message: ArraySlice<UInt8>) {
    bytes = message
    position = message.startIndex
  }

  /// The next field, or `nil` at the message's end.
  /// - Throws: `badContent` where the message is truncated or damaged, and for groups, which ONNX does not have.
  mutating func next() throws(ImportProblem) -> WireField? {
    guard position < bytes.endIndex else { return nil }
    let start = position
    let tag = try varint()
    guard tag >> 3 >= 1, tag >> 3 < 1 << 29 else { throw .bad("protobuf field number \(tag >> 3)") }
    let number = Int(tag >> 3)
    var content = position
    switch tag & 7 {
    case 0: _ = try varint()
    case 1: try skip(8)
    case 5: try skip(4)
    case 2:
      let length = try varint()
      content = position
      try skip(length)
    default: throw .bad("protobuf field \(number) of wire type \(tag & 7), expected 0, 1, 2 or 5")
    }
    return WireField(
      number: number, isDelimited: tag & 7 == 2, whole: bytes[start..<position], content: bytes[content..<position])
  }

  private mutating func varint() throws(ImportProblem) -> UInt64 {
    guard let (value, end) = Self.varint(at: position, of: bytes) else {
      throw .bad("a protobuf number that does not end at byte \(position - bytes.startIndex) of a message")
    }
    position = end
    return value
  }

  private mutating func skip(_ count: UInt64) throws(ImportProblem) {
    guard count <= UInt64(bytes.endIndex - position) else {
      throw .bad("a protobuf field of \(count) bytes where \(bytes.endIndex - position) are left")
    }
    position += Int(count)
  }

  /// The number at a position and the position behind it; `nil` when it does not end in time.
  private static func varint(at start: Int, of bytes: ArraySlice<UInt8>) -> (value: UInt64, end: Int)? {
    var value: UInt64 = 0
    for place in 0..<10 where start + place < bytes.endIndex {
      let byte = bytes[start + place]
      // Ten bytes have room for 70 bits; the last may hold one.
      guard place < 9 || byte <= 1 else { return nil }
      value |= UInt64(byte & 0x7F) << (7 * place)
      if byte < 0x80 { return (value, start + place + 1) }
    }
    return nil
  }

  /// The number that a field which is not delimited holds as a varint; `nil` when it is none.
  static func number(in field: WireField) -> UInt64? {
    guard !field.isDelimited, let (value, end) = varint(at: field.content.startIndex, of: field.content),
      end == field.content.endIndex
    else { return nil }
    return value
  }
}
