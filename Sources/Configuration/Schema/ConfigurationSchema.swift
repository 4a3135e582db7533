/// What `config.json` may hold, for programs and for people.
///
/// All of it comes from the descriptions of the keys that the decoder goes by.
public enum ConfigurationSchema {
  /// The JSON Schema (draft 2020-12) of the configuration.
  ///
  /// It says what each value may be, and which keys and values of an object go together or exclude each other. What it leaves
  /// to `validate` is what keys of different objects ask of each other, and whatever the model and the data decide.
  public static let json: JSONValue = {
    var document: JSONObject = [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "config.json of prune-cluster",
    ]
    guard case .object(let root) = ConfigurationObjects.root.schema else { return .object(document) }
    for member in root.members { document[member.key] = member.value }
    var definitions = JSONObject()
    for description in descriptions.dropFirst() { definitions[description.name] = description.schema }
    document["$defs"] = .object(definitions)
    return .object(document)
  }()

  /// A table of the reference: its name, and its rows as Markdown.
  public struct Table: Hashable, Sendable {
    /// What the marks around it in the reference call it.
    public let name: String
    /// The table, a line break at its end.
    public let markdown: String
  }

  /// The tables of the reference, each key in one of them at least.
  public static let tables: [Table] = {
    var rows: [(name: String, rows: [String])] = []
    var seen: Set<String> = []
    for description in descriptions {
      for key in description.keys {
        for meaning in key.meanings {
          let name = meaning.table ?? description.name
          let row =
            "| `\(key.name)` | \((meaning.shape ?? key.shape).words) | \(meaning.standard.words) | \(meaning.text) |"
          // Objects may share keys.
          guard seen.insert("\(name) \(row)").inserted else { continue }
          if let place = rows.firstIndex(where: { $0.name == name }) {
            rows[place].rows.append(row)
          } else {
            rows.append((name, [row]))
          }
        }
      }
    }
    let head = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    return rows.map { Table(name: $0.name, markdown: (head + $0.rows).joined(separator: "\n") + "\n") }
  }()

  /// All objects, the root first, each once.
  private static let descriptions: [ObjectDescription] = {
    var found: [ObjectDescription] = []
    for description in ValueShape.object(ConfigurationObjects.root).objects
    where !found.contains(where: { $0.name == description.name }) {
      found.append(description)
    }
    return found
  }()
}
