extension SearchConfiguration {
  /// What may happen to each layer of a network.
  ///
  /// Whether a layer can be pruned at all, and what layers that must lose the same channels ask of each other, is for
  /// the caller to bring together.
  /// - Parameter layers: every layer with weights, prunable or not.
  /// - Throws: the place in `config_list` that selects nothing, with the nearest name; or that nothing is left to
  ///   search although there is a target.
  public func selection(of layers: [LayerIdentity]) throws(ConfigurationError) -> LayerSelection {
    let names = LayerNames(layers)
    var owners = [Int?](repeating: nil, count: layers.count)
    for (index, rule) in layerRules.enumerated() {
      let selected = try selected(by: rule, at: "$.config_list[\(index)]", of: layers, names: names)
      for layer in selected { owners[layer] = index }
    }
    let selection = LayerSelection(rules: layerRules, owners: owners, isTargetGiven: target != nil)
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

  private func selected(
    by rule: LayerRule, at path: String, of layers: [LayerIdentity], names: LayerNames
  ) throws(ConfigurationError) -> [Int] {
    func error(_ step: String, _ problem: String) -> ConfigurationError {
      ConfigurationError(file: file, path: path + step, problem: problem)
    }
    var selected: Set<Int> = []
    for (index, name) in rule.opNames.enumerated() {
      let found = names.layers(named: name)
      guard !found.isEmpty else {
        throw error(".op_names[\(index)]", "no layer is called \(quoted(name)); \(names.remark(onName: name))")
      }
      selected.formUnion(found)
    }
    for (index, part) in rule.opPartialNames.enumerated() {
      let found = names.layers(containing: part)
      guard !found.isEmpty else {
        let remark = names.remark(onPart: part)
        throw error(".op_partial_names[\(index)]", "no layer's name contains \(quoted(part)); \(remark)")
      }
      selected.formUnion(found)
    }
    guard !rule.opTypes.isEmpty else { return selected.sorted() }
    var types: Set<String> = []
    for (index, type) in rule.opTypes.enumerated() {
      let meant = LayerRule.onnxTypes(of: type) ?? []
      guard layers.contains(where: { meant.contains($0.opType) }) else {
        let known = Set(layers.map(\.opType)).sorted()
        throw error(".op_types[\(index)]", "no layer is of type \(quoted(type)); the network has \(listed(known))")
      }
      types.formUnion(meant)
    }
    let isNamed = !rule.opNames.isEmpty || !rule.opPartialNames.isEmpty
    let matching = layers.indices.filter { types.contains(layers[$0].opType) && (!isNamed || selected.contains($0)) }
    guard !matching.isEmpty else {
      let named = Set(selected.map { layers[$0].opType }).sorted()
      throw error(
        "", "selects no layer: those of the names are of type \(listed(named)), which \"op_types\" leaves out")
    }
    return matching
  }
}
