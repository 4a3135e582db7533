extension JSONValue {
  /// The value as the text of a file: two spaces of indentation, arrays of scalars on one line, a line break at the end.
  ///
  /// The text depends on the value alone, and reading it back gives the same value. A `Double` is written in its shortest
  /// form that reads back to the same bits, always with a fraction or an exponent (`2.0`), an `Int` always without (`2`).
  /// A number that is not finite has no JSON form and is written as `null`.
  public func text() -> String {
    var writer = JSONWriter()
    writer.write(self, indentation: 0)
    writer.text += "\n"
    return writer.text
  }

  /// The same value on one line, without a line break: for events that come one behind another.
  public func line() -> String {
    var writer = JSONWriter(isOnOneLine: true)
    writer.write(self, indentation: 0)
    return writer.text
  }
}

struct JSONWriter {
  var text = ""
  /// Whether no line is begun.
  private let isOnOneLine: Bool

  init(isOnOneLine: Bool = false) { self.isOnOneLine = isOnOneLine }

  mutating func write(_ value: JSONValue, indentation: Int) {
    switch value {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? value.description : "null"
    case .string(let value): write(quoted: value)
    case .array(let elements): write(array: elements, indentation: indentation)
    case .object(let object): write(members: object.members, indentation: indentation)
    }
  }

  private mutating func write(array elements: [JSONValue], indentation: Int) {
    let isFlat = isOnOneLine || elements.allSatisfy(\.isScalar)
    text += "["
    for (index, element) in elements.enumerated() {
      if index > 0 { text += isFlat ? ", " : "," }
      if !isFlat { startLine(indentation + 1) }
      write(element, indentation: indentation + 1)
    }
    if !isFlat { startLine(indentation) }
    text += "]"
  }

  private mutating func write(members: [JSONObject.Member], indentation: Int) {
    text += "{"
    for (index, member) in members.enumerated() {
      if index > 0 { text += isOnOneLine ? ", " : "," }
      startLine(indentation + 1)
      write(quoted: member.key)
      text += ": "
      write(member.value, indentation: indentation + 1)
    }
    if !members.isEmpty { startLine(indentation) }
    text += "}"
  }

  private mutating func startLine(_ indentation: Int) {
    guard !isOnOneLine else { return }
    text += "\n"
    for _ in 0..<indentation { text += "  " }
  }

  /// Writes a string in quotes, escaping what JSON requires and nothing else.
  mutating func write(quoted string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{c}": text += "\\f"
      case "\0"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSONValue {
  fileprivate var isScalar: Bool {
    switch self {
    case .array, .object: false
    case .null, .boolean, .integer, .number, .string: true
    }
  }
}
