import Configuration
import Foundation
import SchemaValidation

/// A piece of JSON that a page shows.
struct DocumentedJSON: Sendable {
  let place: String
  let text: String

  /// All that looks like it, in blocks and within lines; what leaves something out (`…`) is no JSON.
  static let all: [DocumentedJSON] = MarkdownPage.all.flatMap { page in
    page.blocks.flatMap(pieces) + page.spans.flatMap(pieces)
  }

  private static func pieces(of code: MarkdownPage.Code) -> [DocumentedJSON] {
    let text = code.text.trimmingCharacters(in: .whitespaces)
    guard text.count > 1, text.starts(with: /\{|\[\s*\{|"[^"]*"\s*:/), !text.contains("…") else { return [] }
    let whole = DocumentedJSON(place: code.place, text: text)
    // A piece in each line is not one piece.
    if whole.value == nil {
      let lines = text.split(separator: "\n").map { DocumentedJSON(place: code.place, text: String($0)) }
      if lines.allSatisfy({ $0.value != nil }) { return lines }
    }
    return [whole]
  }

  /// The value; members alone are those of an object.
  private var value: JSONValue? {
    let json = text.hasPrefix("\"") ? "{\(text)}" : text
    return try? JSONValue(parsing: Array(json.utf8), file: place, allowsComments: true)
  }

  private var keys: [String] {
    if case .object(let object)? = value { object.members.map(\.key) } else { [] }
  }

  /// Whether it is a configuration, or keys that only configurations have.
  var isOfConfiguration: Bool { !keys.isEmpty && !isOfSomethingElse }

  /// Keys of other files of ours and of other tools.
  private var isOfSomethingElse: Bool {
    keys.contains { ["event", "protocol", "state", "prunable", "achieved", "conv1"].contains($0) }
  }

  /// Why the program does not take it; `nil` where it does.
  var problem: String? {
    guard let value else { return "no JSON" }
    switch value {
    case .array:
      let isPart = ["target", "config_list"].contains { key in
        Self.schema.problem(of: value, by: ConfigurationSchema.json["properties"]?[key] ?? false) == nil
      }
      return isPart ? nil : "neither targets nor a config_list"
    case .object(let object):
      if isOfSomethingElse { return nil }
      if Self.keys(of: ConfigurationSchema.json).isSuperset(of: keys) { return problem(ofMembers: object) }
      let places = Self.objects.filter { Self.keys(of: $0).isSuperset(of: keys) }
      if places.isEmpty { return "no object of the configuration has these keys" }
      let isValid = places.contains { place in
        object.members.allSatisfy {
          Self.schema.problem(of: $0.value, by: place["properties"]?[$0.key] ?? false) == nil
        }
      }
      return isValid ? nil : "wrong values"
    default: return "no piece of a configuration"
    }
  }

  /// Reads keys of the root, with what else there has to be where they are not all of it.
  private func problem(ofMembers object: JSONObject) -> String? {
    var document: JSONObject = object
    if object["model"] == nil {
      document["model"] = "model.onnx"
      for (key, value) in Self.usual where object[key] == nil { document[key] = value }
    }
    do {
      _ = try SearchConfiguration(LocatedJSON(root: .object(document), file: place), relativeTo: "")
    } catch {
      return error.description
    }
    return Self.schema.problem(of: .object(document))
  }

  private static let usual: [(String, JSONValue)] = [
    ("calibration", ["inputs": "images.npy", "labels": "labels.npy"]), ("target", ["compression_ratio": 2]),
  ]

  private static let schema = SchemaValidator(ConfigurationSchema.json)

  private static let objects: [JSONValue] = {
    guard case .object(let definitions)? = ConfigurationSchema.json["$defs"] else { return [] }
    return definitions.members.map(\.value)
  }()

  private static func keys(of schema: JSONValue) -> Set<String> {
    guard case .object(let properties)? = schema["properties"] else { return [] }
    return Set(properties.members.map(\.key))
  }
}
