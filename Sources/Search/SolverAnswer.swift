package import Configuration

/// A plan of a solver of the user's: the content of `plan.json`.
package struct SolverAnswer: Hashable {
  /// What the program is called here.
  package static let fileName = "plan.json"

  /// By group the units that it keeps.
  package let kept: [Int]
  /// By option the alternative.
  package let options: [Int]

  /// Reads a plan.
  /// - Parameters:
  ///   - ladders: by group the counts that it may keep.
  ///   - alternatives: by option how many there are.
  /// - Throws: what is wrong, and where.
  package init(
    parsing bytes: [UInt8], file: String, ladders: [[Int]], alternatives: [Int]
  ) throws(ConfigurationError) {
    let root = LocatedJSON(root: try JSONValue(parsing: bytes, file: file), file: file)
    let members = try root.members(["protocol", "version", "groups", "options"])
    try members.checkProtocol(SolverRequest.name, version: SolverRequest.version)
    kept = try Self.choices(members.required("groups"), "group", "kept", count: ladders.count) {
      (group, place) throws(ConfigurationError) in
      let kept = try place.integer(in: 0...Int.max, expected: "a number of units")
      guard ladders[group].contains(kept) else {
        throw place.error(
          "expected one of the \(ladders[group].count) numbers that group \(group) may keep, found \(kept)")
      }
      return kept
    }
    options = try Self.choices(members.required("options"), "option", "alternative", count: alternatives.count) {
      (option, place) throws(ConfigurationError) in
      try place.integer(in: 0...max(alternatives[option] - 1, 0))
    }
  }

  /// What is chosen for each, every one named once.
  private static func choices(
    _ list: LocatedJSON, _ key: String, _ value: String, count: Int,
    read: (_ number: Int, _ place: LocatedJSON) throws(ConfigurationError) -> Int
  ) throws(ConfigurationError) -> [Int] {
    var found = [Int?](repeating: nil, count: count)
    for entry in try list.elements() {
      let members = try entry.members([key, value])
      let place = try members.required(key)
      guard count > 0 else { throw place.error("there is no \(key)") }
      let number = try place.integer(in: 0...count - 1, expected: "the number of one \(key), 0 to \(count - 1)")
      guard found[number] == nil else { throw place.error("\(key) \(number) stands twice") }
      found[number] = try read(number, members.required(value))
    }
    if let missing = found.firstIndex(of: nil) {
      throw list.error("\(key) \(missing) is missing, expected all \(count)")
    }
    return found.compactMap { $0 }
  }
}
