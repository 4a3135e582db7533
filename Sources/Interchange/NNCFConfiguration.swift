import Configuration

/// NNCF's configuration of filter pruning.
enum NNCFConfiguration {
  private static let algorithmKeys = [
    "algorithm", "pruning_init", "initializer", "params", "ignored_scopes", "target_scopes",
  ]
  private static let parameterKeys = [
    "filter_importance", "pruning_target", "pruning_steps", "pruning_flops_target", "schedule", "num_init_steps",
    "interlayer_ranking_type", "all_weights", "prune_first_conv", "prune_downsample_convs", "prune_batch_norms",
    "save_ranking_coeffs_path", "load_ranking_coeffs_path", "legr_params",
  ]
  private static let pruning = "filter_pruning"
  /// Kept filters are multiples of this, unless a layer has fewer.
  static let filterMultiple = 8
  /// No layer loses a larger share when filters are ranked over all layers.
  private static let largestShare = 0.9
  private static let standardTarget = 0.5
  /// What filter pruning takes channels from.
  private static let types = ["Conv", "ConvTranspose"]

  /// What a file asks for: a whole configuration, or its part for the algorithm.
  static func demand(_ root: LocatedJSON) throws(ConfigurationError) -> PruningDemand {
    var demand = PruningDemand(file: root.file)
    let algorithm = try algorithm(root, &demand)
    let members = try algorithm.members(algorithmKeys)
    let name = try members.required("algorithm")
    guard try name.string() == pruning else { throw name.error(expected: quoted(pruning)) }
    let parameters = try members["params"]?.members(parameterKeys)
    let isGlobal = try parameters?["all_weights"]?.boolean() ?? false
    let targets = try scopes(members["target_scopes"])
    if let place = parameters?["pruning_flops_target"] {
      if let other = parameters?["pruning_target"] {
        throw other.error("\"pruning_target\" and \"pruning_flops_target\" exclude each other")
      }
      let share = try place.number(expected: "a number above 0 and below 1 (share of the FLOPs that goes)") {
        $0 > 0 && $0 < 1
      }
      demand.target = SearchConfiguration.Target(.compressionRatio(1 / (1 - share)), in: .flops)
      if isGlobal || !targets.isEmpty {
        add(.search(maxSparsity: isGlobal ? largestShare : 1), targets, to: &demand)
      }
      if !isGlobal {
        demand.remark(
          "NNCF takes the same share of every layer until the FLOPs are met; here a search chooses the shares")
      }
    } else {
      let share = try parameters?["pruning_target"]?
        .number(expected: "a number from 0 to less than 1 (share of the filters that goes)") { $0 >= 0 && $0 < 1 }
      if share == nil { demand.remark("without a target NNCF prunes \(standardTarget) of the filters") }
      let asked = (share ?? standardTarget) + 0
      add(isGlobal ? .total(sparsity: asked, maxSparsity: nil) : .fix(sparsity: asked), targets, to: &demand)
      if isGlobal {
        demand.remark(
          "\"pruning_target\" with \"all_weights\" is a share of all filters; \"total_sparsity\" is one of their weights"
        )
      }
    }
    demand.channelMultiple = filterMultiple
    let ignored = try scopes(members["ignored_scopes"])
    demand.exclude(names: ignored.filter { !$0.isPart }.map(\.name))
    let parts = ignored.filter(\.isPart).map(\.name)
    if !parts.isEmpty { demand.rules.append(LayerRule(opPartialNames: parts, action: .exclude)) }
    try remark(on: members, parameters, &demand)
    return demand
  }

  private static func algorithm(
    _ root: LocatedJSON, _ demand: inout PruningDemand
  ) throws(ConfigurationError) -> LocatedJSON {
    let members = try root.namedMembers(expected: "an NNCF configuration")
    guard let compression = members.first(where: { $0.name == "compression" })?.place else { return root }
    let rest = members.map(\.name).filter { $0 != "compression" }
    if !rest.isEmpty { demand.remark("left out beside \"compression\": \(listed(rest.prefix(12).map(quoted)))") }
    guard case .array = compression.value else { return compression }
    var found: LocatedJSON?
    for place in try compression.elements() {
      if place.value["algorithm"] != .string(pruning) {
        demand.remark("\(place.path) is no filter pruning and is left out")
      } else if found == nil {
        found = place
      } else {
        throw place.error("filter pruning for a second time")
      }
    }
    guard let found else { throw compression.error(expected: "an entry with the algorithm \(quoted(pruning))") }
    return found
  }

  private static func add(_ action: LayerRule.Action, _ scopes: [NNCFScope], to demand: inout PruningDemand) {
    let names = scopes.filter { !$0.isPart }.map(\.name)
    let parts = scopes.filter(\.isPart).map(\.name)
    demand.rules.append(
      LayerRule(opTypes: scopes.isEmpty ? types : [], opNames: names, opPartialNames: parts, action: action))
  }

