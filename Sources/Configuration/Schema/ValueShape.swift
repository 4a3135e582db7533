/// What the value of a key may be.
indirect enum ValueShape: Sendable {
  /// A string that is not empty; what it is, in a word or two.
  case string(String)
  /// The path of a file or a folder, which is opened; what it is, in a word.
  case path(String)
  /// Any string.
  case text
  case boolean
  /// One value alone.
  case constant(JSONValue)
  /// One of some strings.
  case choice([String])
  case integer(ClosedRange<Int>)
  case number(Interval)
  /// An array.
  case list(of: ValueShape, counts: ClosedRange<Int> = 1...Int.max, isSet: Bool = false)
  /// An object whose keys the file is free to choose, though not empty ones; what these are, in a word or two.
  case map(String, to: ValueShape, atLeast: Int = 0)
  /// An object with keys of its own.
  case object(ObjectDescription)
  /// Any of several shapes.
  case either([ValueShape])
  /// A shape with other words in the reference.
  case called(String, ValueShape)

  /// The raw values of an enumeration.
  static func choice<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> ValueShape {
    .choice(Choice.allCases.map(\.rawValue))
  }
}

extension ValueShape {
  /// The shape as a JSON Schema; objects as references to `$defs`.
  var schema: JSONObject {
    switch self {
    case .string, .path: return ["type": "string", "minLength": 1]
    case .text: return ["type": "string"]
    case .boolean: return ["type": "boolean"]
    case .constant(let value): return ["const": value]
    case .choice(let values): return ["enum": .array(values.map(JSONValue.string))]
    case .integer(let range):
      return ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    case .number(let interval):
      var object: JSONObject = ["type": "number"]
      if let bound = interval.lower { object[bound.isIncluded ? "minimum" : "exclusiveMinimum"] = .number(bound.value) }
      if let bound = interval.upper { object[bound.isIncluded ? "maximum" : "exclusiveMaximum"] = .number(bound.value) }
      return object
    case .list(let element, let counts, let isSet):
      var object: JSONObject = ["type": "array", "items": .object(element.schema)]
      if counts.lowerBound > 0 { object["minItems"] = .integer(counts.lowerBound) }
      if counts.upperBound < Int.max { object["maxItems"] = .integer(counts.upperBound) }
      if isSet { object["uniqueItems"] = true }
      return object
    case .map(_, let value, let atLeast):
      var object: JSONObject = [
        "type": "object", "propertyNames": ["minLength": 1], "additionalProperties": .object(value.schema),
      ]
      if atLeast > 0 { object["minProperties"] = .integer(atLeast) }
      return object
    case .object(let description): return ["$ref": .string("#/$defs/\(description.name)")]
    case .either(let shapes): return ["anyOf": .array(shapes.map { .object($0.schema) })]
    case .called(_, let shape): return shape.schema
    }
  }

  /// The shape in a few words of Markdown, for a table.
  var words: String {
    switch self {
    case .string(let what), .path(let what): what
    case .text: "string"
    case .boolean: "`true`, `false`"
    case .constant(let value): "`\(value.line())`"
    case .choice(let values): values.map { "`\($0)`" }.joined(separator: ", ")
    case .integer(let range):
      // The upper bounds of counts are beyond any network and any set of samples.
      range.upperBound >= 1 << 20 && range.upperBound != Int(UInt32.max)
        ? "integer ≥ \(range.lowerBound)" : "integer \(range.lowerBound) … \(range.upperBound)"
    case .number(let interval): "number" + interval.words
    case .list(let element, _, _): "[\(element.words), …]"
    case .map(let names, let value, _): "object: \(names) → \(value.words)"
    case .object: "object"
    case .either(let shapes): shapes.map(\.words).joined(separator: " or ")
    case .called(let words, _): words
    }
  }

  /// The objects in it, the outermost first.
  var objects: [ObjectDescription] {
    switch self {
    case .object(let description): [description] + description.keys.flatMap(\.shape.objects)
    case .list(let shape, _, _), .map(_, let shape, _), .called(_, let shape): shape.objects
    case .either(let shapes): shapes.flatMap(\.objects)
    case .string, .path, .text, .boolean, .constant, .choice, .integer, .number: []
    }
  }
}

extension Interval {
  /// What stands behind "number" in a table.
  fileprivate var words: String {
    func text(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
    switch (lower, upper) {
    case (nil, nil): return ""
    case (let lower?, nil): return " \(lower.isIncluded ? "≥" : ">") \(text(lower.value))"
    case (nil, let upper?): return " \(upper.isIncluded ? "≤" : "<") \(text(upper.value))"
    case (let lower?, let upper?):
      return
        ", \(text(lower.value)) \(lower.isIncluded ? "≤" : "<") x \(upper.isIncluded ? "≤" : "<") \(text(upper.value))"
    }
  }
}
