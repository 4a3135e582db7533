/// A change of one key of a configuration, written `key.key=value`.
public struct ConfigurationChange: Hashable, Sendable {
  /// The keys from the root.
  public let path: [String]
  /// What stands there; `nil` takes the key out.
  public let value: JSONValue?

  /// A change of one key.
  public init(_ path: [String], to value: JSONValue?) {
    self.path = path
    self.value = value
  }

  /// The change that a text says: a value that is no JSON is a string, an empty one takes the key out.
  public init?(_ text: String) {
    guard let equals = text.firstIndex(of: "=") else { return nil }
    let keys = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard !keys.contains("") else { return nil }
    path = keys
    let value = String(text[text.index(after: equals)...])
    let parsed = try? JSONValue(parsing: Array(value.utf8), file: "")
    self.value = value.isEmpty ? JSONValue?.none : parsed ?? .string(value)
  }

  /// A document with the change made; objects on the way that are not there are made.
  public func applied(to document: JSONValue) -> JSONValue { Self.set(path[...], value, in: document) }

  private static func set(_ path: ArraySlice<String>, _ value: JSONValue?, in document: JSONValue?) -> JSONValue {
    guard let key = path.first else { return value ?? .null }
    var object: JSONObject
    if case .object(let found) = document { object = found } else { object = JSONObject() }
    object[key] = path.count == 1 ? value : set(path.dropFirst(), value, in: object[key])
    return .object(object)
  }
}
