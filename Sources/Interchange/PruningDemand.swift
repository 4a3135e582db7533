public import Configuration

/// What a file asks to be pruned, in the terms of our configuration.
public struct PruningDemand: Sendable {
  /// The file, as errors name it.
  public let file: String
  /// What the cost of the whole network must come down to; `nil` where the file does not say.
  public internal(set) var target: SearchConfiguration.Target?
  /// What numbers of kept channels are to be multiples of; `nil` where the file does not say.
  public internal(set) var channelMultiple: Int?
  /// What holds for layers; the last entry that selects a layer decides.
  public internal(set) var rules: [LayerRule] = []
  /// The layers of a file of ours, in its order; empty for other files.
  public internal(set) var listedLayers: [LayerRatio] = []
  /// Whether those are all layers of the network, as in a result of a search.
  public internal(set) var listsAllLayers = false
  /// What the file says that has no counterpart, or a different meaning, one line each.
  public internal(set) var remarks: [String] = []

  init(file: String) { self.file = file }

  mutating func remark(_ text: String) { remarks.append(text) }

  func error(_ problem: String) -> ConfigurationError { ConfigurationError(file: file, path: "$", problem: problem) }

  /// Takes out what the file says of layers that it does not name, limits of a search excepted.
  ///
  /// AMCT's search writes a ratio for the whole network that means nothing, as it names every layer.
  public mutating func keepNamedOnly() {
    rules.removeAll { rule in
      if case .search = rule.action { return false }
      return rule.opNames.isEmpty && rule.opPartialNames.isEmpty
    }
  }

  /// Adds an entry that takes layers out, if there are any.
  mutating func exclude(names: [String] = [], types: [String] = []) {
    if !types.isEmpty { rules.append(LayerRule(opTypes: types, action: .exclude)) }
    if !names.isEmpty { rules.append(LayerRule(opNames: names, action: .exclude)) }
  }
}

// MARK: Layers by name

extension PruningDemand {
  /// The ratio of every layer that the file names, in its order.
  /// - Throws: what it says that is not a ratio of a layer by its name.
  public func layerRatios() throws(ConfigurationError) -> [LayerRatio] {
    guard listedLayers.isEmpty else { return listedLayers }
    var order: [String] = []
    var shares: [String: Double] = [:]
    for rule in rules {
      guard rule.opTypes.isEmpty, rule.opPartialNames.isEmpty else {
        throw error("selects layers by type or by part of a name, and only the model tells which these are")
      }
      let share: Double
      switch rule.action {
      case .exclude: share = 0
      case .fix(let sparsity): share = sparsity
      case .search, .total:
        throw error(
          "limits layers or has a ratio for several together, and what each of them loses, only a search tells")
      }
      for name in rule.opNames where shares.updateValue(share, forKey: name) == nil { order.append(name) }
    }
    return order.map { LayerRatio(name: $0, share: shares[$0] ?? 0) }
  }

  /// The entries under the names that they are written with.
  func namedRules(_ naming: LayerNaming, _ remarks: inout [String]) -> [LayerRule] {
    listedLayers.isEmpty ? rules : Self.rules(LayerRatio.named(listedLayers, naming, &remarks))
  }

  /// The layers under the names that they are written with.
  func named(_ naming: LayerNaming, _ remarks: inout [String]) throws(ConfigurationError) -> [LayerRatio] {
    LayerRatio.named(try layerRatios(), naming, &remarks)
  }
}
