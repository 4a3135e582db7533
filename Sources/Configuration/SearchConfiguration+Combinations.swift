extension SearchConfiguration {
  /// One criterion with one solver at one target.
  public struct Combination: Hashable, Sendable {
    /// Index into `comparedSensitivities`.
    public let criterion: Int
    /// Index into `comparedSolvers`.
    public let solver: Int
    /// Index into `comparedTargets`.
    public let target: Int
  }

  /// The folder in the output directory that a comparison writes to: a search of the same configuration keeps its own.
  public static let comparisonFolder = "compare"

  /// The criteria that `compare` runs.
  public var comparedSensitivities: [Sensitivity] {
    comparison.flatMap { $0.sensitivities.isEmpty ? nil : $0.sensitivities } ?? [sensitivity]
  }

  /// The solvers that `compare` runs.
  public var comparedSolvers: [Solver] { comparison.flatMap { $0.solvers.isEmpty ? nil : $0.solvers } ?? [solver] }

  /// The targets that `compare` runs; one that asks for nothing where `config_list` alone says what goes.
  public var comparedTargets: [[Target]] { comparison.flatMap { $0.targets.isEmpty ? nil : $0.targets } ?? [targets] }

  /// The combinations that `compare` runs: the plans of one criterion stand together.
  public var combinations: [Combination] {
    var combinations: [Combination] = []
    for criterion in comparedSensitivities.indices {
      for solver in comparedSolvers.indices {
        for target in comparedTargets.indices {
          combinations.append(Combination(criterion: criterion, solver: solver, target: target))
        }
      }
    }
    return combinations
  }

  /// The configuration of a search for one combination.
  /// - Throws: what in it does not go together, with its place in this configuration.
  public func configuration(of combination: Combination) throws(ConfigurationError) -> SearchConfiguration {
    let solver = comparedSolvers[combination.solver]
    let targets = comparedTargets[combination.target]
    var document = canonicalJSON
    document["compare"] = nil
    document["sensitivity"] = comparedSensitivities[combination.criterion].json
    document["solver"] = solver.json
    document["measured"] = solver.method == .measured ? measured.json : JSONValue?.none
    document["target"] = targets.isEmpty ? JSONValue?.none : SearchConfiguration.json(of: targets)
    document["output"] = ["directory": .string("\(outputDirectory.text)/\(Self.comparisonFolder)")]
    do {
      return try SearchConfiguration(LocatedJSON(root: document, file: file), relativeTo: directory)
    } catch {
      throw ConfigurationError(
        file: file, path: inComparison(error.path, combination), problem: error.problem)
    }
  }

  /// A text about the configuration of a combination that begins with a place in it, with the place where `compare` has it.
  public func inComparison(_ text: String, _ combination: Combination) -> String {
    guard let comparison else { return text }
    let moved: [(own: String, list: String, index: Int, isListed: Bool)] = [
      ("$.sensitivity", "sensitivity", combination.criterion, !comparison.sensitivities.isEmpty),
      ("$.solver", "solver", combination.solver, !comparison.solvers.isEmpty),
      ("$.target", "targets", combination.target, !comparison.targets.isEmpty),
    ]
    for place in moved where place.isListed && text.hasPrefix(place.own) {
      return "$.compare.\(place.list)[\(place.index)]" + text.dropFirst(place.own.count)
    }
    return text
  }

  static func json(of targets: [Target]) -> JSONValue {
    targets.count == 1 ? targets[0].json : .array(targets.map(\.json))
  }
}

extension SearchConfiguration {
  /// What a criterion is called beside others: its method, and what is other than usual, such as `taylor, order 2`.
  public func label(of sensitivity: Sensitivity) -> String { label(of: sensitivity, title: nil) }

  /// The same where there is little room: a command stands as the name of its script.
  public func shortLabel(of sensitivity: Sensitivity) -> String {
    label(of: sensitivity, title: sensitivity.plugin?.title)
  }

  private func label(of sensitivity: Sensitivity, title: String?) -> String {
    let choosesBits = !bits.search.isEmpty
    return Self.label(sensitivity.json, title: title) { place throws(ConfigurationError) in
      try Sensitivity(place, choosesBits: choosesBits).json
    }
  }

  /// What a solver is called beside others: its method, and what is other than usual. The limits of the configuration's own
  /// solver are not worth mentioning.
  public func label(of solver: Solver) -> String { label(of: solver, title: nil) }

  /// The same where there is little room: a command stands as the name of its script.
  public func shortLabel(of solver: Solver) -> String { label(of: solver, title: solver.plugin?.title) }

  private func label(of solver: Solver, title: String?) -> String {
    let own = self.solver.json
    return Self.label(solver.json, title: title, besides: { Comparison.limits.contains($0) && own[$0] == $1 }) {
      place throws(ConfigurationError) in try Solver(place).json
    }
  }

  /// What is asked for, such as `2.0 x macs`.
  public static func label(of targets: [Target]) -> String {
    let labels = targets.map { target in
      switch target.bound {
      case .compressionRatio(let ratio): "\(ratio) x \(target.metric.rawValue)"
      case .limit(let limit): "at most \(limit) \(target.metric.rawValue)"
      }
    }
    return labels.isEmpty ? "by config_list" : labels.joined(separator: ", ")
  }

  /// The fewest members of an object that read back as the whole of it.
  /// - Parameters:
  ///   - title: stands for a command; `nil` where it is to be given whole.
  ///   - isKnown: whether a member goes without saying.
  ///   - standard: what an object reads as, with all its members.
  private static func label(
    _ whole: JSONValue, title: String?, besides isKnown: (String, JSONValue) -> Bool = { _, _ in false },
    _ standard: (LocatedJSON) throws(ConfigurationError) -> JSONValue
  ) -> String {
    guard case .object(let object) = whole, case .string(let method)? = object["method"] else { return "" }
    var given: JSONObject = ["method": .string(method)]
    var label = method
    for member in object.members where member.key != "method" && !isKnown(member.key, member.value) {
      // What has no standard, such as a command, has to be given before the rest can be read.
      let usual = try? standard(LocatedJSON(root: .object(given), file: ""))
      guard usual?[member.key] != member.value else { continue }
      given[member.key] = member.value
      if member.key == "command", let title {
        label += " \(title)"
      } else {
        label += ", \(member.key) \(text(member.value))"
      }
    }
    return label.printable()
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .array(let values): values.map(text).joined(separator: " ")
    case .object(let object): object.members.map { "\($0.key) \(text($0.value))" }.joined(separator: " ")
    }
  }
}
