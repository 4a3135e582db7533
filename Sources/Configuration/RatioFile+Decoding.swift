extension RatioFile {
  /// What a file holds.
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - file: what errors call it.
  /// - Throws: what is wrong and where, at the first place that is wrong.
  public init(parsing bytes: [UInt8], file: String) throws(ConfigurationError) {
    let root = LocatedJSON(root: try JSONValue(parsing: bytes, file: file), file: file)
    self.file = file
    switch root.value {
    case .array:
      model = nil
      content = .rules(try Self.rules(root))
    case .object(let object) where Self.isDocument(object):
      let members = try root.members(ConfigurationKeys.ratioDocument)
      _ = try members["format_version"]?.integer(in: 1...1, expected: "1, the only version that is read")
      model = try Model(members["model"])
      content = try Self.document(members.required("layers"))
    case .object:
      model = nil
      content = try Self.map(root)
    default:
      throw root.error(
        expected: "a ratios.json, an object from names of layers to ratios or to channels, or an array of entries "
          + "like those of \"config_list\"")
    }
  }

  /// Whether an object is a `ratios.json`, whole or in part; a layer may be called "layers", but has no objects.
  private static func isDocument(_ object: JSONObject) -> Bool {
    if object["format_version"] != nil { return true }
    guard case .array(let layers) = object["layers"] else { return false }
    return layers.allSatisfy { if case .object = $0 { true } else { false } }
  }

  private static func rules(_ root: LocatedJSON) throws(ConfigurationError) -> LayerRuleList {
    let rules = try LayerRule.rules(root)
    if let index = rules.firstIndex(where: \.onlyLimits) {
      throw try root.elements()[index].error(
        "\"max_sparsity_per_layer\" limits a search; here an entry has \"sparsity_per_layer\", \"total_sparsity\" or "
          + "\"exclude\"")
    }
    guard rules.contains(where: \.setsSparsity) else {
      throw root.error(
        "nothing says how much to prune: expected an entry with \"sparsity_per_layer\" or \"total_sparsity\"")
    }
    return LayerRuleList(file: root.file, path: root.path, rules: rules)
  }
}

extension RatioFile.Model {
  fileprivate init?(_ place: LocatedJSON?) throws(ConfigurationError) {
    guard let place else { return nil }
    let members = try place.members(ConfigurationKeys.ratioModel)
    name = try members["name"]?.string()
    guard let digest = members["sha256"] else {
      sha256 = nil
      return
    }
    let expected = "a SHA-256, 64 hexadecimal digits"
    let text = try digest.string(expected: expected)
    guard text.utf8.count == 64, text.utf8.allSatisfy(Self.isHexadecimal) else {
      throw digest.error(expected: expected)
    }
    sha256 = text.lowercased()
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}

// MARK: The layers of a ratios.json

extension RatioFile {
  /// How a ratio may differ from channels that go ÷ channels: what rounding to six decimals does.
  private static let ratioTolerance = 1e-6

  private static func document(_ list: LocatedJSON) throws(ConfigurationError) -> Content {
    let places = try list.elements(expected: "an array of at least one layer", allowsNone: false)
    var layers: [(place: LocatedJSON, members: LocatedMembers)] = []
    for place in places { layers.append((place, try place.members(ConfigurationKeys.ratioLayer))) }
    let areChannelsListed = layers[0].members["pruned_channels"] != nil
    var results: [Entry<[Int]>] = []
    var ratios: [Entry<Double>] = []
    for (place, members) in layers {
      guard (members["pruned_channels"] != nil) == areChannelsListed else {
        throw place.error(
          areChannelsListed
            ? "the key \"pruned_channels\" is missing, which \(layers[0].place.path) has; all layers have it or none"
            : "has \"pruned_channels\", which \(layers[0].place.path) does not have; all layers have it or none")
      }
      let name = try members.required("name").string(expected: "the name of a layer")
      let opType = try members["op_type"]?.string()
      let ratio = try Self.ratio(members.required("prune_ratio"))
      guard let listed = members["pruned_channels"] else {
        let channels = try members["channels"]?.integer(in: SearchConfiguration.SampleData.counts)
        ratios.append(Entry(path: place.path, name: name, opType: opType, channels: channels, share: ratio))
        continue
      }
      let channels = try members.required("channels").integer(in: SearchConfiguration.SampleData.counts)
      let indices = try ascending(listed, channels: channels)
      let share = Double(indices.count) / Double(channels)
      guard (ratio - share).magnitude <= ratioTolerance else {
        throw try members.required("prune_ratio")
          .error("expected \(share), as \(indices.count) of \(channels) channels are listed, found the number \(ratio)")
      }
      results.append(Entry(path: place.path, name: name, opType: opType, channels: channels, share: indices))
    }
    return areChannelsListed ? .result(results) : .ratios(ratios)
  }

