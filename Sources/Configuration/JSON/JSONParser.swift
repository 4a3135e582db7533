extension JSONValue {
  /// The tree of one JSON text (RFC 8259, UTF-8).
  ///
  /// Stricter than the RFC asks: a key that occurs twice in one object, a number beyond the range of a `Double` and
  /// what is beyond `TextLimits` are errors. A byte order mark in front is skipped.
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - file: what errors call the file.
  ///   - allowsComments: whether `//` between tokens begins a comment, which ends with the line: of files that people write.
  /// - Throws: an error whose path is line and column, both from 1, the column in Unicode scalars.
  public init(parsing bytes: [UInt8], file: String, allowsComments: Bool = false) throws(ConfigurationError) {
    var parser = JSONParser(bytes: bytes, file: file, allowsComments: allowsComments)
    self = try parser.wholeText()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  let file: String
  let allowsComments: Bool
  var position = 0
  private var valueCount = 0

  init(bytes: [UInt8], file: String, allowsComments: Bool) {
    self.bytes = bytes
    self.file = file
    self.allowsComments = allowsComments
  }

  mutating func wholeText() throws(ConfigurationError) -> JSONValue {
    guard bytes.count <= TextLimits.jsonBytes else {
      throw error(at: 0, "a text of \(bytes.count) bytes, at most \(TextLimits.jsonBytes) are read")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    skipWhitespace()
    let value = try value(depth: 0)
    skipWhitespace()
    guard position == bytes.count else { throw unexpected("the end of the file") }
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipWhitespace() {
    while let byte = next {
      switch byte {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      case UInt8(ascii: "/") where allowsComments && position + 1 < bytes.count && bytes[position + 1] == byte:
        while let byte = next, byte != 0x0A, byte != 0x0D { position += 1 }
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(ConfigurationError) -> JSONValue {
    valueCount += 1
    guard valueCount <= TextLimits.jsonValues else {
      throw error(at: position, "more than \(TextLimits.jsonValues) values")
    }
    switch next {
    case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), (UInt8(ascii: "0")...UInt8(ascii: "9"))?: return try number()
    default:
      let start = position
      while let byte = next, isLetter(byte) { position += 1 }
      switch String(decoding: bytes[start..<position], as: UTF8.self) {
      case "null": return .null
      case "true": return .boolean(true)
      case "false": return .boolean(false)
      default:
        position = start
        throw unexpected("a value")
      }
    }
  }

  private mutating func object(depth: Int) throws(ConfigurationError) -> JSONObject {
    try enter(depth)
    var members: [JSONObject.Member] = []
    var keys: Set<String> = []
    if take(UInt8(ascii: "}")) { return JSONObject() }
    while true {
      guard next == UInt8(ascii: "\"") else {
        throw unexpected(members.isEmpty ? "a key in double quotes or '}'" : "a key in double quotes after ','")
      }
      let keyPosition = position
      let key = try string()
      guard keys.insert(key).inserted else {
        throw error(at: keyPosition, "the key \(quoted(key)) occurs twice in one object")
      }
      skipWhitespace()
      guard take(UInt8(ascii: ":")) else { throw unexpected("':' after a key") }
      skipWhitespace()
      members.append(JSONObject.Member(key: key, value: try value(depth: depth)))
      skipWhitespace()
      if take(UInt8(ascii: "}")) { return JSONObject(distinct: members) }
      guard take(UInt8(ascii: ",")) else { throw unexpected("',' or '}'") }
      skipWhitespace()
    }
  }

  private mutating func array(depth: Int) throws(ConfigurationError) -> [JSONValue] {
    try enter(depth)
    var elements: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return [] }
    while true {
      if !elements.isEmpty, next == UInt8(ascii: "]") { throw unexpected("a value after ','") }
      elements.append(try value(depth: depth))
      skipWhitespace()
      if take(UInt8(ascii: "]")) { return elements }
      guard take(UInt8(ascii: ",")) else { throw unexpected("',' or ']'") }
      skipWhitespace()
    }
  }

  /// Steps over the bracket that opens an object or array.
  private mutating func enter(_ depth: Int) throws(ConfigurationError) {
    guard depth <= TextLimits.jsonNesting else {
      throw error(at: position, "nested more than \(TextLimits.jsonNesting) levels deep")
    }
    position += 1
    skipWhitespace()
  }

  private mutating func number() throws(ConfigurationError) -> JSONValue {
    let start = position
    _ = take(UInt8(ascii: "-"))
    if take(UInt8(ascii: "0")) {
      if let byte = next, isDigit(byte) {
        throw error(at: start, "not JSON: a number must not begin with a zero that another digit follows")
      }
    } else {
      try digits()
    }
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isWhole = false
      position += 1
      if !take(UInt8(ascii: "-")) { _ = take(UInt8(ascii: "+")) }
      try digits()
    }
    guard position - start <= TextLimits.numberBytes else {
      throw error(at: start, "a number of \(position - start) characters, at most \(TextLimits.numberBytes) are read")
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, text != "-0", let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else {
      throw error(at: start, "the number \(shortened(text)) is beyond the range of a 64-bit float")
    }
    return .number(number)
  }

  private mutating func digits() throws(ConfigurationError) {
    guard let first = next, isDigit(first) else { throw unexpected("a digit") }
    while let byte = next, isDigit(byte) { position += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private func isLetter(_ byte: UInt8) -> Bool {
    let lowercase = byte | 0x20
    return lowercase >= UInt8(ascii: "a") && lowercase <= UInt8(ascii: "z")
  }
}

// MARK: Strings

extension JSONParser {
  /// The string whose opening quote is the next byte.
  fileprivate mutating func string() throws(ConfigurationError) -> String {
    let start = position
    position += 1
    var content: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: content, as: UTF8.self) else {
          throw error(at: start, "a string that is not valid UTF-8")
        }
        if let problem = TextLimits.problem(of: string) { throw error(at: start, problem) }
        position += 1
        return string
      case UInt8(ascii: "\\"): try appendEscape(to: &content)
      case 0..<0x20: throw error(at: position, "a control character in a string; write it as an escape such as \\n")
      default:
        content.append(byte)
        position += 1
      }
    }
    throw error(at: start, "a string without its closing quote")
  }

  private mutating func appendEscape(to content: inout [UInt8]) throws(ConfigurationError) {
    let start = position
    position += 1
    let escape = next
    position += 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(bytes[start + 1])
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      guard let scalar = escapedScalar() else {
        throw error(at: start, "\\u must be followed by four hexadecimal digits, a surrogate by its other half")
      }
      content.append(contentsOf: String(Character(scalar)).utf8)
    default: throw error(at: start, "an escape that JSON does not have; a backslash itself is written \\\\")
    }
  }

  /// The scalar behind `\u`, of one escape or of a pair of surrogates.
  private mutating func escapedScalar() -> Unicode.Scalar? {
    guard let first = codeUnit() else { return nil }
    guard UTF16.isLeadSurrogate(first) else { return Unicode.Scalar(first) }
    guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let second = codeUnit(), UTF16.isTrailSurrogate(second)
    else { return nil }
    return Unicode.Scalar(0x10000 + (UInt32(first & 0x3FF) << 10) + UInt32(second & 0x3FF))
  }

  private mutating func codeUnit() -> UInt16? {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }
}

// MARK: Errors

extension JSONParser {
  /// What was expected at the position, and what stands there.
  fileprivate func unexpected(_ expected: String) -> ConfigurationError {
    error(at: position, "not JSON: expected \(expected), found \(found)")
  }

  private var found: String {
    guard let byte = next else { return "the end of the file" }
    let word = bytes[position...].prefix { isWordByte($0) }
    if !word.isEmpty { return shortened(String(decoding: word, as: UTF8.self)) }
    if bytes[position...].starts(with: [0x2F, 0x2F]) || bytes[position...].starts(with: [0x2F, 0x2A]) {
      return allowsComments ? "a comment of another kind than // to the end of the line" : "a comment (JSON has none)"
    }
    switch byte {
    case 0x21..<0x7F: return "'\(Unicode.Scalar(byte))'"
    default: return "the byte 0x\(String(byte, radix: 16))"
    }
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    let lowercase = byte | 0x20
    return lowercase >= UInt8(ascii: "a") && lowercase <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
      || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  fileprivate func error(at offset: Int, _ problem: String) -> ConfigurationError {
    var line = 1
    var column = 1
    // A byte order mark is no column.
    for byte in bytes[(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)..<offset] {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return ConfigurationError(file: file, path: "line \(line), column \(column)", problem: problem)
  }
}
