/// Entries that say what happens to which layers, and where they stand.
public struct LayerRuleList: Hashable, Sendable {
  /// The file, as errors name it.
  public let file: String

  /// The place of the list: `$.config_list` in a configuration, `$` where the list is the whole file.
  public let path: String

  /// The entries, in order.
  public let rules: [LayerRule]
}

extension LayerRuleList {
  /// What the entries come to for the layers of a network.
  /// - Parameters:
  ///   - layers: every layer with weights, prunable or not.
  ///   - isTargetGiven: whether there is a target for the whole network beside the list.
  /// - Throws: the place in the list that selects nothing, with the nearest name.
  public func selection(
    of layers: [LayerIdentity], isTargetGiven: Bool
  ) throws(ConfigurationError) -> LayerSelection {
    let names = LayerNames(layers)
    var owners = [Int?](repeating: nil, count: layers.count)
    for (index, rule) in rules.enumerated() {
      for layer in try selected(by: rule, at: "\(path)[\(index)]", of: layers, names: names) { owners[layer] = index }
    }
    return LayerSelection(rules: rules, owners: owners, isTargetGiven: isTargetGiven)
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
