extension SearchConfiguration {
  /// What `compare` runs: every criterion with every solver at every target. A list that is empty stands for the
  /// configuration's own.
  public struct Comparison: Hashable, Sendable {
    /// The criteria.
    public let sensitivities: [Sensitivity]
    /// The solvers.
    public let solvers: [Solver]
    /// The targets; what stands in one element is to be met at once.
    public let targets: [[Target]]
    /// Whether the network is also repaired for each plan.
    public let repairs: Bool

    /// Whether a solver goes by evaluations.
    var usesMeasured: Bool { solvers.contains { $0.method == .measured } }

    /// So many combinations are run at the most.
    public static let mostCombinations = 1000
  }
}

extension SearchConfiguration.Comparison {
  /// What limits the counts that a solver may choose: a solver that does not say has those of the configuration's own, so
  /// that plans differ by the solver alone.
  static let limits = ["channel_multiple", "channel_widths", "min_channels"]

  /// - Parameters:
  ///   - solver: the configuration's own, as it stands in the file.
  ///   - choosesBits: whether widths are chosen too.
  init?(
    optional place: LocatedJSON?, solver own: LocatedJSON?, choosesBits: Bool
  ) throws(ConfigurationError) {
    guard let place else { return nil }
    let members = try place.members(ConfigurationKeys.comparison, advice: ConfigurationKeys.advice)
    sensitivities = try Self.entries(members["sensitivity"]) { entry throws(ConfigurationError) in
      try SearchConfiguration.Sensitivity(entry.withMethod, choosesBits: choosesBits)
    }
    solvers = try Self.entries(members["solver"]) { entry throws(ConfigurationError) in
      try SearchConfiguration.Solver(entry.withMethod.withLimits(of: own))
    }
    targets = try Self.entries(members["targets"]) { entry throws(ConfigurationError) in
      try SearchConfiguration.Target.targets(entry)
    }
    repairs = try members["repair"]?.boolean() ?? false
    let counts = [sensitivities.count, solvers.count, targets.count].map { max($0, 1) }
    // Each list is checked first: the product of three could not be represented.
    guard counts.allSatisfy({ $0 <= Self.mostCombinations }), counts.reduce(1, *) <= Self.mostCombinations else {
      throw place.error(
        "\(counts.map(String.init).joined(separator: " × ")) combinations, expected at most \(Self.mostCombinations)")
    }
  }

  private static func entries<Value: Hashable>(
    _ list: LocatedJSON?, _ decode: (LocatedJSON) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> [Value] {
    var values: [Value] = []
    for entry in try list?.elements(expected: "an array of at least one entry", allowsNone: false) ?? [] {
      let value = try decode(entry)
      if let list, let same = values.firstIndex(of: value) {
        throw entry.error("asks for the same as \(list.path)[\(same)]")
      }
      values.append(value)
    }
    return values
  }

  var json: JSONValue {
    var object = JSONObject()
    if !sensitivities.isEmpty { object["sensitivity"] = .array(sensitivities.map(\.json)) }
    if !solvers.isEmpty { object["solver"] = .array(solvers.map(\.json)) }
    if !targets.isEmpty { object["targets"] = .array(targets.map(SearchConfiguration.json(of:))) }
    object["repair"] = .boolean(repairs)
    return .object(object)
  }
}

extension LocatedJSON {
  /// The object that a method's name alone stands for; anything else as it is.
  fileprivate var withMethod: LocatedJSON {
    guard case .string = value else { return self }
    return replacing(["method": value])
  }

  /// A solver with the limits of another where it has none itself.
  fileprivate func withLimits(of other: LocatedJSON?) -> LocatedJSON {
    guard case .object(var object) = value, case .object(let limits)? = other?.value else { return self }
    let hasWidths = object["channel_multiple"] != nil || object["channel_widths"] != nil
    for key in SearchConfiguration.Comparison.limits where object[key] == nil && (key == "min_channels" || !hasWidths) {
      object[key] = limits[key]
    }
    return replacing(.object(object))
  }
}
