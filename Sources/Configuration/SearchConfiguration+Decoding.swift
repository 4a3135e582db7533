extension SearchConfiguration {
  /// The configuration that a file holds.
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - file: its path, which errors name and relative paths start from.
  /// - Throws: what is wrong and where, at the first place that is wrong.
  public init(parsing bytes: [UInt8], file: String) throws(ConfigurationError) {
    let root = LocatedJSON(root: try JSONValue(parsing: bytes, file: file), file: file)
    try self.init(root, relativeTo: FileReference.directory(of: file))
  }

  /// The configuration that is part of another file, such as `config` in `run.json`.
  /// - Parameters:
  ///   - place: the configuration's object.
  ///   - directory: where relative paths start; empty for the working directory.
  public init(_ place: LocatedJSON, relativeTo directory: String) throws(ConfigurationError) {
    let members = try place.members(ConfigurationKeys.root, advice: ConfigurationKeys.advice)
    file = place.file
    _ = try members["$schema"]?.string()
    model = try FileReference(
      members.required("model"), relativeTo: directory, expected: "the path of an ONNX file")
    calibration = try Calibration(members.required("calibration"), relativeTo: directory)
    evaluation = try SampleData(optional: members["evaluation"], relativeTo: directory)
    loss = try Self.loss(members["loss"], labels: calibration.labels)
    if let place = members["evaluation"], let evaluation, evaluation.labels == nil, loss != .agreement {
      throw place.error("the key \"labels\" is missing, which the loss \(quoted(loss.rawValue)) needs")
    }
    sensitivity = try Sensitivity(members["sensitivity"])
    bits = try Bits(members["bits"])
    target = try Target(optional: members["target"])
    layerRules = try LayerRule.rules(members["config_list"])
    solver = try Solver(members["solver"])
    repair = try Repair(members["repair"])
    apply = try Apply(members["apply"])
    outputDirectory = try Self.outputDirectory(members["output"], relativeTo: directory)
    guard target == nil else { return }
    guard layerRules.contains(where: \.setsSparsity) else {
      throw place.error(
        "nothing says how much to prune: expected \"target\", or a \"config_list\" entry with "
          + "\"sparsity_per_layer\" or \"total_sparsity\"")
    }
    if let index = layerRules.firstIndex(where: \.onlyLimits), let list = members["config_list"] {
      throw try list.elements()[index].error("\"max_sparsity_per_layer\" limits a search, but there is no \"target\"")
    }
  }

  private static func loss(_ place: LocatedJSON?, labels: ArrayReference?) throws(ConfigurationError) -> Loss {
    let kind = try place?.members(ConfigurationKeys.loss, advice: ConfigurationKeys.advice).required("kind")
    guard let kind else { return labels == nil ? .agreement : .crossEntropy }
    let loss: Loss = try kind.choice()
    guard labels != nil || loss == .agreement else {
      throw kind.error("\(quoted(loss.rawValue)) needs $.calibration.labels; without labels use \"agreement\"")
    }
    return loss
  }

  private static func outputDirectory(
    _ place: LocatedJSON?, relativeTo directory: String
  ) throws(ConfigurationError) -> FileReference {
    guard let place else { return FileReference("out", relativeTo: directory) }
    let members = try place.members(ConfigurationKeys.output, advice: ConfigurationKeys.advice)
    return try FileReference(
      members.required("directory"), relativeTo: directory, expected: "the path of a directory")
  }
}

extension SearchConfiguration.Sensitivity {
  init(_ place: LocatedJSON?) throws(ConfigurationError) {
    let members = try place?.members(ConfigurationKeys.sensitivity, advice: ConfigurationKeys.advice)
    method = try members?["method"]?.choice() ?? .taylor
    order = try members?["order"]?.integer(in: 1...1, expected: "1, the only order that this version supports") ?? 1
    reduction = try members?["reduction"]?.choice() ?? .meanAbs
    level = try members?["level"]?.choice() ?? .batch
  }
}

extension SearchConfiguration.Bits {
  private static let widths = 1...64

  init(_ place: LocatedJSON?) throws(ConfigurationError) {
    let members = try place?.members(ConfigurationKeys.bits, advice: ConfigurationKeys.advice)
    network = SearchConfiguration.BitWidths(
      activation: try members?["activation"]?.integer(in: Self.widths) ?? 8,
      weight: try members?["weight"]?.integer(in: Self.widths) ?? 8)
    var layers: [SearchConfiguration.LayerBits] = []
    for (name, place) in try members?["layers"]?.namedMembers(expected: "an object from names of layers to widths")
      ?? []
    {
      guard !name.isEmpty else { throw place.error("the name of a layer cannot be empty") }
      let members = try place.members(ConfigurationKeys.layerBits, advice: ConfigurationKeys.advice)
      guard members["activation"] != nil || members["weight"] != nil else {
        throw place.error("expected \"activation\" or \"weight\" or both, found \(place.value.errorText)")
      }
      layers.append(
        SearchConfiguration.LayerBits(
          name: name,
          activation: try members["activation"]?.integer(in: Self.widths),
          weight: try members["weight"]?.integer(in: Self.widths)))
    }
    self.layers = layers.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

extension SearchConfiguration.Target {
  init?(optional place: LocatedJSON?) throws(ConfigurationError) {
    guard let place else { return nil }
    let members = try place.members(ConfigurationKeys.target, advice: ConfigurationKeys.advice)
    let ratio = try members.required("compression_ratio")
    let expected = "a number greater than 1 (cost of the original ÷ cost of the pruned network)"
    let asked = try ratio.number(expected: expected)
    guard asked > 1 else {
      let inverse = 1 / asked
      throw ratio.error(expected: expected)
        .adding(inverse > 1 && inverse.isFinite ? "did you mean 1/\(asked) = \(inverse)?" : nil)
    }
    compressionRatio = asked
    metric = try members["metric"]?.choice() ?? .bitComplexity
  }
}

extension SearchConfiguration.Solver {
  private static let channels = 1...(1 << 20)

  init(_ place: LocatedJSON?) throws(ConfigurationError) {
    let members = try place?.members(ConfigurationKeys.solver, advice: ConfigurationKeys.advice)
    let standard = Self.standard
    method = try members?["method"]?.choice() ?? standard.method
    channelMultiple = try members?["channel_multiple"]?.integer(in: Self.channels) ?? standard.channelMultiple
    minChannels = try members?["min_channels"]?.integer(in: Self.channels) ?? standard.minChannels
  }
}
