import Allocation
public import Channels
public import Configuration

/// What the search may decide: the policy of every channel group, from the structure and from `config_list`.
struct SearchSpace {
  /// What may happen to one group.
  enum Choice: Hashable {
    /// It stays whole.
    case stays(String)
    /// A share of its units goes, decided by hand.
    case fixed(Double)
    /// The solver decides; at most this share goes.
    case searched(maxSparsity: Double?)
  }

  /// By group.
  let choices: [Choice]
  /// What the rules say of each layer.
  let selection: LayerSelection
  /// Ratios by hand for layers, called by their names, that cannot lose channels.
  let refusals: [Refusal]
  let rules: LayerRuleList

  /// A ratio by hand for a layer that cannot lose channels.
  struct Refusal: Hashable {
    /// The position of the entry that asks for it.
    let entry: Int
    /// Index into `ChannelStructure.layers`.
    let layer: Int
    /// The share of its channels.
    let sparsity: Double
    /// Why they stay.
    let reason: String
  }

  /// Brings together what the layers of each group are allowed.
  ///
  /// A group takes the strictest word of its layers: one that stays keeps the whole group, a ratio set by hand decides
  /// for all, and of several limits the smallest holds.
  init(_ structure: ChannelStructure, _ configuration: SearchConfiguration) throws {
    let selection = try configuration.selection(of: structure.layers.map(\.identity))
    try self.init(structure, configuration.ruleList, selection)
    if let refusal = refusals.first { throw error(refusal, structure) }
  }

  /// The space that a list of rules leaves, whose selection of the layers is given.
  ///
  /// What it asks by name of layers that cannot lose channels is no error here, but stands in `refusals`.
  init(_ structure: ChannelStructure, _ rules: LayerRuleList, _ selection: LayerSelection) throws {
    let layers = structure.layers
    self.selection = selection
    self.rules = rules
    var choices: [Choice] = []
    for group in structure.groups {
      let nodes = Set(group.members.filter { $0.role == .produce || $0.role == .pass }.map(\.node))
      let members = layers.indices.filter { nodes.contains(layers[$0].node) }
      choices.append(try SearchSpace.choice(group, members, layers, selection, rules))
    }
    self.choices = choices
    var refusals: [Refusal] = []
    for (index, layer) in layers.enumerated() {
      guard case .fixed(let sparsity) = selection.policies[index], sparsity > 0, let entry = selection.owners[index],
        !rules.rules[entry].opNames.isEmpty
      else { continue }
      let groups = Set(layer.outputUnits.compactMap { $0?.group }).sorted()
      let reasons = groups.compactMap { group -> String? in
        if case .stays(let reason) = choices[group] { return reason }
        return nil
      }
      guard let reason = layer.reason?.description ?? reasons.first else { continue }
      refusals.append(Refusal(entry: entry, layer: index, sparsity: sparsity, reason: reason))
    }
    self.refusals = refusals
  }

  /// What a layer is asked for by its name and cannot give: it would silently do nothing.
  func error(_ refusal: Refusal, _ structure: ChannelStructure) -> SearchError {
    SearchError(
      .configuration, file: rules.file,
      "\(rules.path)[\(refusal.entry)]: asks for sparsity \(refusal.sparsity) of "
        + "'\(structure.layers[refusal.layer].name)', which cannot lose channels: \(refusal.reason)")
  }

  private static func choice(
    _ group: ChannelGroup, _ members: [Int], _ layers: [Layer], _ selection: LayerSelection, _ rules: LayerRuleList
  ) throws -> Choice {
    if let reason = group.reason { return .stays(reason.description) }
    var limit: (sparsity: Double, layer: Int)?
    var fixed: (sparsity: Double, layer: Int)?
    var stays: String?
    func restrict(_ sparsity: Double?, _ layer: Int) {
      guard let sparsity, sparsity < limit?.sparsity ?? .infinity else { return }
      limit = (sparsity, layer)
    }
    for member in members {
      switch selection.policies[member] {
      case .excluded:
        let isSelected = selection.owners[member] != nil
        let alone = isSelected ? "excluded by config_list" : "not selected by config_list"
        let shared =
          "config_list \(isSelected ? "excludes" : "does not select") '\(layers[member].name)', and layers that share "
          + "their channels stay whole together"
        stays = stays ?? (members.count == 1 ? alone : shared)
      case .fixed(let sparsity):
        if let fixed, fixed.sparsity != sparsity {
          throw conflict(
            "'\(layers[fixed.layer].name)' and '\(layers[member].name)' share their channels, but are given the "
              + "sparsities \(fixed.sparsity) and \(sparsity)", rules)
        }
        fixed = (sparsity, member)
      case .searched(let maxSparsity): restrict(maxSparsity, member)
      case .total(let position): restrict(selection.totals[position].maxSparsity, member)
      }
    }
    if let fixed, let limit, fixed.sparsity > limit.sparsity {
      throw conflict(
        "'\(layers[fixed.layer].name)' and '\(layers[limit.layer].name)' share their channels, but the one is given the "
          + "sparsity \(fixed.sparsity) and the other at most \(limit.sparsity)", rules)
    }
    if let stays { return .stays(stays) }
    return fixed.map { .fixed($0.sparsity) } ?? .searched(maxSparsity: limit?.sparsity)
  }

  private static func conflict(_ problem: String, _ rules: LayerRuleList) -> SearchError {
    SearchError(.configuration, file: rules.file, "\(rules.path): \(problem)")
  }
}

extension Layer {
  /// What the configuration calls it.
  public var identity: LayerIdentity { LayerIdentity(name: name, opType: opType, weight: weight) }
}
