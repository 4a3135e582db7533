import Configuration

extension AMCTConfiguration {
  /// What AMCT's search writes for the whole network; it means nothing where every layer is named.
  private static let filler = 0.3

  /// The prune config that AMCT's search would write for these ratios: the content of `ratios.cfg`.
  ///
  /// Layers that lose nothing are skipped, all others have their own ratio, which AMCT turns back into the same number of channels.
  /// It chooses the channels itself, by their L2 norms.
  /// - Parameters:
  ///   - layers: every layer of the network.
  ///   - naming: what the layers are called.
  ///   - ascendOptimized: whether AMCT is to round kept channels up to a multiple of 16, which changes numbers that are none.
  public static func text(
    layers: [LayerRatio], naming: LayerNaming = .module, ascendOptimized: Bool = false
  ) -> String {
    // That layers share a module is no news to who writes the result of a search.
    var remarks: [String] = []
    let layers = LayerRatio.named(layers, naming, &remarks)
    var fields = [field("prune_config", pruneConfig(filler, ascendOptimized))]
    for layer in layers where layer.share == 0 {
      fields.append(field("regular_prune_skip_layers", .string(layer.name)))
    }
    for layer in layers where layer.share > 0 {
      fields.append(override("override_layer_configs", "layer_name", layer.name, layer.share, ascendOptimized))
    }
    return TextProto(fields).text()
  }

  private static func field(_ name: String, _ value: TextProto.Value) -> (name: String, value: TextProto.Value) {
    (name, value)
  }

  private static func pruneConfig(_ ratio: Double, _ ascendOptimized: Bool) -> TextProto.Value {
    let filter = TextProto([
      field("prune_ratio", .number("\(ratio)")), field("ascend_optimized", .identifier("\(ascendOptimized)")),
    ])
    return .message(
      TextProto([
        field("filter_pruner", .message(TextProto([field("balanced_l2_norm_filter_prune", .message(filter))])))
      ]))
  }

  private static func override(
    _ list: String, _ key: String, _ name: String, _ ratio: Double, _ ascendOptimized: Bool
  ) -> (name: String, value: TextProto.Value) {
    field(
      list,
      .message(
        TextProto([field(key, .string(name)), field("prune_config", pruneConfig(ratio, ascendOptimized))])))
  }
}

// MARK: Entries

extension AMCTConfiguration {
  /// The prune config that asks for the same as entries of ours.
  /// - Throws: what AMCT's order, a layer's own ratio before that of its type, or its fields cannot say.
  static func text(
    _ demand: PruningDemand, _ naming: LayerNaming, _ remarks: inout [String]
  ) throws(ConfigurationError) -> String {
    let ascends = demand.channelMultiple == ascendMultiple
    if demand.listsAllLayers {
      return text(layers: try demand.named(naming, &remarks), naming: .node, ascendOptimized: ascends)
    }
    // Layers that are not named stay as they are: without a ratio of the whole network.
    var network: Double?
    var types: [(name: String, share: Double)] = []
    var layers: [(name: String, share: Double)] = []
    for rule in demand.namedRules(naming, &remarks) {
      let share = try share(rule, demand)
      guard rule.opTypes.isEmpty else {
        guard layers.isEmpty else {
          throw demand.error(
            "an entry by type stands behind one by name and overrules it; in AMCT a layer's own ratio counts always")
        }
        for type in rule.opTypes where type == "default" { (network, types) = (share, []) }
        for type in names(ofType: rule.opTypes) {
          types.removeAll { $0.name == type }
          types.append((type, share))
        }
        continue
      }
      for name in rule.opNames { layers.append((name, share)) }
    }
    // The last entry of a name is the one that counts.
    var seen: Set<String> = []
    layers = layers.reversed().filter { seen.insert($0.name).inserted }.reversed()
    var fields: [(name: String, value: TextProto.Value)] = []
    if let network, network > 0 { fields.append(field("prune_config", pruneConfig(network, ascends))) }
    for type in types where type.share == 0 { fields.append(field("regular_prune_skip_types", .string(type.name))) }
    for layer in layers where layer.share == 0 {
      fields.append(field("regular_prune_skip_layers", .string(layer.name)))
    }
    for type in types where type.share > 0 {
      fields.append(override("override_layer_types", "layer_type", type.name, type.share, ascends))
    }
    for layer in layers where layer.share > 0 {
      fields.append(override("override_layer_configs", "layer_name", layer.name, layer.share, ascends))
    }
    return TextProto(fields).text()
  }

  private static func share(_ rule: LayerRule, _ demand: PruningDemand) throws(ConfigurationError) -> Double {
    guard rule.opPartialNames.isEmpty, rule.opTypes.isEmpty || rule.opNames.isEmpty else {
      throw demand.error("AMCT knows layers by name or by type; by parts of names, or by both together, it does not")
    }
    switch rule.action {
    case .exclude: return 0
    case .fix(let sparsity): return sparsity
    case .search, .total:
      throw demand.error(
        "AMCT's prune config has a ratio for each layer; it has neither limits for a search nor one ratio for several layers"
      )
    }
  }

  /// What PyTorch calls layers of these types; none for `default`.
  private static func names(ofType types: [String]) -> [String] {
    PyTorchTypes.names(of: types.filter { $0 != "default" })
  }
}
