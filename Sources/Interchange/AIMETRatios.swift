import Configuration

/// The ratios of modules that AIMET's compression has chosen or is given, as its users write them to JSON.
///
/// AIMET's ratio is the share of a layer's cost that is kept. Its channel pruning reaches it by removing *inputs* of the layer; which
/// layers make those, the file does not tell. Here the same share of that layer's cost is kept by removing its outputs.
enum AIMETRatios {
  /// What a file asks for: pairs, objects with `module` and `comp_ratio`, or an object from modules to ratios; `null` is untouched.
  static func demand(_ root: LocatedJSON) throws(ConfigurationError) -> PruningDemand {
    var demand = PruningDemand(file: root.file)
    var entries: [(name: String, ratio: LocatedJSON)] = []
    if case .object = root.value {
      entries = try root.namedMembers(expected: "at least one module", allowsNone: false).map { ($0.name, $0.place) }
    } else {
      let expected = "an array of [module, ratio], or an object from modules to ratios"
      for place in try root.elements(expected: expected, allowsNone: false) { entries.append(try pair(place)) }
    }
    var seen: Set<String> = []
    var untouched: [String] = []
    for (name, place) in entries {
      guard !name.isEmpty else { throw place.error("the name of a module cannot be empty") }
      guard seen.insert(name).inserted else { throw place.error("\(quoted(name)) has a second ratio") }
      let share = rest(try ratio(place) ?? 1)
      // A kept share below what 1 − kept can hold would take every channel.
      guard share < 1 else { throw place.error("keeps nothing of the layer; one channel at least must stay") }
      if share > 0 {
        demand.rules.append(LayerRule(opNames: [name], action: .fix(sparsity: share)))
      } else {
        untouched.append(name)
      }
    }
    demand.exclude(names: untouched)
    demand.remark(
      "AIMET keeps that share of a layer's inputs; what makes them is not in the file, so the share of its outputs is kept "
        + "instead, which costs the layer as much")
    return demand
  }

  private static func pair(_ place: LocatedJSON) throws(ConfigurationError) -> (name: String, ratio: LocatedJSON) {
    if case .object = place.value {
      let members = try place.members(["module", "comp_ratio"])
      return (
        try members.required("module").string(expected: "the name of a module"), try members.required("comp_ratio")
      )
    }
    let expected = "[module, ratio], or an object with \"module\" and \"comp_ratio\""
    let elements = try place.elements(expected: expected)
    guard elements.count == 2 else { throw place.error(expected: expected) }
    return (try elements[0].string(expected: "the name of a module"), elements[1])
  }

  /// The share that is kept; `nil` where the layer stays as it is.
  private static func ratio(_ place: LocatedJSON) throws(ConfigurationError) -> Double? {
    let expected = "a number greater than 0 and at most 1 (cost that is kept ÷ cost), or null"
    switch place.value {
    case .null: return nil
    // Python's Decimal, which AIMET keeps ratios in, comes out of `json.dumps(…, default=str)` as a string.
    case .string(let text):
      guard let ratio = TextProtoParser.number(text), ratio > 0, ratio <= 1 else {
        throw place.error(expected: expected)
      }
      return ratio
    default: return try place.number(expected: expected) { $0 > 0 && $0 <= 1 }
    }
  }

  /// What a kept share leaves to go, as the short decimal that it is meant to be: 0.1 where 1 − 0.9 has an error in its last bits.
  private static func rest(_ kept: Double) -> Double {
    let exact = 1 - kept
    let decimal = (exact * 1e12).rounded() / 1e12
    return (decimal - exact).magnitude < 1e-15 ? decimal : exact
  }

  /// Pairs of modules and kept shares.
  static func text(_ layers: [LayerRatio], _ remarks: inout [String]) -> String {
    remarks.append(
      "the ratios are the shares of outputs that each layer keeps; AIMET's channel pruning takes inputs of the layer by them"
    )
    return JSONValue.array(
      layers.map { .array([.string($0.name), $0.share == 0 ? .null : .number($0.keptShare)]) }
    ).text()
  }
}
