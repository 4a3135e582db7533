/// A path in a configuration: the text as written, and where it leads.
public struct FileReference: Hashable, Sendable {
  /// The path as the file has it.
  public let text: String

  /// The path to open: the text itself when it is absolute, else the text below the configuration's directory.
  public let path: String

  init(_ text: String, relativeTo directory: String) {
    self.text = text
    if text.hasPrefix("/") || directory.isEmpty {
      path = text
    } else {
      path = directory.hasSuffix("/") ? directory + text : directory + "/" + text
    }
  }

  init(_ place: LocatedJSON, relativeTo directory: String, expected: String) throws(ConfigurationError) {
    let text = try place.string(expected: expected)
    guard !text.isEmpty else { throw place.error(expected: expected) }
    guard !text.utf8.contains(0) else { throw place.error("a path cannot hold the character \\u0000") }
    guard text != "~", !text.hasPrefix("~/") else {
      throw place.error("\"~\" is not expanded; write the directory out, or \"./~\" for a file of that name")
    }
    self.init(text, relativeTo: directory)
  }

  /// The directory part of a path: empty for a file in the working directory.
  static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// One array in a file of arrays.
public struct ArrayReference: Hashable, Sendable {
  /// The file: `.npy`, `.npz` or IDX.
  public let file: FileReference

  /// The member of an `.npz` archive; `nil` when not said, which a file of one array allows.
  public let array: String?
}

extension ArrayReference {
  static let expected = #"a file such as "images.npy" or "data.npz:images", or an object with the key "file""#

  /// Reads `"FILE"`, `"FILE.npz:MEMBER"` or `{"file": "FILE", "array": "MEMBER"}`.
  ///
  /// In the object, the file's name is taken as it is, also with a colon in it.
  init(_ place: LocatedJSON, relativeTo directory: String) throws(ConfigurationError) {
    guard case .object = place.value else {
      let whole = try FileReference(place, relativeTo: directory, expected: Self.expected)
      guard let colon = Self.colonAfterArchive(in: whole.text) else {
        self.init(file: whole, array: nil)
        return
      }
      let member = whole.text[whole.text.index(after: colon)...]
      guard !member.isEmpty else {
        throw place.error("expected the name of an array after the colon, found \(place.value.errorText)")
      }
      self.init(file: FileReference(String(whole.text[..<colon]), relativeTo: directory), array: String(member))
      return
    }
    let members = try place.members(ConfigurationKeys.array, advice: ConfigurationKeys.advice)
    let file = try FileReference(members.required("file"), relativeTo: directory, expected: "the path of a file")
    var array: String?
    if let place = members["array"] {
      let name = try place.string(expected: "the name of an array")
      guard !name.isEmpty else { throw place.error(expected: "the name of an array") }
      guard !file.text.lowercased().hasSuffix(".npy") else {
        throw place.error("an .npy file holds one array without a name; leave \"array\" out")
      }
      array = name
    }
    self.init(file: file, array: array)
  }

  private static func colonAfterArchive(in text: String) -> String.Index? {
    let bytes = text.utf8
    for colon in bytes.indices where bytes[colon] == UInt8(ascii: ":") {
      if text[..<colon].lowercased().hasSuffix(".npz") { return colon }
    }
    return nil
  }

  /// The reference as an object, in which nothing needs to be guessed.
  var json: JSONValue {
    var object: JSONObject = ["file": .string(file.text)]
    object["array"] = array.map(JSONValue.string)
    return .object(object)
  }
}