  private static func scopes(_ place: LocatedJSON?) throws(ConfigurationError) -> [NNCFScope] {
    guard let place else { return [] }
    if case .string = place.value { return [try NNCFScope(place)] }
    var scopes: [NNCFScope] = []
    for element in try place.elements(expected: "a scope or an array of scopes") {
      scopes.append(try NNCFScope(element))
    }
    return scopes
  }

  /// Says what has no counterpart.
  private static func remark(
    on members: LocatedMembers, _ parameters: LocatedMembers?, _ demand: inout PruningDemand
  ) throws(ConfigurationError) {
    for key in ["pruning_init", "initializer"] where members[key] != nil {
      demand.remark("\(quoted(key)) has no counterpart and is left out")
    }
    let training = [
      "filter_importance", "pruning_steps", "schedule", "num_init_steps", "interlayer_ranking_type",
      "save_ranking_coeffs_path", "load_ranking_coeffs_path", "legr_params", "prune_batch_norms",
    ].filter { parameters?[$0] != nil }
    if !training.isEmpty {
      demand.remark(
        "\(listed(training.map(quoted))) \(training.count == 1 ? "has" : "have") no counterpart and \(training.count == 1 ? "is" : "are") left out"
      )
    }
    var kept: [String] = []
    for (key, layers) in [
      ("prune_first_conv", "the first convolution"), ("prune_downsample_convs", "convolutions that downsample"),
    ] where try parameters?[key]?.boolean() != true { kept.append(layers) }
    if !kept.isEmpty {
      demand.remark("NNCF leaves \(listed(kept)) as they are; name them in an entry with \"exclude\" for the same here")
    }
  }
}

// MARK: Writing

extension NNCFConfiguration {
  /// Filters that NNCF keeps.
  static func keptFilters(of count: Int, pruning share: Double) -> Int {
    let kept = Int((Double(count) - Double(count) * share).rounded(.up))
    return min(count, (kept + filterMultiple - 1) / filterMultiple * filterMultiple)
  }

  /// The configuration that asks for the same: one share for all layers but those that keep everything.
  /// - Throws: when layers lose different shares.
  static func text(
    _ demand: PruningDemand, _ naming: LayerNaming, _ remarks: inout [String]
  ) throws(ConfigurationError) -> String {
    let (share, ignored) = try uniform(demand, naming, &remarks)
    var algorithm: JSONObject = ["algorithm": .string(pruning)]
    algorithm["params"] = [
      "pruning_target": .number(share), "pruning_steps": 1, "schedule": "baseline", "prune_first_conv": true,
      "prune_downsample_convs": true,
    ]
    if !ignored.isEmpty {
      algorithm["ignored_scopes"] = .array(ignored.map { .string(NNCFScope.pattern(of: $0) ?? $0) })
    }
    return JSONValue.object(["compression": .object(algorithm)]).text()
  }

  private static func uniform(
    _ demand: PruningDemand, _ naming: LayerNaming, _ remarks: inout [String]
  ) throws(ConfigurationError) -> (share: Double, ignored: [String]) {
    // One share by type, then layers that stay: what NNCF says in so many words.
    if let first = demand.rules.first, case .fix(let share) = first.action, first.opNames.isEmpty,
      first.opPartialNames.isEmpty,
      Set(first.opTypes.flatMap { LayerRule.onnxTypes(of: $0) ?? [] }).isSuperset(of: types),
      demand.rules.dropFirst().allSatisfy({ $0.action == .exclude && $0.opTypes.isEmpty && $0.opPartialNames.isEmpty })
    {
      return (share, demand.rules.dropFirst().flatMap(\.opNames))
    }
    let layers = try demand.named(naming, &remarks)
    let pruned = layers.filter { $0.share > 0 }
    // Equal shares of different widths differ in their last bits.
    guard let first = pruned.first, let other = pruned.first(where: { ($0.share - first.share).magnitude > 1e-9 })
    else {
      let rounded = pruned.filter { layer in
        layer.channels.map { keptFilters(of: $0, pruning: layer.share) != $0 - (layer.pruned ?? 0) } ?? false
      }
      if !rounded.isEmpty {
        remarks.append(
          "NNCF keeps multiples of \(filterMultiple) filters, so more than asked of "
            + listed(rounded.prefix(8).map(\.name)) + (rounded.count > 8 ? " and \(rounded.count - 8) more" : ""))
      }
      if !demand.listsAllLayers { remarks.append("NNCF prunes layers that are not named here, too") }
      return (pruned.map(\.share).max() ?? 0, layers.filter { $0.share == 0 }.map(\.name))
    }
    throw demand.error(
      "NNCF has one ratio for all layers, but \(first.name) loses \(first.share) and \(other.name) \(other.share)")
  }
}
