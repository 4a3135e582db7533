import Configuration

extension PruningDemand {
  /// What a file asks for.
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - format: how it is written; not `config`.
  ///   - file: what errors call the file.
  ///   - override: the content of the file that an AMCT search config names, from its path as it stands there.
  /// - Throws: what is wrong and where, at the first place that is wrong; what `override` throws.
  /// - Precondition: the format is one that can be read.
  public init(
    parsing bytes: [UInt8], as format: PruningFormat, file: String,
    override: (String) throws -> (bytes: [UInt8], file: String)
  ) throws {
    func root() throws(ConfigurationError) -> LocatedJSON {
      LocatedJSON(root: try JSONValue(parsing: bytes, file: file), file: file)
    }
    switch format {
    case .amct:
      let configuration = try AMCTConfiguration(parsing: bytes, file: file)
      let named = try configuration.overrideFile.map { path in
        let content = try override(path)
        return try AMCTConfiguration(parsing: content.bytes, file: content.file)
      }
      self = try configuration.demand(file: file, override: named)
    case .nni: self = try NNIConfigList.demand(root())
    case .aimet: self = try AIMETRatios.demand(root())
    case .nncf: self = try NNCFConfiguration.demand(root())
    case .torchPruning: self = try TorchPruningRatios.demand(root())
    case .ratios: try self.init(ratiosIn: bytes, file: file)
    case .config: preconditionFailure("a configuration of ours is not converted")
    }
  }

  /// What a file of ours asks for.
  init(ratiosIn bytes: [UInt8], file: String) throws(ConfigurationError) {
    self.init(file: file)
    let ratios = try RatioFile(parsing: bytes, file: file)
    switch ratios.content {
    case .rules(let list): rules = list.rules
    case .channels:
      throw error(
        "lists channels by hand; other formats hold ratios only, and how many channels a layer has is not said")
    case .ratios(let entries):
      let names = try Self.moduleNames(bytes, file: file)
      listedLayers = entries.enumerated().map { index, entry in
        LayerRatio(
          name: entry.name, moduleName: index < names.count ? names[index] : entry.name, channels: entry.channels,
          share: entry.share)
      }
    case .result(let entries):
      let names = try Self.moduleNames(bytes, file: file)
      listedLayers = entries.enumerated().map { index, entry in
        LayerRatio(
          name: entry.name, moduleName: index < names.count ? names[index] : entry.name, channels: entry.channels,
          share: entry.channels.map { LayerRatio.share(entry.share.count, of: $0) } ?? 0)
      }
      listsAllLayers = true
      remark("which channels go is not said in other formats: another tool chooses them anew, by its own criterion")
    }
    var seen: Set<String> = []
    if let layer = listedLayers.first(where: { !seen.insert($0.name).inserted }) {
      throw error("\(quoted(layer.name)) stands for two layers")
    }
    rules = rules.isEmpty ? Self.rules(listedLayers) : rules
  }

  /// One entry for each ratio of a layer, one for all that keep everything.
  static func rules(_ layers: [LayerRatio]) -> [LayerRule] {
    let untouched = layers.filter { $0.share == 0 }.map(\.name)
    return layers.filter { $0.share > 0 }
      .map { LayerRule(opNames: [$0.name], action: .fix(sparsity: $0.share)) }
      + (untouched.isEmpty ? [] : [LayerRule(opNames: untouched, action: .exclude)])
  }

  /// The modules of the layers of a `ratios.json`, by the weights that it names; none for other files.
  private static func moduleNames(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> [String] {
    guard case .array(let layers)? = try JSONValue(parsing: bytes, file: file)["layers"] else { return [] }
    return layers.map { layer in
      func text(_ key: String) -> String {
        if case .string(let text)? = layer[key] { text } else { "" }
      }
      return LayerRatio.moduleName(
        LayerIdentity(name: text("name"), opType: text("op_type"), weight: text("weight")))
    }
  }
}
