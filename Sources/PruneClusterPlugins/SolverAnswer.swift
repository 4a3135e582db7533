package import Configuration

/// A plan of a solver of the user's: the content of `plan.json`.
package struct SolverAnswer: Hashable {
  /// What it chooses.
  package let plan: PruningPlan

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
    try PluginProtocol.solver.check(name: members.required("protocol"), version: members.required("version"))
    let kept = try Self.choices(members.required("groups"), "group", "kept", count: ladders.count) {
      (group, place) throws(ConfigurationError) in
      let kept = try place.integer(in: 0...Int.max, expected: "a number of units")
      guard ladders[group].contains(kept) else {
        throw place.error(
          "expected one of the \(ladders[group].count) numbers that group \(group) may keep, found \(kept)")
      }
      return kept
    }
    let chosen = try Self.choices(members.required("options"), "option", "alternative", count: alternatives.count) {
      (option, place) throws(ConfigurationError) in
      try place.integer(in: 0...max(alternatives[option] - 1, 0))
    }
    plan = PruningPlan(kept: kept, alternatives: chosen)
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
      let number = try place.index(among: count, key)
      guard found[number] == nil else { throw place.error("\(key) \(number) stands twice") }
      found[number] = try read(number, members.required(value))
    }
    if let missing = found.firstIndex(of: nil) {
      throw list.error("\(key) \(missing) is missing, expected all \(count)")
    }
    return found.compactMap { $0 }
  }
}

extension PruningPlan {
  /// The content of `plan.json`.
  var answer: JSONValue {
    var object = PluginProtocol.solver.head
    object["groups"] = .array(kept.enumerated().map { ["group": .integer($0), "kept": .integer($1)] })
    object["options"] = .array(
      alternatives.enumerated().map { ["option": .integer($0), "alternative": .integer($1)] })
    return .object(object)
  }
}
