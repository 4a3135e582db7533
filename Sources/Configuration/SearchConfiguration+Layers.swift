extension SearchConfiguration {
  /// The entries of `config_list`, with their place.
  public var ruleList: LayerRuleList { LayerRuleList(file: file, path: "$.config_list", rules: layerRules) }

  /// What may happen to each layer of a network.
  ///
  /// Whether a layer can be pruned at all, and what layers that must lose the same channels ask of each other, is for
  /// the caller to bring together.
  /// - Parameter layers: every layer with weights, prunable or not.
  /// - Throws: the place in `config_list` that selects nothing, with the nearest name; or that nothing is left to
  ///   search although there is a target.
  public func selection(of layers: [LayerIdentity]) throws(ConfigurationError) -> LayerSelection {
    let selection = try ruleList.selection(of: layers, isTargetGiven: target != nil)
    if target != nil, selection.isEmptySearchSpace {
      throw ConfigurationError(
        file: file, path: layerRules.isEmpty ? "$.model" : "$.config_list",
        problem: layers.isEmpty
          ? "the network has no layer with weights"
          : "leaves nothing to search for $.target: every layer is excluded, given a sparsity or not selected")
    }
    return selection
  }

  /// The widths of numbers for each layer of a network.
  /// - Throws: the name in `bits.layers` that no layer has, with the nearest one, or that is a second name of a layer.
  public func bitWidths(of layers: [LayerIdentity]) throws(ConfigurationError) -> [BitWidths] {
    let names = LayerNames(layers)
    var widths = [BitWidths](repeating: bits.network, count: layers.count)
    var namesGiven: [Int: String] = [:]
    for layer in bits.layers {
      func error(_ problem: String) -> ConfigurationError {
        ConfigurationError(file: file, path: "$.bits.layers" + LocatedJSON.step(to: layer.name), problem: problem)
      }
      let found = names.layers(named: layer.name)
      guard !found.isEmpty else { throw error("no layer has this name; \(names.remark(onName: layer.name))") }
      for index in found {
        if let other = namesGiven.updateValue(layer.name, forKey: index) {
          throw error("names the same layer as \(quoted(other))")
        }
        widths[index] = BitWidths(
          activation: layer.activation ?? bits.network.activation, weight: layer.weight ?? bits.network.weight)
      }
    }
    return widths
  }
}
