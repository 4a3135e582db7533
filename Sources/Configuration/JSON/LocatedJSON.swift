/// A JSON value with the place it stands at, so that every complaint can name it.
///
/// The accessors give the value as a Swift type or throw what was expected and what was found.
public struct LocatedJSON: Hashable, Sendable {
  /// The file, as errors name it.
  public let file: String

  /// The JSON path, `$` for the whole text: `$.config_list[1].op_types[0]`.
  public let path: String

  /// The value.
  public let value: JSONValue

  /// The root of a tree.
  public init(root value: JSONValue, file: String) {
    self.init(value: value, path: "$", file: file)
  }

  private init(value: JSONValue, path: String, file: String) {
    self.file = file
    self.path = path
    self.value = value
  }

  /// Another value at the same place.
  func replacing(_ value: JSONValue) -> LocatedJSON { LocatedJSON(value: value, path: path, file: file) }

  /// An error at this place.
  public func error(_ problem: String) -> ConfigurationError {
    ConfigurationError(file: file, path: path, problem: problem)
  }

  /// The error that something else was expected at this place.
  ///
  /// - Parameter expected: with its article, such as `an integer from 1 to 64`.
  public func error(expected: String) -> ConfigurationError {
    error("expected \(expected), found \(value.errorText)")
  }
}

// MARK: Scalars

extension LocatedJSON {
  /// The value, which must be a string.
  /// - Parameter expected: what the string is for, with an article, for the error.
  public func string(expected: String = "a string") throws(ConfigurationError) -> String {
    guard case .string(let string) = value else { throw error(expected: expected) }
    return string
  }

  /// The value, which must be `true` or `false`.
  public func boolean() throws(ConfigurationError) -> Bool {
    guard case .boolean(let boolean) = value else { throw error(expected: "true or false") }
    return boolean
  }

  /// The value, which must be a whole number within a range; `32.0` and `3.2e1` are whole.
  /// - Parameters:
  ///   - range: the numbers that are accepted.
  ///   - expected: those in words, with an article, for the error; `nil` for just the range.
  public func integer(in range: ClosedRange<Int>, expected: String? = nil) throws(ConfigurationError) -> Int {
    let integer: Int? =
      switch value {
      case .integer(let integer): integer
      case .number(let number): Int(exactly: number)
      default: nil
      }
    guard let integer, range.contains(integer) else {
      throw error(expected: expected ?? "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return integer
  }

  /// The value, which must be a finite number with a property.
  /// - Parameters:
  ///   - expected: the property in words, with an article, for the error: `a number greater than 0`.
  ///   - accepts: whether a number has it.
  public func number(
    expected: String = "a number", where accepts: (Double) -> Bool = { _ in true }
  ) throws(ConfigurationError) -> Double {
    guard let number, number.isFinite, accepts(number) else { throw error(expected: expected) }
    return number
  }

  private var number: Double? {
    switch value {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  /// The value, which must be the name of one of the cases of an enumeration.
  public func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _: Choice.Type = Choice.self
  ) throws(ConfigurationError) -> Choice {
    let names = Choice.allCases.map(\.rawValue)
    let expected = (names.count > 1 ? "one of " : "") + listed(names.map(quoted), last: "or")
    let name = try string(expected: expected)
    guard let choice = Choice(rawValue: name) else {
      let nearest = NearestName.of(name, among: names)
      throw error(expected: expected).adding(nearest.map { "did you mean \(quoted($0))?" })
    }
    return choice
  }
}

extension ConfigurationError {
  /// The error with one more remark, if there is one.
  package func adding(_ remark: String?) -> ConfigurationError {
    guard let remark else { return self }
    return ConfigurationError(file: file, path: path, problem: "\(problem); \(remark)")
  }
}

// MARK: Arrays and objects

extension LocatedJSON {
  /// The elements of the value, which must be an array, each with its place.
  /// - Parameters:
  ///   - expected: what the array holds, with an article, for the error.
  ///   - allowsNone: whether it may be empty.
  public func elements(
    expected: String = "an array", allowsNone: Bool = true
  ) throws(ConfigurationError) -> [LocatedJSON] {
    guard case .array(let elements) = value, allowsNone || !elements.isEmpty else {
      throw error(expected: expected)
    }
    return elements.enumerated().map { index, element in
      LocatedJSON(value: element, path: "\(path)[\(index)]", file: file)
    }
  }

  /// The strings of the value, which must be an array of at least one, none of them empty.
  public func strings() throws(ConfigurationError) -> [String] {
    var strings: [String] = []
    for element in try elements(expected: "an array of at least one string", allowsNone: false) {
      let string = try element.string(expected: "a string that is not empty")
      guard !string.isEmpty else { throw element.error(expected: "a string that is not empty") }
      strings.append(string)
    }
    return strings
  }

  /// The members of the value, which must be an object whose keys the file is free to choose.
  public func namedMembers(
    expected: String = "an object", allowsNone: Bool = true
  ) throws(ConfigurationError) -> [(name: String, place: LocatedJSON)] {
    guard case .object(let object) = value, allowsNone || !object.members.isEmpty else {
      throw error(expected: expected)
    }
    return object.members.map { ($0.key, at($0.key, $0.value)) }
  }

  /// The members of the value, which must be an object with no other keys than the given ones.
  /// - Parameters:
  ///   - keys: the keys that are known here, in the order in which an error lists them.
  ///   - advice: what to say of a key that is not known but that its writer may know from elsewhere.
  public func members(
    _ keys: [String], advice: (String) -> String? = { _ in nil }
  ) throws(ConfigurationError) -> LocatedMembers {
    guard case .object(let object) = value else {
      throw error(expected: "an object with the key\(keys.count > 1 ? "s" : "") \(listed(keys.map(quoted)))")
    }
    for member in object.members where !keys.contains(member.key) {
      let remark =
        advice(member.key)
        ?? NearestName.of(member.key, among: keys).map { "did you mean \(quoted($0))?" }
        ?? "known here: \(keys.map(quoted).joined(separator: ", "))"
      throw at(member.key, member.value).error("unknown key; \(remark)")
    }
    return LocatedMembers(place: self, object: object)
  }

  fileprivate func at(_ key: String, _ value: JSONValue) -> LocatedJSON {
    LocatedJSON(value: value, path: path + Self.step(to: key), file: file)
  }

  /// The step of a path to a key: `.key`, or `["key"]` where the key is no plain word.
  static func step(to key: String) -> String {
    let isWord = key.utf8.allSatisfy { byte in
      let lowercase = byte | 0x20
      return lowercase >= UInt8(ascii: "a") && lowercase <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
        || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
    return isWord && !key.isEmpty && key.utf8.count <= 80 ? ".\(key)" : "[\(quoted(key))]"
  }
}

/// The members of an object all of whose keys are known.
public struct LocatedMembers: Sendable {
  /// The object.
  public let place: LocatedJSON

  fileprivate let object: JSONObject

  fileprivate init(place: LocatedJSON, object: JSONObject) {
    self.place = place
    self.object = object
  }

  /// The value of a key, or `nil` when the file leaves it out.
  public subscript(key: String) -> LocatedJSON? {
    object[key].map { place.at(key, $0) }
  }

  /// The value of a key that must be there.
  public func required(_ key: String) throws(ConfigurationError) -> LocatedJSON {
    guard let value = self[key] else { throw place.error("the key \(quoted(key)) is missing") }
    return value
  }
}
