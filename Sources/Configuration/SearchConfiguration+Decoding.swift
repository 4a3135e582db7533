extension SearchConfiguration {
  /// The configuration that a file holds, which may have comments: from `//` to the end of the line.
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - file: its path, which errors name and relative paths start from.
  /// - Throws: what is wrong and where, at the first place that is wrong.
  public init(parsing bytes: [UInt8], file: String) throws(ConfigurationError) {
    let root = LocatedJSON(root: try JSONValue(parsing: bytes, file: file, allowsComments: true), file: file)
    try self.init(root, relativeTo: FileReference.directory(of: file))
  }

  /// The configuration that is part of another file, such as `config` in `run.json`.
  /// - Parameters:
  ///   - place: the configuration's object.
  ///   - directory: where relative paths start; empty for the working directory.
  public init(_ place: LocatedJSON, relativeTo directory: String) throws(ConfigurationError) {
    let members = try place.members(ConfigurationKeys.root, advice: ConfigurationKeys.advice)
    file = place.file
    self.directory = directory
    _ = try members["$schema"]?.string()
    model = try FileReference(
      members.required("model"), relativeTo: directory, expected: "the path of an ONNX file")
    calibration = try members["calibration"].map { place throws(ConfigurationError) in
      try Calibration(place, relativeTo: directory)
    }
    evaluation = try SampleData(optional: members["evaluation"], relativeTo: directory)
    loss = try Self.loss(members["loss"], of: calibration?.data)
    if let place = members["evaluation"], let evaluation, !evaluation.suffices(for: loss) {
      throw place.error("the key \"labels\" is missing, which the loss \(quoted(loss.rawValue)) needs")
    }
    bits = try Bits(members["bits"])
    sensitivity = try Sensitivity(members["sensitivity"], choosesBits: !bits.search.isEmpty)
    targets = try Target.targets(members["target"])
    latencyTable = try Self.latencyTable(members["latency"], relativeTo: directory)
    if latencyTable == nil, targets.contains(where: { $0.metric == .latency }) {
      throw place.error(
        "a target in \"latency\" needs $.latency.table, a table of measured latencies as `profile` writes it")
    }
    layerRules = try LayerRule.rules(members["config_list"])
    solver = try Solver(members["solver"])
    measured = try Measured(members["measured"], relativeTo: directory)
    comparison = try Comparison(
      optional: members["compare"], solver: members["solver"], choosesBits: !bits.search.isEmpty)
    if solver.robust, sensitivity.setLoss != .additive, let place = members["solver"] {
      throw place.error("\"robust\" needs sensitivities that add up: \"set_loss\": \"additive\" in $.sensitivity")
    }
    if solver.method == .measured, sensitivity.bootstrap > 0, let place = members["sensitivity"] {
      throw place.error("\"bootstrap\" solves resamples again, which the evaluations of \"measured\" do not allow")
    }
    if solver.method == .external, let place = members["solver"] {
      guard sensitivity.setLoss == .additive else {
        throw place.error(
          "\"external\" needs sensitivities that add up: \"set_loss\": \"additive\" in $.sensitivity")
      }
      guard sensitivity.bootstrap == 0 else {
        throw place.error("\"external\" is run once for a plan, and solves no resamples: \"bootstrap\" has to be 0")
      }
    }
    if let place = members["measured"], solver.method != .measured, comparison?.usesMeasured != true {
      throw place.error("it belongs to $.solver.method \"measured\", which is \(quoted(solver.method.rawValue)) here")
    }
    if solver.method == .measured, measured.score == .accuracy, loss != .crossEntropy, let place = members["measured"] {
      throw place.error("the score \"accuracy\" needs class labels")
    }
    if solver.method == .measured, !bits.search.isEmpty, let place = members["bits"] {
      throw place.error("the solver \"measured\" chooses no bits")
    }
    repair = try Repair(members["repair"], hasSamples: calibration != nil)
    apply = try Apply(members["apply"])
    outputDirectory = try Self.outputDirectory(members["output"], relativeTo: directory)
    if calibration == nil, let need = needForSamples {
      throw place.error("the key \"calibration\" is missing: \(need)")
    }
    // Each combination of a comparison with targets of its own has one.
    if comparison?.targets.isEmpty ?? true { try checkTarget() }
  }

  /// Sees that something says how much a search is to prune.
  /// - Throws: where the configuration has neither a target nor entries of `config_list` that alone are enough.
  public func checkTarget() throws(ConfigurationError) {
    guard targets.isEmpty else { return }
    guard layerRules.contains(where: \.setsSparsity) else {
      throw ConfigurationError(
        file: file, path: "$",
        problem: "nothing says how much to prune: expected \"target\", or a \"config_list\" entry with "
          + "\"sparsity_per_layer\" or \"total_sparsity\""
          + (comparison?.targets.isEmpty ?? true ? "" : "; what $.compare.targets asks for is for `compare` alone"))
    }
    guard let index = layerRules.firstIndex(where: \.onlyLimits) else { return }
    throw ConfigurationError(
      file: file, path: "$.config_list[\(index)]",
      problem: "\"max_sparsity_per_layer\" limits a search, but there is no \"target\"")
  }

  private static func loss(_ place: LocatedJSON?, of data: SampleData?) throws(ConfigurationError) -> Loss {
    let kind = try place?.members(ConfigurationKeys.loss, advice: ConfigurationKeys.advice).required("kind")
    guard let kind else { return data?.mayHaveClasses ?? false ? .crossEntropy : .agreement }
    let loss: Loss = try kind.choice()
    guard data?.suffices(for: loss) ?? (loss == .agreement) else {
      throw kind.error("\(quoted(loss.rawValue)) needs $.calibration.labels; without labels use \"agreement\"")
    }
    return loss
  }

  private static func latencyTable(
    _ place: LocatedJSON?, relativeTo directory: String
  ) throws(ConfigurationError) -> FileReference? {
    guard let place else { return nil }
    let members = try place.members(ConfigurationKeys.latency, advice: ConfigurationKeys.advice)
    return try FileReference(
      members.required("table"), relativeTo: directory, expected: "the path of a table of latencies")
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

extension SearchConfiguration.Bits {
  static let widths = 1...64
  static let searchedWidths = 2...32

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
    var search: Set<Int> = []
    if let place = members?["search"] {
      for element in try place.elements() {
        let width = try element.integer(in: Self.searchedWidths)
        guard search.insert(width).inserted else { throw element.error("\(width) stands twice") }
      }
      guard !search.isEmpty else { throw place.error(expected: "at least one width") }
      for width in [network.activation, network.weight] where !search.contains(width) {
        throw place.error(
          "the network's own \(width) bits have to be among the widths, so that a layer can stay as it is")
      }
    }
    self.search = search.sorted()
  }
}
