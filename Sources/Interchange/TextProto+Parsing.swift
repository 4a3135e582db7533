public import Configuration

extension TextProto {
  /// The message that a text holds.
  /// - Parameters:
  ///   - bytes: the content of the file, UTF-8.
  ///   - file: what errors call the file.
  /// - Throws: what was expected and what was found, with line and column.
  public init(parsing bytes: [UInt8], file: String) throws(ConfigurationError) {
    var parser = TextProtoParser(bytes: bytes, file: file)
    self = try parser.wholeText()
  }
}

struct TextProtoParser {
  let bytes: [UInt8]
  let file: String
  var position = 0
  private var fieldCount = 0

  init(bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  mutating func wholeText() throws(ConfigurationError) -> TextProto {
    guard bytes.count <= TextProtoLimits.bytes else {
      throw place.error("a text of \(bytes.count) bytes, at most \(TextProtoLimits.bytes) are read")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    return try message(closedBy: nil, depth: 0)
  }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  /// Where the next byte stands.
  var place: TextProto.Place { TextProto.Place(file: file, bytes: bytes, offset: position) }

  private mutating func skipSpace() {
    while let byte = next {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x0B, 0x0C: position += 1
      case UInt8(ascii: "#"): while let byte = next, byte != UInt8(ascii: "\n") { position += 1 }
      default: return
      }
    }
  }

  // MARK: Fields

  private mutating func message(closedBy closer: UInt8?, depth: Int) throws(ConfigurationError) -> TextProto {
    let start = place
    var fields: [TextProto.Field] = []
    skipSpace()
    while next != closer {
      try field(into: &fields, closedBy: closer, depth: depth)
      skipSpace()
      if take(UInt8(ascii: ",")) || take(UInt8(ascii: ";")) { skipSpace() }
    }
    if closer != nil { position += 1 }
    return TextProto(fields: fields, place: start)
  }

  private mutating func field(
    into fields: inout [TextProto.Field], closedBy closer: UInt8?, depth: Int
  ) throws(ConfigurationError) {
    let start = place
    guard let first = next, isLetter(first) else {
      throw unexpected("the name of a field" + (closer.map { " or '\(Unicode.Scalar($0))'" } ?? ""))
    }
    let name = word()
    skipSpace()
    let hasColon = take(UInt8(ascii: ":"))
    if hasColon { skipSpace() }
    guard hasColon || isOpener(next) else { throw unexpected("':' or '{' behind \(quoted(name))") }
    guard hasColon, next == UInt8(ascii: "[") else {
      let value = try value(depth: depth)
      return fields.append(TextProto.Field(name: name, value: value, place: start))
    }
    position += 1
    skipSpace()
    if take(UInt8(ascii: "]")) { return }
    while true {
      let elementPlace = place
      fields.append(TextProto.Field(name: name, value: try value(depth: depth), place: elementPlace))
      skipSpace()
      if take(UInt8(ascii: "]")) { return }
      guard take(UInt8(ascii: ",")) else { throw unexpected("',' or ']'") }
      skipSpace()
    }
  }

  private func isOpener(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: "{") || byte == UInt8(ascii: "<") }

  private mutating func value(depth: Int) throws(ConfigurationError) -> TextProto.Value {
    fieldCount += 1
    guard fieldCount <= TextProtoLimits.fields else { throw place.error("more than \(TextProtoLimits.fields) fields") }
    guard let first = next else { throw unexpected("a value") }
    switch first {
    case UInt8(ascii: "{"), UInt8(ascii: "<"):
      guard depth < TextProtoLimits.nesting else {
        throw place.error("nested more than \(TextProtoLimits.nesting) levels deep")
      }
      position += 1
      return .message(
        try message(closedBy: first == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: ">"), depth: depth + 1))
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      var content: [UInt8] = []
      let start = place
      // Strings that follow each other are one.
      while let quote = next, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
        try appendString(to: &content)
        skipSpace()
      }
      guard let text = String(validating: content, as: UTF8.self) else {
        throw start.error("a string that is not valid UTF-8")
      }
      if let problem = TextLimits.problem(of: text) { throw start.error(problem) }
      return .string(text)
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default:
      guard isLetter(first) else { throw unexpected("a value") }
      return .identifier(word())
    }
  }

  // MARK: Words and numbers

  mutating func word() -> String {
    let start = position
    while let byte = next, isLetter(byte) || isDigit(byte) { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func number() throws(ConfigurationError) -> TextProto.Value {
    let start = position
    let startPlace = place
    let isNegative = take(UInt8(ascii: "-"))
    if isNegative {
      skipSpace()
      if let byte = next, isLetter(byte) { return .identifier("-" + word()) }
    }
    let digits = position
    while let byte = next, isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: ".") {
      position += 1
      let isExponent = (byte | 0x20) == UInt8(ascii: "e") && !bytes[digits...].starts(with: [0x30, 0x78])
      if isExponent, next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
    }
    guard position - digits <= TextLimits.numberBytes else {
      throw startPlace.error(
        "a number of \(position - digits) characters, at most \(TextLimits.numberBytes) are read")
    }
    let text = (isNegative ? "-" : "") + String(decoding: bytes[digits..<position], as: UTF8.self)
    guard Self.integer(text) != nil || Self.number(text) != nil else {
      throw startPlace.error(
        "expected a number, found \(shortened(String(decoding: bytes[start..<position], as: UTF8.self)))")
    }
    return .number(text)
  }

  func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  func isLetter(_ byte: UInt8) -> Bool {
    let lowercase = byte | 0x20
    return lowercase >= UInt8(ascii: "a") && lowercase <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
  }

  // MARK: Errors

  func unexpected(_ expected: String) -> ConfigurationError {
    guard let byte = next else { return place.error("expected \(expected), found the end of the file") }
    let found =
      switch byte {
      case 0x21..<0x7F: "'\(Unicode.Scalar(byte))'"
      default: "the byte 0x\(String(byte, radix: 16))"
      }
    return place.error("expected \(expected), found \(found)")
  }
}
