package import Configuration

// MARK: Writing

extension PruningProblem {
  /// The content of `problem.json`.
  package var request: JSONValue {
    var object = PluginProtocol.solver.head
    object["groups"] = .array(groups.map(\.json))
    object["options"] = .array(options.map(\.json))
    object["requirements"] = .array(requirements.map(\.json))
    return .object(object)
  }
}

extension [Double] {
  fileprivate var json: JSONValue { .array(map(JSONValue.number)) }
}

extension PruningProblem.Group {
  fileprivate var json: JSONValue {
    [
      "group": .integer(index), "name": .string(name), "units": .integer(unitCount), "fixed": .boolean(isFixed),
      "choices": .array(choices.map { ["kept": .integer($0.kept), "loss": .number($0.loss)] }),
      "removal_order": .array(removalOrder.map(JSONValue.integer)),
    ]
  }
}

extension PruningProblem.Option {
  fileprivate var json: JSONValue {
    ["option": .integer(index), "name": .string(name), "original": .integer(original), "losses": losses.json]
  }
}

extension PruningProblem.Requirement {
  fileprivate var json: JSONValue {
    [
      "name": .string(name), "limit": .number(limit), "original": .number(original),
      "terms": .array(terms.map(\.json)),
    ]
  }
}

extension PruningProblem.Term {
  fileprivate var json: JSONValue {
    [
      "coefficient": .number(coefficient), "left": left.json, "right": right.json,
      "option": option.map { ["option": .integer($0.option), "factors": $0.factors.json] } ?? .null,
      "table": table.map {
        ["lefts": $0.lefts.json, "rights": $0.rights.json, "values": .array($0.values.map(\.json))]
      } ?? .null,
    ]
  }
}

extension PruningProblem.Width {
  fileprivate var json: JSONValue {
    [
      "constant": .number(constant),
      "groups": .array(shares.map { ["group": .integer($0.group), "per_unit": .number($0.perUnit)] }),
    ]
  }
}

// MARK: Reading

extension PruningProblem {
  /// Reads a request.
  /// - Throws: `ConfigurationError` when it is none of this version, or names what is not there.
  package init(_ root: LocatedJSON) throws {
    let members = try RequestMembers(root)
    try PluginProtocol.solver.check(name: members.required("protocol"), version: members.required("version"))
    let groups = try members.required("groups").elements().enumerated().map { try Group($1, index: $0) }
    let options = try members.required("options").elements().enumerated().map { try Option($1, index: $0) }
    self.init(
      groups: groups, options: options,
      requirements: try members.required("requirements").list {
        try Requirement($0, groups: groups.count, options: options)
      })
  }
}

extension LocatedJSON {
  fileprivate func numbers() throws -> [Double] { try list { try $0.number() } }
}

extension PruningProblem.Group {
  fileprivate init(_ place: LocatedJSON, index: Int) throws {
    let members = try RequestMembers(place)
    try members.check("group", is: index)
    let units = try members.required("units").count()
    let choices = try members.required("choices").elements(expected: "at least one choice", allowsNone: false)
    self.init(
      index: index, name: try members.required("name").string(), unitCount: units,
      choices: try choices.map {
        let members = try RequestMembers($0)
        return PruningProblem.Choice(
          kept: try members.required("kept").integer(in: 0...units), loss: try members.required("loss").number())
      },
      removalOrder: try members.required("removal_order").list { try $0.index(among: units, "unit") },
      isFixed: try members.required("fixed").boolean())
  }
}

extension PruningProblem.Option {
  fileprivate init(_ place: LocatedJSON, index: Int) throws {
    let members = try RequestMembers(place)
    try members.check("option", is: index)
    let losses = try members.required("losses").numbers()
    self.init(
      index: index, name: try members.required("name").string(), losses: losses,
      original: try members.required("original").index(among: losses.count, "alternative"))
  }
}

extension PruningProblem.Requirement {
  fileprivate init(_ place: LocatedJSON, groups: Int, options: [PruningProblem.Option]) throws {
    let members = try RequestMembers(place)
    self.init(
      name: try members.required("name").string(), limit: try members.required("limit").number(),
      original: try members.required("original").number(),
      terms: try members.required("terms").list {
        try PruningProblem.Term($0, groups: groups, options: options)
      })
  }
}

extension PruningProblem.Term {
  fileprivate init(_ place: LocatedJSON, groups: Int, options: [PruningProblem.Option]) throws {
    let members = try RequestMembers(place)
    self.init(
      coefficient: try members.required("coefficient").number(),
      left: try PruningProblem.Width(members.required("left"), groups: groups),
      right: try PruningProblem.Width(members.required("right"), groups: groups),
      option: try members.optional("option").map { try PruningProblem.OptionFactors($0, among: options) },
      table: try members.optional("table").map { try PruningProblem.Table($0) })
  }
}

extension PruningProblem.Width {
  fileprivate init(_ place: LocatedJSON, groups: Int) throws {
    let members = try RequestMembers(place)
    self.init(
      constant: try members.required("constant").number(),
      shares: try members.required("groups").list {
        let members = try RequestMembers($0)
        return PruningProblem.Share(
          group: try members.required("group").index(among: groups, "group"),
          perUnit: try members.required("per_unit").number())
      })
  }
}

extension PruningProblem.OptionFactors {
  fileprivate init(_ place: LocatedJSON, among options: [PruningProblem.Option]) throws {
    let members = try RequestMembers(place)
    let option = try members.required("option").index(among: options.count, "option")
    let factors = try members.required("factors")
    self.init(option: option, factors: try factors.numbers())
    let expected = options[option].losses.count
    guard self.factors.count == expected else {
      throw factors.error("expected \(expected) factors, one per alternative, found \(self.factors.count)")
    }
  }
}

extension PruningProblem.Table {
  fileprivate init(_ place: LocatedJSON) throws {
    let members = try RequestMembers(place)
    func widths(_ key: String) throws -> [Double] {
      try members.required(key).elements(expected: "at least one width", allowsNone: false).map { try $0.number() }
    }
    let values = try members.required("values")
    self.init(lefts: try widths("lefts"), rights: try widths("rights"), values: try values.list { try $0.numbers() })
    guard self.values.count == lefts.count, self.values.allSatisfy({ $0.count == rights.count }) else {
      throw values.error("expected \(lefts.count) rows of \(rights.count) numbers")
    }
  }
}
