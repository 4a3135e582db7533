import Configuration

/// NNI's `config_list`: that of version 2, whose keys ours has, and that of version 3.
enum NNIConfigList {
  private static let keys3 = [
    "op_names", "op_names_re", "op_types", "exclude_op_names", "exclude_op_names_re", "exclude_op_types",
    "target_names",
    "target_settings", "sparse_ratio", "max_sparse_ratio", "min_sparse_ratio", "sparse_threshold", "global_group_id",
    "dependency_group_id", "granularity", "align", "apply_method",
  ]
  /// Those that both versions have.
  private static let sharedKeys: Set<String> = ["op_names", "op_types"]

  /// What a list asks for.
  static func demand(_ root: LocatedJSON) throws(ConfigurationError) -> PruningDemand {
    var demand = PruningDemand(file: root.file)
    var list = root
    if case .object = root.value { list = try root.members(["config_list"]).required("config_list") }
    let expected = "an array of at least one entry, each an object"
    let entries = try list.elements(expected: expected, allowsNone: false)
    let isVersion3 = entries.contains { entry in
      guard case .object(let object) = entry.value else { return false }
      return object.members.contains { keys3.contains($0.key) && !sharedKeys.contains($0.key) }
    }
    guard isVersion3 else {
      demand.rules = try LayerRule.rules(list)
      return demand
    }
    var read = Version3()
    for entry in entries { try add(entry, to: &demand, &read) }
    return demand
  }

  // MARK: Version 3

  /// What the entries read so far say.
  private struct Version3 {
    /// The values of `global_group_id`.
    var groups: Set<JSONValue> = []
    /// The last rule that names a layer.
    var owners: [String: Int] = [:]
    /// Whether one of them selects by type alone.
    var selectsByType = false
  }

  private static func add(
    _ entry: LocatedJSON, to demand: inout PruningDemand, _ read: inout Version3
  ) throws(ConfigurationError) {
    let members = try entry.members(keys3) { key in
      ["sparsity", "sparsity_per_layer", "total_sparsity", "max_sparsity_per_layer", "exclude", "op_partial_names"]
        .contains(key) ? "it is a key of NNI's version 2, but other keys of the list are of version 3" : nil
    }
    for key in ["op_names_re", "exclude_op_names_re"] {
      if let place = members[key] {
        throw place.error(
          "regular expressions are not supported; name the layers, or use parts of names in \"op_partial_names\"")
      }
    }
    var names = try members["op_names"]?.strings() ?? []
    var types = try members["op_types"]?.strings() ?? []
    guard !(names.isEmpty && types.isEmpty) else {
      throw entry.error("selects no layers: expected \"op_types\" or \"op_names\"")
    }
    try check(types, members["op_types"])
    let excludedTypes = try members["exclude_op_types"]?.strings() ?? []
    try check(excludedTypes, members["exclude_op_types"])
    types = try remaining(types, without: excludedTypes, members)
    var excludedNames = try members["exclude_op_names"]?.strings() ?? []
    if !names.isEmpty {
      let gone = Set(excludedNames)
      names.removeAll { gone.contains($0) }
      excludedNames = []
      guard !names.isEmpty else { throw entry.error("selects no layers: all of \"op_names\" are excluded") }
    }
    let action = try action(members, &demand, &read)
    let kept = try excludedNames.isEmpty ? [] : earlier(excludedNames, demand.rules, read, members)
    for name in names { read.owners[name] = demand.rules.count }
    if names.isEmpty { read.selectsByType = true }
    demand.rules.append(LayerRule(opTypes: types, opNames: names, action: action))
    demand.exclude(names: excludedNames)
    demand.rules += kept
  }

  private static func check(_ types: [String], _ place: LocatedJSON?) throws(ConfigurationError) {
    for (index, type) in types.enumerated() where LayerRule.onnxTypes(of: type) == nil {
      guard let place = try place?.elements()[index] else { continue }
      throw place.error(expected: "a type of layers that have channels to prune")
        .adding(NearestName.of(type, among: LayerRule.knownTypes).map { "did you mean \(quoted($0))?" })
    }
  }

