package import Configuration

/// What a criterion of the user's says of every unit: the content of `answer.json`.
package struct CriterionAnswer: Hashable {
  /// A group that may be asked for.
  package struct Group: Sendable {
    /// Its units.
    package let units: Int
    /// Whether it needs scores; others must have none.
    package let isPrunable: Bool

    /// A group.
    package init(units: Int, isPrunable: Bool) { (self.units, self.isPrunable) = (units, isPrunable) }
  }

  /// By group the score of each unit; 0 in groups that need none.
  package let groups: [[Double]]

  /// Reads an answer.
  /// - Parameters:
  ///   - unit: what the numbers have to be.
  ///   - allowsNegative: whether a score may be below 0.
  /// - Throws: what is wrong, and where.
  package init(
    parsing bytes: [UInt8], file: String, for groups: [Group], unit: ScoreUnit,
    allowsNegative: Bool
  ) throws(ConfigurationError) {
    let root = LocatedJSON(root: try JSONValue(parsing: bytes, file: file), file: file)
    let members = try root.members(["protocol", "version", "unit", "groups"])
    try PluginProtocol.criterion.check(name: members.required("protocol"), version: members.required("version"))
    let place = try members.required("unit")
    let found: ScoreUnit = try place.choice()
    guard found == unit else {
      throw place.error(
        "expected \(quoted(unit.rawValue)), which is \"unit\" in $.sensitivity of the configuration, found "
          + quoted(found.rawValue))
    }
    let list = try members.required("groups")
    var scores = [[Double]?](repeating: nil, count: groups.count)
    for entry in try list.elements() {
      let members = try entry.members(["group", "scores"])
      let place = try members.required("group")
      let group = try place.index(among: groups.count, "group")
      guard groups[group].isPrunable else {
        throw place.error("group \(group) has to stay whole: only groups with \"prunable\": true have scores")
      }
      guard scores[group] == nil else { throw place.error("group \(group) stands twice") }
      let numbers = try members.required("scores")
      let elements = try numbers.elements()
      guard elements.count == groups[group].units else {
        throw numbers.error(
          "expected \(groups[group].units) scores, one per unit of group \(group), found \(elements.count)")
      }
      var own: [Double] = []
      own.reserveCapacity(elements.count)
      for element in elements {
        own.append(
          try element.number(expected: allowsNegative ? "a number" : "a number that is not negative") {
            allowsNegative || $0 >= 0
          })
      }
      scores[group] = own
    }
    if let missing = groups.indices.first(where: { groups[$0].isPrunable && scores[$0] == nil }) {
      throw list.error("group \(missing) is missing: every group with \"prunable\": true needs its scores")
    }
    self.groups = zip(scores, groups).map { $0 ?? [Double](repeating: 0, count: $1.units) }
  }
}

extension UnitScores {
  /// The content of `answer.json`.
  func answer(in unit: ScoreUnit) -> JSONValue {
    var object = PluginProtocol.criterion.head
    object["unit"] = .string(unit.rawValue)
    object["groups"] = .array(
      groups.map { ["group": .integer($0.index), "scores": .array($0.scores.map(JSONValue.number))] })
    return .object(object)
  }
}
