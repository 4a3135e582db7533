import Configuration

/// The fields of a message all of whose names are known.
struct TextProtoFields {
  /// Where the message begins.
  let place: TextProto.Place
  private let byName: [String: [TextProto.Field]]

  /// - Parameter known: the names that may occur, in the order in which an error lists them.
  init(_ message: TextProto, known: [String]) throws(ConfigurationError) {
    place = message.place
    for field in message.fields where !known.contains(field.name) {
      let remark =
        NearestName.of(field.name, among: known).map { "did you mean \(quoted($0))?" }
        ?? "known here: \(known.map(quoted).joined(separator: ", "))"
      throw field.place.error("unknown field \(quoted(field.name)); \(remark)")
    }
    byName = Dictionary(grouping: message.fields, by: \.name)
  }

  /// Whether a field occurs.
  func has(_ name: String) -> Bool { byName[name] != nil }

  /// All values of a field that may occur several times, in order.
  func all(_ name: String) -> [TextProto.Field] { byName[name] ?? [] }

  /// The field of a name, which may occur once; `nil` when it does not.
  func one(_ name: String) throws(ConfigurationError) -> TextProto.Field? {
    guard let fields = byName[name] else { return nil }
    if fields.count > 1 { throw fields[1].place.error("the field \(quoted(name)) occurs twice in one message") }
    return fields[0]
  }

  /// The field of a name, which must occur once.
  func required(_ name: String) throws(ConfigurationError) -> TextProto.Field {
    guard let field = try one(name) else { throw place.error("the field \(quoted(name)) is missing") }
    return field
  }
}

extension TextProto.Field {
  /// The error that something else was expected as the value.
  func error(expected: String) -> ConfigurationError {
    place.error("\(name): expected \(expected), found \(value.errorText)")
  }

  /// The value, a nested message.
  func message(known: [String]) throws(ConfigurationError) -> TextProtoFields {
    guard case .message(let message) = value else { throw error(expected: "a message in braces") }
    return try TextProtoFields(message, known: known)
  }

  /// The value, a string that is not empty.
  func string(expected: String) throws(ConfigurationError) -> String {
    guard case .string(let string) = value, !string.isEmpty else { throw error(expected: expected) }
    return string
  }

  /// The value, `true` or `false`, also as `t`, `f`, `True`, `False`, 1 and 0.
  func boolean() throws(ConfigurationError) -> Bool {
    switch value {
    case .identifier("true"), .identifier("True"), .identifier("t"), .number("1"): return true
    case .identifier("false"), .identifier("False"), .identifier("f"), .number("0"): return false
    default: throw error(expected: "true or false")
    }
  }

  /// The value, a number with a property.
  func number(expected: String, where accepts: (Double) -> Bool) throws(ConfigurationError) -> Double {
    guard case .number(let text) = value,
      let number = TextProtoParser.integer(text).map(Double.init) ?? TextProtoParser.number(text), accepts(number)
    else { throw error(expected: expected) }
    // Adding zero turns -0.0 into 0.0.
    return number + 0
  }

  /// The value, a whole number of at least 1.
  func count() throws(ConfigurationError) -> Int {
    guard case .number(let text) = value, let count = TextProtoParser.integer(text), count >= 1 else {
      throw error(expected: "an integer of at least 1")
    }
    return count
  }
}
