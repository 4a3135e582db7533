extension SearchConfiguration {
  /// The configuration with every default filled in, in one fixed order of keys; paths as the file has them.
  ///
  /// Two files that ask for the same give the same value, and reading it gives the configuration back.
  public var canonicalJSON: JSONValue {
    var object: JSONObject = ["model": .string(model.text)]
    object["calibration"] = calibration?.json
    object["evaluation"] = evaluation.map { .object($0.json()) }
    object["loss"] = ["kind": .string(loss.rawValue)]
    object["sensitivity"] = sensitivity.json
    object["bits"] = bits.json
    if !targets.isEmpty { object["target"] = SearchConfiguration.json(of: targets) }
    object["latency"] = latencyTable.map { ["table": .string($0.text)] }
    object["config_list"] = .array(layerRules.map(\.json))
    object["solver"] = solver.json
    if solver.method == .measured || comparison?.usesMeasured == true { object["measured"] = measured.json }
    object["repair"] = repair.json
    object["apply"] = apply.json
    object["compare"] = comparison?.json
    object["output"] = ["directory": .string(outputDirectory.text)]
    return .object(object)
  }
}

extension SearchConfiguration.Bits {
  fileprivate var json: JSONValue {
    let layers = JSONObject(named: layers) { layer in
      var widths = JSONObject()
      widths["activation"] = layer.activation.map(JSONValue.integer)
      widths["weight"] = layer.weight.map(JSONValue.integer)
      return (layer.name, .object(widths))
    }
    var object: JSONObject = [
      "activation": .integer(network.activation), "weight": .integer(network.weight), "layers": .object(layers),
    ]
    if !search.isEmpty { object["search"] = .array(search.map(JSONValue.integer)) }
    return .object(object)
  }
}

extension LayerRule {
  /// The entry as `config_list` has it.
  package var json: JSONValue {
    var object = JSONObject()
    if !opTypes.isEmpty { object["op_types"] = .array(opTypes.map(JSONValue.string)) }
    if !opNames.isEmpty { object["op_names"] = .array(opNames.map(JSONValue.string)) }
    if !opPartialNames.isEmpty { object["op_partial_names"] = .array(opPartialNames.map(JSONValue.string)) }
    switch action {
    case .exclude: object["exclude"] = true
    case .fix(let sparsity): object["sparsity_per_layer"] = .number(sparsity)
    case .search(let maxSparsity): object["max_sparsity_per_layer"] = .number(maxSparsity)
    case .total(let sparsity, let maxSparsity):
      object["total_sparsity"] = .number(sparsity)
      object["max_sparsity_per_layer"] = maxSparsity.map(JSONValue.number)
    }
    return .object(object)
  }
}
