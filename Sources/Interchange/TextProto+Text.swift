extension TextProto {
  /// The message as the text of a file, a field on each line; reading it back gives the same message.
  public func text() -> String {
    var text = ""
    Self.append(fields, indentation: "", to: &text)
    return text
  }

  private static func append(_ fields: [Field], indentation: String, to text: inout String) {
    for field in fields {
      text += indentation + field.name
      switch field.value {
      case .message(let message):
        text += " {\n"
        append(message.fields, indentation: indentation + "  ", to: &text)
        text += indentation + "}\n"
      case .string(let string): text += ": " + quoted(string) + "\n"
      case .number(let word), .identifier(let word): text += ": " + word + "\n"
      }
    }
  }

  private static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\0"..<"\u{20}", "\u{7F}":
        let digits = String(scalar.value, radix: 8)
        text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
