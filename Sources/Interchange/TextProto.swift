import Configuration

/// A message in the text format of protocol buffers, without a schema: its fields in order.
///
/// Read strictly and as far as configurations go: scalars, nested messages in `{ }` or `< >`, repeated fields and `[ ]` lists (which
/// are the same thing), strings in either quote, comments from `#` to the end of the line, `,` or `;` behind a field. No extensions.
public struct TextProto: Sendable {
  /// The fields as they are written; a repeated one occurs several times.
  public var fields: [Field]
  /// Where it begins: what an error about something missing names.
  let place: Place

  /// One field.
  public struct Field: Sendable {
    /// The field's name.
    public let name: String
    /// Its value.
    public let value: Value
    /// Where it stands.
    let place: Place
  }

  /// The value of a field.
  public enum Value: Sendable {
    /// A nested message.
    case message(TextProto)
    /// Text in quotes, unescaped and joined.
    case string(String)
    /// A number as it is written, sign included.
    case number(String)
    /// A word: `true`, `false`, `inf`, `nan` or a value of an enumeration.
    case identifier(String)
  }

  /// A position in a file. Line and column are counted only when an error needs them.
  struct Place: Sendable {
    let file: String
    let bytes: [UInt8]
    let offset: Int

    /// An error that names line and column, both from 1, the column in Unicode scalars.
    func error(_ problem: String) -> ConfigurationError {
      var line = 1
      var column = 1
      // A byte order mark is no column.
      let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      for byte in bytes[min(start, offset)..<offset] {
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

  init(fields: [Field], place: Place) {
    self.fields = fields
    self.place = place
  }

  /// A message to be written.
  init(_ fields: [(name: String, value: Value)]) {
    place = Place(file: "", bytes: [], offset: 0)
    self.fields = fields.map { [place] in Field(name: $0.name, value: $0.value, place: place) }
  }
}

extension TextProto.Value {
  /// The value as error texts show it.
  var errorText: String {
    switch self {
    case .message: "a message"
    case .string(let text): "the string \(quoted(text))"
    case .number(let text): "the number \(shortened(text))"
    case .identifier(let text): "the word \(shortened(text))"
    }
  }
}