  private static func ratio(_ place: LocatedJSON) throws(ConfigurationError) -> Double {
    // Adding zero turns -0.0 into 0.0.
    try place.number(expected: "a number from 0 to less than 1 (channels that go ÷ channels)") { $0 >= 0 && $0 < 1 } + 0
  }

  private static func ascending(_ list: LocatedJSON, channels: Int) throws(ConfigurationError) -> [Int] {
    var indices: [Int] = []
    for place in try list.elements(expected: "an array of channels") {
      let index = try place.integer(in: 0...channels - 1, expected: "a channel, an integer from 0 to \(channels - 1)")
      if let last = indices.last, index <= last {
        throw place.error("expected a channel above \(last), as they ascend, found the number \(index)")
      }
      indices.append(index)
    }
    guard indices.count < channels else { throw list.error("takes all \(channels) channels; one at least must stay") }
    return indices
  }
}

// MARK: Objects by the names of layers

extension RatioFile {
  private static func map(_ root: LocatedJSON) throws(ConfigurationError) -> Content {
    let members = try root.namedMembers(expected: "at least one layer", allowsNone: false)
    for (name, place) in members where name.isEmpty { throw place.error("the name of a layer cannot be empty") }
    if case .integer = members[0].place.value { return .ratios(try ratios(members)) }
    if case .number = members[0].place.value { return .ratios(try ratios(members)) }
    return .channels(try channels(members))
  }

  private static func ratios(
    _ members: [(name: String, place: LocatedJSON)]
  ) throws(ConfigurationError) -> [Entry<Double>] {
    var entries: [Entry<Double>] = []
    for (name, place) in members {
      entries.append(Entry(path: place.path, name: name, opType: nil, channels: nil, share: try ratio(place)))
    }
    return entries
  }

  private static func channels(
    _ members: [(name: String, place: LocatedJSON)]
  ) throws(ConfigurationError) -> [Entry<ChannelList>] {
    var entries: [Entry<ChannelList>] = []
    for (name, place) in members {
      entries.append(
        Entry(path: place.path, name: name, opType: nil, channels: nil, share: try ChannelList(place)))
    }
    return entries
  }
}

extension RatioFile.ChannelList {
  private static let highestAxis = 7

  /// Reads `[channel, …]` or `{ "axis": [channel, …] }`.
  fileprivate init(_ place: LocatedJSON) throws(ConfigurationError) {
    guard case .object = place.value else {
      axis = nil
      indices = try Self.distinct(place)
      return
    }
    let axes = try place.namedMembers(expected: "an axis of the weight with its channels", allowsNone: false)
    guard let axis = Int(axes[0].name), (0...Self.highestAxis).contains(axis) else {
      throw axes[0].place.error("expected an axis of the weight, \"0\" to \"\(Self.highestAxis)\"")
    }
    guard axes.count == 1 else {
      throw axes[1].place.error("expected one axis, that of the output channels; inputs go with what makes them")
    }
    self.axis = axis
    indices = try Self.distinct(axes[0].place)
  }

  private static func distinct(_ list: LocatedJSON) throws(ConfigurationError) -> [Int] {
    let expected = "an array of channels, or an object from the axis of a weight to them"
    var indices: [Int] = []
    var seen: Set<Int> = []
    for place in try list.elements(expected: expected) {
      let index = try place.integer(
        in: 0...SearchConfiguration.SampleData.counts.upperBound, expected: "a channel, an integer of at least 0")
      guard seen.insert(index).inserted else { throw place.error("lists channel \(index) for a second time") }
      indices.append(index)
    }
    return indices
  }
}
