extension SearchConfiguration {
  /// A program of the user's that does a part of the search, started in the directory of the configuration file.
  public struct Plugin: Hashable, Sendable {
    /// The program and its first arguments, as written; the folder to work in comes behind them.
    public let command: [String]
    /// Seconds after which it is killed.
    public let timeLimit: Double

    /// What it is called where there is little room: the name of the script where an interpreter runs one, else the
    /// program's.
    public var title: String {
      let words = command.filter { !$0.hasPrefix("-") }
      let word = words.dropFirst().first { $0.contains(".") } ?? words.first ?? "plug-in"
      return word.split(separator: "/").last.map(String.init) ?? word
    }

    /// What it may take where the file says nothing.
    public static let standardTimeLimit = 3600.0

    /// What the file may say.
    static let timeLimits = Interval(above: 0, upTo: 1e7)

    /// The keys that it takes in the object of whatever it stands for.
    static let keys = ConfigurationObjects.pluginKeys.map(\.name)
  }
}

extension SearchConfiguration.Sensitivity {
  /// What a criterion of the user's is measured and given.
  public enum PluginInput: String, CaseIterable, Sendable {
    /// Per shard and channel the mean magnitude behind the activation, and the share of elements that are not 0.
    case activations
    /// Per shard and channel, and per shard and unit, sums of a·∂L/∂a of the samples, and of its squares.
    case gradients
  }

  /// What the numbers of a criterion of the user's are.
  public enum Unit: String, CaseIterable, Sendable {
    /// Scores that only have an order.
    case score
    /// Changes of the loss.
    case loss
  }
}

extension SearchConfiguration.Plugin {
  /// - Returns: `nil` for a method that is none of the user's, which has none of the keys.
  init?(_ members: LocatedMembers?, isExternal: Bool) throws(ConfigurationError) {
    guard isExternal, let members else {
      for key in Self.keys {
        guard let place = members?[key] else { continue }
        throw place.error("it belongs to \"method\": \"external\"")
      }
      return nil
    }
    let place = try members.required("command")
    command = try place.strings()
    guard !command.contains(where: { $0.utf8.contains(0) }) else {
      throw place.error("an argument cannot hold the character \\u0000")
    }
    timeLimit =
      try members["time_limit"]?.number(
        expected: "a number of seconds above 0, at most 10000000", where: Self.timeLimits.contains)
      ?? Self.standardTimeLimit
  }

  /// Its keys with their values.
  func write(to object: inout JSONObject) {
    object["command"] = .array(command.map(JSONValue.string))
    object["time_limit"] = .number(timeLimit)
  }
}

extension SearchConfiguration.Sensitivity {
  /// What a criterion of the user's is given, each once, in one order.
  static func inputs(_ place: LocatedJSON?) throws(ConfigurationError) -> [PluginInput] {
    var found: Set<PluginInput> = []
    for element in try place?.elements() ?? [] {
      let input: PluginInput = try element.choice()
      guard found.insert(input).inserted else { throw element.error("\(quoted(input.rawValue)) stands twice") }
    }
    return PluginInput.allCases.filter(found.contains)
  }

  /// Whether it goes by the weights alone: no sample is run.
  public var isOfWeights: Bool { method.isOfWeights || (method == .external && inputs.isEmpty) }

  /// Whether it predicts the loss; others give scores that only have an order.
  public var isLoss: Bool { method.isLoss || unit == .loss }

  /// The keys of a criterion of the user's.
  static let pluginKeys = ["method", "inputs", "unit", "normalization"] + SearchConfiguration.Plugin.keys
}
