import Allocation
import Configuration

/// What a solver of the user's is told: the content of `problem.json`.
enum SolverRequest {
  /// The name of the protocol, and its version: a program refuses what it does not know.
  static let (name, version) = ("prune-cluster-solver", 1)

  /// A problem.
  static func json(_ problem: AllocationProblem) -> JSONValue {
    let whole = problem.groups.map(\.unitCount)
    let originals = problem.options.map(\.original)
    return [
      "protocol": .string(name), "version": .integer(version),
      "groups": .array(problem.groups.enumerated().map(group)),
      "options": .array(
        problem.options.enumerated().map { number, option in
          [
            "option": .integer(number), "name": .string(option.name), "original": .integer(option.original),
            "losses": .array(option.losses.map(JSONValue.number)),
          ]
        }),
      "requirements": .array(
        problem.requirements.map { requirement in
          [
            "name": .string(requirement.name), "limit": .number(requirement.limit),
            "original": .number(requirement.cost(whole, options: originals)),
            "terms": .array(requirement.terms.map(term)),
          ]
        }),
    ]
  }

  private static func group(_ number: Int, _ group: ChoiceGroup) -> JSONValue {
    [
      "group": .integer(number), "name": .string(group.name), "units": .integer(group.unitCount),
      "fixed": .boolean(group.fixedRemoved != nil),
      "choices": .array(
        zip(group.ladder, group.ladderLosses).map { ["kept": .integer($0), "loss": .number($1)] }),
      "removal_order": .array(group.removalOrder.map(JSONValue.integer)),
    ]
  }

  private static func term(_ term: CostTerm) -> JSONValue {
    var object: JSONObject = [
      "coefficient": .number(term.coefficient), "left": form(term.left), "right": form(term.right),
    ]
    object["option"] =
      term.option.map { ["option": .integer($0.choice), "factors": .array($0.factors.map(JSONValue.number))] } ?? .null
    object["table"] = term.table.map(table) ?? .null
    return .object(object)
  }

  private static func form(_ form: LinearForm) -> JSONValue {
    [
      "constant": .number(form.constant),
      "groups": .array(form.terms.map { ["group": .integer($0.group), "per_unit": .number($0.perUnit)] }),
    ]
  }

  private static func table(_ table: WidthTable) -> JSONValue {
    let columns = table.rights.count
    return [
      "lefts": .array(table.lefts.map(JSONValue.number)), "rights": .array(table.rights.map(JSONValue.number)),
      "values": .array(
        table.lefts.indices.map { row in
          .array(table.values[row * columns..<(row + 1) * columns].map(JSONValue.number))
        }),
    ]
  }
}
