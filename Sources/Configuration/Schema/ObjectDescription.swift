/// One object of the configuration: the keys that its decoder knows, what each may be and what it means.
///
/// The decoder takes the names from here, the JSON Schema and the tables of the reference all of it.
struct ObjectDescription: Sendable {
  /// What the schema calls it; also the table of the reference that has its keys, but for those that name another.
  let name: String
  /// The keys, in the order in which errors list them.
  let keys: [KeyDescription]
  /// What holds for several keys together, as schemas.
  let rules: [JSONValue]

  init(_ name: String, _ keys: [KeyDescription], rules: [JSONValue] = []) {
    self.name = name
    self.keys = keys.map { $0.described(in: name) }
    self.rules = rules
  }

  /// The names of the keys.
  var names: [String] { keys.map(\.name) }

  /// The object as a JSON Schema.
  var schema: JSONValue {
    var object: JSONObject = ["type": "object"]
    object["properties"] = .object(JSONObject(distinct: keys.map { .init(key: $0.name, value: $0.schema) }))
    let required = keys.filter(\.isRequired).map { JSONValue.string($0.name) }
    if !required.isEmpty { object["required"] = .array(required) }
    object["additionalProperties"] = false
    if !rules.isEmpty { object["allOf"] = .array(rules) }
    return .object(object)
  }
}

/// One key of an object.
struct KeyDescription: Sendable {
  /// What holds where the file leaves a key out.
  enum Standard: Sendable {
    /// It must not be left out.
    case required
    /// It must not be left out in some cases, told in words of Markdown.
    case demanded(String)
    /// The same as with this value.
    case value(JSONValue)
    /// What depends on other keys or is no value, in words of Markdown.
    case told(String)

    var words: String {
      switch self {
      case .required: "required"
      case .value(.string(let name)): "`\(name)`"
      case .value(let value): "`\(value.line())`"
      case .demanded(let words), .told(let words): words
      }
    }
  }

  /// What a key means; a key may mean one thing beside some keys and another one beside others.
  struct Meaning: Sendable {
    /// The table of the reference; `nil` for that of the object.
    var table: String?
    /// When it means this, such as `with "order": 2`; `nil` for always, or where the text says so.
    var condition: String?
    /// What the value may be there; `nil` for all that the key allows.
    var shape: ValueShape?
    let standard: Standard
    /// In Markdown; links are those of docs/config.md.
    let text: String
  }

  let name: String
  let shape: ValueShape
  private(set) var meanings: [Meaning]

  init(
    _ name: String, _ shape: ValueShape, _ standard: Standard, in table: String? = nil, beside condition: String? = nil,
    _ text: String
  ) {
    self.init(name, shape, [Meaning(table: table, condition: condition, standard: standard, text: text)])
  }

  init(_ name: String, _ shape: ValueShape, _ meanings: [Meaning]) {
    self.name = name
    self.shape = shape
    self.meanings = meanings
  }

  fileprivate func described(in table: String) -> KeyDescription {
    var key = self
    for index in meanings.indices where meanings[index].table == nil { key.meanings[index].table = table }
    return key
  }

  /// Whether an object without it is wrong.
  var isRequired: Bool {
    meanings.contains { if case .required = $0.standard { true } else { false } }
  }

  /// The value as a JSON Schema, with what it means.
  var schema: JSONValue {
    var object = shape.schema
    let text = meanings.map(\.sentence).joined(separator: " ")
    object["description"] = .string(text.withoutMarkdown)
    if meanings.count == 1, case .value(let value) = meanings[0].standard { object["default"] = value }
    return .object(object)
  }
}

extension KeyDescription.Meaning {
  /// The meaning as a sentence of its own.
  fileprivate var sentence: String {
    var sentence = condition.map { "\($0): \(text)" } ?? text
    switch standard {
    case .told(let words): sentence += "; default: \(words)"
    case .demanded(let words): sentence += "; \(words)"
    case .value(let value) where condition != nil: sentence += "; default: \(value.line())"
    case .required, .value: break
    }
    return sentence.prefix(1).uppercased() + sentence.dropFirst() + "."
  }
}

extension String {
  /// The text with links as their words and bars as they are.
  fileprivate var withoutMarkdown: String {
    replacing(/\[([^\]]*)\]\([^)]*\)/) { $0.output.1 }.replacing("\\|", with: "|")
  }
}