  /// Types of an entry without those that it excludes.
  private static func remaining(
    _ types: [String], without excluded: [String], _ members: LocatedMembers
  ) throws(ConfigurationError) -> [String] {
    guard let place = members["exclude_op_types"], !excluded.isEmpty else { return types }
    guard !types.isEmpty else {
      throw place.error(
        "of which types the layers of \"op_names\" are, only the model tells; take them out of \"op_names\"")
    }
    let gone = Set(excluded.flatMap { LayerRule.onnxTypes(of: $0) ?? [] })
    var remaining: [String] = []
    for type in types {
      let meant = LayerRule.onnxTypes(of: type) ?? []
      let left = meant.filter { !gone.contains($0) }
      remaining += left == meant ? [type] : left
    }
    guard !remaining.isEmpty else { throw place.error("leaves none of \"op_types\"") }
    return remaining
  }

  /// The entries that layers fall back to which an entry behind them excludes: in version 3 that takes them out of that entry alone.
  private static func earlier(
    _ names: [String], _ rules: [LayerRule], _ read: Version3, _ members: LocatedMembers
  ) throws(ConfigurationError) -> [LayerRule] {
    var kept: [LayerRule] = []
    for name in names {
      let owner = read.owners[name].map { rules[$0] }
      let isShared = if case .total? = owner?.action { true } else { false }
      if let place = members["exclude_op_names"], read.selectsByType || isShared || owner?.opTypes.isEmpty == false {
        throw place.error(
          "\(quoted(name)) falls to an earlier entry, by its type or as one of several layers, which cannot be repeated for "
            + "it alone; give such layers an entry of their own behind this one")
      }
      if let owner { kept.append(LayerRule(opNames: [name], action: owner.action)) }
    }
    return kept
  }

  /// The keys that say how much, which stand in the entry itself or under the target `weight`.
  private static func settings(
    _ members: LocatedMembers, _ demand: inout PruningDemand
  ) throws(ConfigurationError) -> LocatedMembers {
    if let place = members["target_names"], try !place.strings().contains("weight") {
      throw place.error("expected \"weight\" among the targets, as channels are pruned")
    }
    guard let place = members["target_settings"] else { return members }
    let targets = try place.namedMembers(expected: "at least one target", allowsNone: false)
    guard let weight = targets.first(where: { $0.name == "weight" })?.place else {
      throw place.error("expected settings of the target \"weight\", as channels are pruned")
    }
    for target in targets where target.name != "weight" && target.name != "bias" {
      demand.remark("\(place.path): settings of the target \(quoted(target.name)) are left out")
    }
    return try weight.members(Array(keys3.drop { $0 != "sparse_ratio" }))
  }

  private static func action(
    _ members: LocatedMembers, _ demand: inout PruningDemand, _ read: inout Version3
  ) throws(ConfigurationError) -> LayerRule.Action {
    let settings = try settings(members, &demand)
    if let place = settings["granularity"], place.value != "out_channel", place.value != "default" {
      throw place.error(expected: "\"out_channel\", as channels go with what makes them")
    }
    for key in ["min_sparse_ratio", "dependency_group_id", "align", "apply_method", "sparse_threshold"] {
      if let place = settings[key] { demand.remark("\(place.path) has no counterpart and is left out") }
    }
    let limit = try settings["max_sparse_ratio"]?
      .number(expected: "a number greater than 0 and at most 1") { $0 > 0 && $0 <= 1 }
    guard let place = settings["sparse_ratio"] else {
      guard let limit else {
        throw settings.place.error("nothing to do with the layers: expected \"sparse_ratio\" or \"max_sparse_ratio\"")
      }
      return .search(maxSparsity: limit)
    }
    let ratio = try place.number(expected: "a number from 0 to less than 1 (share that goes)") { $0 >= 0 && $0 < 1 } + 0
    if let limit, ratio > limit { throw place.error("\(ratio) cannot be reached, as \"max_sparse_ratio\" is \(limit)") }
    guard let group = settings["global_group_id"] else { return .fix(sparsity: ratio) }
    guard read.groups.insert(group.value).inserted else {
      throw group.error("the group of an earlier entry; write the layers of one group into one entry")
    }
    return .total(sparsity: ratio, maxSparsity: limit)
  }

  // MARK: Writing

  /// A list of version 2 that asks for the same.
  static func text(
    _ demand: PruningDemand, _ naming: LayerNaming, _ remarks: inout [String]
  ) throws(ConfigurationError) -> String {
    let rules = demand.namedRules(naming, &remarks)
    for rule in rules {
      if case .search = rule.action {
        throw demand.error("limits what layers lose in a search, but NNI's list has no target to search for")
      }
    }
    return JSONValue.array(
      rules.map {
        LayerRule(
          opTypes: PyTorchTypes.names(of: $0.opTypes), opNames: $0.opNames, opPartialNames: $0.opPartialNames,
          action: $0.action
        ).json
      }
    ).text()
  }
}
