public import Configuration

extension AMCTConfiguration {
  private static let searchFields = [
    "compress_ratio", "ascend_optimized", "max_prune_ratio", "test_iteration", "override_prune_cfg",
  ]
  private static let pruneFields = [
    "prune_config", "skip_layers", "skip_layer_types", "regular_prune_skip_layers", "regular_prune_skip_types",
    "override_layer_configs", "override_layer_types",
  ]

  /// The configuration that a file holds: a search config where it has a field of one, else a prune config.
  /// - Throws: what was expected and what was found, with line and column.
  public init(parsing bytes: [UInt8], file: String) throws(ConfigurationError) {
    let message = try TextProto(parsing: bytes, file: file)
    let names = Set(message.fields.map(\.name))
    if !names.isDisjoint(with: Self.searchFields) {
      self = .search(try Search(TextProtoFields(message, known: Self.searchFields)))
    } else {
      guard !names.isDisjoint(with: Self.pruneFields) else {
        // Names the unknown field with the nearest known one.
        _ = try TextProtoFields(message, known: Self.searchFields + Self.pruneFields)
        throw message.place.error("expected a field of AMCT's search or prune config, found none")
      }
      self = .prune(try Prune(TextProtoFields(message, known: Self.pruneFields)))
    }
  }
}

extension AMCTConfiguration.Search {
  fileprivate init(_ fields: TextProtoFields) throws(ConfigurationError) {
    place = fields.place
    let ratio = try fields.required("compress_ratio")
    let expected = "a number greater than 1 (cost of the original ÷ cost of the pruned network)"
    let asked = try ratio.number(expected: expected) { _ in true }
    guard asked > 1 else {
      let inverse = 1 / asked
      throw ratio.error(expected: expected)
        .adding(inverse > 1 && inverse.isFinite ? "did you mean 1/\(asked) = \(inverse)?" : nil)
    }
    compressRatio = asked
    ascendOptimized = try fields.one("ascend_optimized")?.boolean() ?? true
    maxPruneRatio =
      try fields.one("max_prune_ratio")?
      .number(expected: "a number greater than 0 and at most 1") { $0 > 0 && $0 <= 1 } ?? 1
    testIteration = try fields.one("test_iteration")?.count() ?? 1
    overridePruneConfig = try fields.one("override_prune_cfg")?.string(expected: "the path of a prune config")
  }
}

extension AMCTConfiguration.Prune {
  fileprivate init(_ fields: TextProtoFields) throws(ConfigurationError) {
    if let field = try fields.one("prune_config") {
      network = try filter(field)
      networkPlace = field.place
    }
    var named: Set<String> = []
    for entry in fields.all("override_layer_configs") {
      let members = try entry.message(known: ["layer_name", "prune_config"])
      let place = try members.required("layer_name")
      let name = try place.string(expected: "the name of a layer")
      guard named.insert(name).inserted else { throw place.place.error("\(quoted(name)) has a second override") }
      if let filter = try filter(members.required("prune_config")) { layers.append((name, filter)) }
    }
    var typed: Set<String> = []
    for entry in fields.all("override_layer_types") {
      let members = try entry.message(known: ["layer_type", "prune_config"])
      let place = try members.required("layer_type")
      let type = try place.string(expected: "a type of layers")
      guard LayerRule.onnxTypes(of: type) != nil else {
        throw place.place.error("\(quoted(type)) is no type of layers that have channels to prune")
          .adding(NearestName.of(type, among: LayerRule.knownTypes).map { "did you mean \(quoted($0))?" })
      }
      guard typed.insert(type).inserted else { throw place.place.error("\(quoted(type)) has a second override") }
      if let filter = try filter(members.required("prune_config")) { types.append((type, filter)) }
    }
    var skipped: Set<String> = []
    for list in ["skip_layers", "regular_prune_skip_layers"] {
      for field in fields.all(list) {
        let name = try field.string(expected: "the name of a layer")
        guard !named.contains(name) else {
          throw field.place.error("\(quoted(name)) is skipped, but has an override too")
        }
        if skipped.insert(name).inserted { skippedLayers.append(name) }
      }
    }
    for list in ["skip_layer_types", "regular_prune_skip_types"] {
      for field in fields.all(list) { try skip(field, overridden: typed) }
    }
  }

  private mutating func skip(_ field: TextProto.Field, overridden: Set<String>) throws(ConfigurationError) {
    let type = try field.string(expected: "a type of layers")
    guard !overridden.contains(type) else {
      throw field.place.error("\(quoted(type)) is skipped, but has an override too")
    }
    guard LayerRule.onnxTypes(of: type) != nil else {
      if let nearest = NearestName.of(type, among: LayerRule.knownTypes) {
        throw field.place.error("\(quoted(type)) is no type of layers; did you mean \(quoted(nearest))?")
      }
      return remarks.append(
        "layers of the type \(quoted(type)) have no channels of their own; that they are skipped is left out")
    }
    if !skippedTypes.contains(type) { skippedTypes.append(type) }
  }

  /// The pruning of whole filters that a `prune_config` asks for; `nil` where it asks for another kind.
  private mutating func filter(_ field: TextProto.Field) throws(ConfigurationError) -> AMCTConfiguration.Filter? {
    let kinds = try field.message(known: ["filter_pruner", "n_out_of_m_pruner"])
    guard let pruner = try kinds.one("filter_pruner") else {
      guard kinds.has("n_out_of_m_pruner") else { throw field.error(expected: "a filter_pruner in it") }
      remarks.append("n_out_of_m_pruner removes no channels and is left out")
      return nil
    }
    let members = try pruner.message(known: ["balanced_l2_norm_filter_prune"])
      .required("balanced_l2_norm_filter_prune").message(known: ["prune_ratio", "ascend_optimized"])
    return AMCTConfiguration.Filter(
      pruneRatio: try members.required("prune_ratio")
        .number(expected: "a number from 0 to less than 1 (channels that go ÷ channels)") { $0 >= 0 && $0 < 1 },
      ascendOptimized: try members.one("ascend_optimized")?.boolean() ?? true)
  }
}
