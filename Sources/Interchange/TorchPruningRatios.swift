import Configuration

/// Torch-Pruning's `pruning_ratio_dict`, written to JSON: alone, or among the other arguments of a pruner.
enum TorchPruningRatios {
  private static let arguments = [
    "pruning_ratio", "pruning_ratio_dict", "max_pruning_ratio", "ignored_layers", "round_to", "global_pruning",
    "isomorphic", "iterative_steps",
  ]

  /// What a file asks for; a key `"a,b"` is a tuple of modules, ranked together.
  static func demand(_ root: LocatedJSON) throws(ConfigurationError) -> PruningDemand {
    var demand = PruningDemand(file: root.file)
    guard case .object(let object) = root.value, object["pruning_ratio_dict"] != nil else {
      try add(root, to: &demand)
      return demand
    }
    let members = try root.members(arguments)
    if let place = members["pruning_ratio"] {
      let ratio = try share(place)
      let isGlobal = try members["global_pruning"]?.boolean() ?? false
      demand.rules.append(
        LayerRule(
          opTypes: ["default"],
          action: isGlobal ? .total(sparsity: ratio, maxSparsity: nil) : .fix(sparsity: ratio)))
      if isGlobal { demand.remark(Self.countsWeights(place.path)) }
    }
    for key in ["max_pruning_ratio", "isomorphic", "iterative_steps"] {
      if let place = members[key] {
        demand.remark("\(place.path) is left out; it says how a search goes on, not what it ends with")
      }
    }
    try add(members.required("pruning_ratio_dict"), to: &demand)
    if let place = members["ignored_layers"], try !place.elements().isEmpty {
      demand.exclude(names: try place.strings())
    }
    demand.channelMultiple = try members["round_to"]?.integer(in: 1...(1 << 20))
    return demand
  }

  private static func add(_ place: LocatedJSON, to demand: inout PruningDemand) throws(ConfigurationError) {
    var seen: Set<String> = []
    var untouched: [String] = []
    for (key, place) in try place.namedMembers(expected: "at least one module", allowsNone: false) {
      let names = key.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
      let ratio = try share(place)
      for name in names {
        guard !name.isEmpty else { throw place.error("the name of a module cannot be empty") }
        guard seen.insert(name).inserted else { throw place.error("\(quoted(name)) has a second ratio") }
      }
      if ratio == 0 {
        untouched += names
      } else {
        let action =
          names.count == 1 ? LayerRule.Action.fix(sparsity: ratio) : .total(sparsity: ratio, maxSparsity: nil)
        demand.rules.append(LayerRule(opNames: names, action: action))
        if names.count > 1 { demand.remark(Self.countsWeights(place.path)) }
      }
    }
    demand.exclude(names: untouched)
  }

  private static func countsWeights(_ path: String) -> String {
    "\(path) is a share of channels of several layers together; \"total_sparsity\" is one of their weights"
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  private static func share(_ place: LocatedJSON) throws(ConfigurationError) -> Double {
    try place.number(expected: "a number from 0 to less than 1 (channels that go ÷ channels)") { $0 >= 0 && $0 < 1 } + 0
  }

  /// The dictionary alone.
  static func text(_ layers: [LayerRatio], of demand: PruningDemand) throws(ConfigurationError) -> String {
    if let layer = layers.first(where: { $0.name.utf8.contains(UInt8(ascii: ",")) }) {
      throw demand.error("the name \(quoted(layer.name)) has a comma, which separates the modules of a tuple")
    }
    return JSONValue.object(
      JSONObject(distinct: layers.map { JSONObject.Member(key: $0.name, value: .number($0.share)) })
    ).text()
  }
}
