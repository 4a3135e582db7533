import ArrayFiles
import Configuration
import Glibc

/// The members of an object of a request. Unknown ones are passed over: minor additions to a protocol are new keys.
struct RequestMembers {
  private let place: LocatedJSON
  private let members: [String: LocatedJSON]

  init(_ place: LocatedJSON) throws(ConfigurationError) {
    self.place = place
    members = Dictionary(uniqueKeysWithValues: try place.namedMembers().map { ($0.name, $0.place) })
  }

  /// The value of a key that must be there.
  func required(_ key: String) throws(ConfigurationError) -> LocatedJSON {
    guard let value = members[key] else { throw place.error("the key \(quoted(key)) is missing") }
    return value
  }

  /// The value of a key, or `nil` where it is left out or `null`.
  func optional(_ key: String) -> LocatedJSON? {
    guard let value = members[key], value.value != .null else { return nil }
    return value
  }

  /// Sees that the object stands at its place in a list: it has its own number as a key.
  func check(_ key: String, is index: Int) throws(ConfigurationError) {
    _ = try required(key).integer(in: index...index, expected: "\(index), its place in the list")
  }
}

extension LocatedJSON {
  /// The value, which must be a whole number from 0 on: small enough that sums of many stay in range.
  func count() throws(ConfigurationError) -> Int { try integer(in: 0...Int(Int32.max)) }

  /// The value, which must be the index of one of so many.
  func index(among count: Int, _ what: String) throws(ConfigurationError) -> Int {
    guard count > 0 else { throw error("there is no \(what)") }
    return try integer(in: 0...count - 1, expected: "the number of one \(what), 0 to \(count - 1)")
  }

  /// What the elements are, each read by `read`.
  func list<Element>(_ read: (LocatedJSON) throws -> Element) throws -> [Element] { try elements().map(read) }
}

/// A text file of a request.
enum RequestFile {
  /// Reads and parses it.
  static func json(_ path: String) throws -> LocatedJSON {
    LocatedJSON(root: try JSONValue(parsing: try bytes(path), file: path), file: path)
  }

  private static func bytes(_ path: String) throws(PluginError) -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw PluginError(.cannotBeRead, "\(path): cannot be read: \(String(cString: strerror(errno)))")
    }
    guard status.st_size <= TextLimits.jsonBytes else {
      throw PluginError(
        .badContent, "\(path): has \(status.st_size) bytes, at most \(TextLimits.jsonBytes) are read")
    }
    switch SizedFile.read(path, byteCount: Int(status.st_size)) {
    case .bytes(let bytes): return bytes
    case .absent: throw PluginError(.cannotBeRead, "\(path): is gone")
    case .unfit(let problem): throw PluginError(.cannotBeRead, "\(path): \(problem)")
    }
  }
}
