package import Configuration

/// A check of values against a JSON Schema (draft 2020-12), as far as the schema of the configuration needs it.
package struct SchemaValidator: Sendable {
  private let root: JSONValue

  /// A schema with its `$defs`.
  package init(_ schema: JSONValue) { root = schema }

  /// What is wrong with a value and where; `nil` for a value that is valid.
  ///
  /// A keyword that is not known here is a problem, too: it would go unchecked.
  package func problem(of value: JSONValue) -> String? { problem(of: value, by: root) }

  /// What is wrong with a value by a part of the schema.
  package func problem(of value: JSONValue, by schema: JSONValue) -> String? {
    problem(of: value, at: "$", by: schema)
  }

  private func problem(of value: JSONValue, at path: String, by schema: JSONValue) -> String? {
    if schema == false { return "\(path): nothing is allowed here" }
    guard case .object(let keywords) = schema else { return schema == true ? nil : "\(path): the schema is none" }
    for keyword in keywords.members {
      if let problem = problem(of: value, at: path, keyword.key, keyword.value, in: keywords) { return problem }
    }
    return nil
  }

  private func problem(
    of value: JSONValue, at path: String, _ keyword: String, _ operand: JSONValue, in schema: JSONObject
  ) -> String? {
    func failed() -> String { "\(path): not \(keyword) \(operand.text())" }
    func unless(_ holds: Bool) -> String? { holds ? nil : failed() }
    switch (keyword, operand) {
    case ("$schema", _), ("$defs", _), ("title", _), ("description", _), ("default", _), ("then", _), ("else", _):
      return nil
    case ("$ref", .string(let reference)):
      guard let definition = root["$defs"]?[String(reference.dropFirst("#/$defs/".count))] else {
        return "\(path): there is no \(reference)"
      }
      return problem(of: value, at: path, by: definition)
    case ("type", .string(let type)): return unless(value.isOf(type: type))
    // A number is the same however it is written.
    case ("const", _): return unless(value == operand || operand.double.map { value.double == $0 } ?? false)
    case ("enum", .array(let values)): return unless(values.contains(value))
    case ("anyOf", .array(let schemas)):
      return unless(schemas.contains { problem(of: value, at: path, by: $0) == nil })
    case ("oneOf", .array(let schemas)):
      return unless(schemas.count { problem(of: value, at: path, by: $0) == nil } == 1)
    case ("allOf", .array(let schemas)): return schemas.lazy.compactMap { problem(of: value, at: path, by: $0) }.first
    case ("not", _): return unless(problem(of: value, at: path, by: operand) != nil)
    case ("if", _):
      let branch = problem(of: value, at: path, by: operand) == nil ? "then" : "else"
      return schema[branch].flatMap { problem(of: value, at: path, by: $0) }
    case ("minimum", _), ("maximum", _), ("exclusiveMinimum", _), ("exclusiveMaximum", _):
      guard let number = value.double, let bound = operand.double else { return nil }
      return unless(Self.holds(keyword, number, bound))
    case ("minLength", .integer(let count)):
      guard case .string(let string) = value else { return nil }
      return unless(string.unicodeScalars.count >= count)
    case ("items", _), ("minItems", _), ("maxItems", _), ("uniqueItems", _):
      guard case .array(let elements) = value else { return nil }
      return problem(of: elements, at: path, keyword, operand).map { $0.isEmpty ? failed() : $0 }
    case ("properties", _), ("required", _), ("additionalProperties", _), ("propertyNames", _), ("minProperties", _):
      guard case .object(let object) = value else { return nil }
      return problem(of: object, at: path, keyword, operand, in: schema).map { $0.isEmpty ? failed() : $0 }
    default: return "\(path): the keyword \(keyword) is not known"
    }
  }

  private static func holds(_ keyword: String, _ number: Double, _ bound: Double) -> Bool {
    switch keyword {
    case "minimum": number >= bound
    case "maximum": number <= bound
    case "exclusiveMinimum": number > bound
    default: number < bound
    }
  }

  /// - Returns: an empty text for "the keyword does not hold".
  private func problem(
    of elements: [JSONValue], at path: String, _ keyword: String, _ operand: JSONValue
  ) -> String? {
    switch (keyword, operand) {
    case ("minItems", .integer(let count)): elements.count >= count ? nil : ""
    case ("maxItems", .integer(let count)): elements.count <= count ? nil : ""
    case ("uniqueItems", _): Set(elements).count == elements.count ? nil : ""
    default:
      elements.indices.lazy.compactMap { problem(of: elements[$0], at: "\(path)[\($0)]", by: operand) }.first
    }
  }

  /// - Returns: an empty text for "the keyword does not hold".
  private func problem(
    of object: JSONObject, at path: String, _ keyword: String, _ operand: JSONValue, in schema: JSONObject
  ) -> String? {
    switch (keyword, operand) {
    case ("required", .array(let keys)):
      return keys.allSatisfy { if case .string(let key) = $0 { object[key] != nil } else { false } } ? nil : ""
    case ("minProperties", .integer(let count)): return object.members.count >= count ? nil : ""
    case ("propertyNames", _):
      return object.members.lazy.compactMap { problem(of: .string($0.key), at: "\(path) key", by: operand) }.first
    case ("properties", .object(let properties)):
      return properties.members.lazy.compactMap { property in
        object[property.key].flatMap { problem(of: $0, at: "\(path).\(property.key)", by: property.value) }
      }.first
    case ("additionalProperties", _):
      return object.members.lazy.filter { schema["properties"]?[$0.key] == nil }.compactMap {
        problem(of: $0.value, at: "\(path).\($0.key)", by: operand)
      }.first
    default: return ""
    }
  }
}

extension JSONValue {
  fileprivate var double: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  fileprivate func isOf(type: String) -> Bool {
    switch self {
    case .null: type == "null"
    case .boolean: type == "boolean"
    case .integer: type == "integer" || type == "number"
    case .number(let number): type == "number" || type == "integer" && number == number.rounded()
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    }
  }
}
