extension JSONValue {
  /// The type and value as error texts show them: `the string "x"`, `the number 0.5`, `an array of 3`.
  package var errorText: String {
    switch self {
    case .null: "null"
    case .boolean(let value): "the boolean \(value)"
    case .integer(let value): "the number \(value)"
    case .number(let value): "the number \(value)"
    case .string(let value): "the string \(quoted(value))"
    case .array(let elements): elements.isEmpty ? "an empty array" : "an array of \(elements.count)"
    case .object(let object): object.members.isEmpty ? "an empty object" : "an object"
    }
  }
}

/// A string in quotes on one line, cut where it is too long for an error text.
package func quoted(_ string: String) -> String {
  var writer = JSONWriter()
  writer.write(quoted: shortened(string))
  return writer.text
}

/// The first 80 characters of a text.
package func shortened(_ text: String) -> String {
  // Scalars, as one character may hold any number of them.
  let start = text.unicodeScalars.prefix(80)
  return start.endIndex == text.endIndex ? text : String(start) + "…"
}

/// The texts as a sentence lists them: `a, b and c`.
package func listed(_ texts: [String], last word: String = "and") -> String {
  guard let last = texts.last, texts.count > 1 else { return texts.first ?? "none" }
  return texts.dropLast().joined(separator: ", ") + " \(word) " + last
}
