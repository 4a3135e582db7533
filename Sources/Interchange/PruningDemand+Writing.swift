public import Configuration

extension PruningDemand {
  /// A file that asks for the same, and what it does not say.
  /// - Parameters:
  ///   - format: how it is written.
  ///   - naming: what layers are called where both names are known.
  /// - Throws: what the format cannot hold.
  public func text(
    in format: PruningFormat, naming: LayerNaming = .module
  ) throws(ConfigurationError) -> (text: String, remarks: [String]) {
    var remarks: [String] = []
    switch format {
    case .config: return (configurationText(&remarks), remarks)
    case .ratios: return (try ratiosText(&remarks), remarks)
    case .amct, .nni, .aimet, .nncf, .torchPruning: break
    }
    guard holdsRatios else { throw holdsNoRatios }
    leaveOut(&remarks, isAscending: format == .amct && channelMultiple == AMCTConfiguration.ascendMultiple)
    let text =
      switch format {
      case .amct: try AMCTConfiguration.text(self, naming, &remarks)
      case .nni: try NNIConfigList.text(self, naming, &remarks)
      case .aimet: try AIMETRatios.text(named(naming, &remarks), &remarks)
      case .nncf: try NNCFConfiguration.text(self, naming, &remarks)
      default: try TorchPruningRatios.text(named(naming, &remarks), of: self)
      }
    return (text, remarks)
  }

  private var holdsRatios: Bool { !listedLayers.isEmpty || rules.contains(where: \.setsSparsity) }

  private var holdsNoRatios: ConfigurationError {
    error("holds no ratios of layers; --to config takes over what it asks of a search")
  }

  /// Says what only a configuration of ours holds.
  private func leaveOut(_ remarks: inout [String], isAscending: Bool = false) {
    if let target {
      remarks.append("the target, \(target.compressionRatio ?? 1) times less \(target.metric.rawValue), is left out")
    }
    if let channelMultiple, channelMultiple > 1, !isAscending {
      remarks.append("that layers keep multiples of \(channelMultiple) channels is left out")
    }
  }

  private func configurationText(_ remarks: inout [String]) -> String {
    var document = JSONObject()
    document["target"] = target?.json
    if !rules.isEmpty { document["config_list"] = .array(rules.map(\.json)) }
    if let channelMultiple { document["solver"] = ["channel_multiple": .integer(channelMultiple)] }
    if target == nil, !rules.contains(where: \.setsSparsity) {
      remarks.append("nothing says how much to prune: add \"target\"")
    }
    remarks.append("add \"model\" and \"calibration\" to make it a configuration")
    return JSONValue.object(document).text()
  }

  /// An object from names to ratios where all layers are named, else entries; `apply` takes both.
  private func ratiosText(_ remarks: inout [String]) throws(ConfigurationError) -> String {
    guard holdsRatios else { throw holdsNoRatios }
    leaveOut(&remarks)
    if let layers = try? layerRatios() {
      return JSONValue.object(
        JSONObject(distinct: layers.map { JSONObject.Member(key: $0.name, value: .number($0.share)) })
      ).text()
    }
    for rule in rules {
      if case .search = rule.action { throw error("limits what layers lose in a search, which a ratio file cannot") }
    }
    return JSONValue.array(rules.map(\.json)).text()
  }
}
