package import Configuration

// MARK: Writing

extension PrunableNetwork {
  /// The content of `request.json`.
  package var request: JSONValue {
    var object = PluginProtocol.criterion.head
    object["unit"] = .string(unit.rawValue)
    object["network"] = ["name": .string(name), "model": .string(model), "sha256": .string(sha256)]
    object["layers"] = .array(layers.map(\.json))
    object["groups"] = .array(groups.map(\.json))
    if !rowSamples.isEmpty {
      object["rows"] = [
        "samples": .array(rowSamples.map(JSONValue.integer)), "channels": .integer(channelCount),
        "units": .integer(unitCount),
      ]
    }
    for quantity in Quantity.allCases {
      guard let array = measured[quantity] else { continue }
      var files = object[quantity.input] ?? .object([:])
      files[quantity.rawValue] = .string(array.file)
      object[quantity.input] = files
    }
    return .object(object)
  }
}

extension PrunableNetwork.Layer {
  fileprivate var json: JSONValue {
    var costs = JSONObject()
    for metric in PrunableNetwork.Metric.allCases { costs[metric.rawValue] = .integer(cost(metric)) }
    return [
      "layer": .integer(index), "name": .string(name), "op_type": .string(opType),
      "outputs": .integer(outputs), "inputs": .integer(inputs), "kernel": .array(kernel.map(JSONValue.integer)),
      "convolution_groups": .integer(convolutionGroups), "depthwise": .boolean(isDepthwise),
      "output_shape": .array(outputShape.map(JSONValue.integer)), "first_channel": .integer(firstChannel),
      "weight": [
        "name": .string(weightName), "file": .string(weight.file),
        "shape": .array(weight.shape.map(JSONValue.integer)),
      ],
      "scale": scale.map { .string($0.file) } ?? .null, "costs": .object(costs),
    ]
  }
}

extension PrunableNetwork.Group {
  fileprivate var json: JSONValue {
    [
      "group": .integer(index), "name": .string(name), "units": .integer(unitCount),
      "first_unit": .integer(firstUnit), "prunable": .boolean(isPrunable),
      "reason": reason.map(JSONValue.string) ?? .null, "made_by": .array(madeBy.map(\.json)),
      "passed_by": .array(passedBy.map(\.json)), "read_by": .array(readBy.map(\.json)),
      "partitions": .array(partitions.map { .array($0.map { .array($0.map(JSONValue.integer)) }) }),
    ]
  }
}

extension PrunableNetwork.Membership {
  fileprivate var json: JSONValue {
    ["layer": .integer(layer), "channels": .array(channels.map { .array($0.map(JSONValue.integer)) })]
  }
}

// MARK: Reading

extension PrunableNetwork {
  /// Reads a request.
  /// - Parameter folder: where the arrays are.
  /// - Throws: `ConfigurationError` when it is none of this version, or names what is not there.
  package init(_ root: LocatedJSON, in folder: String) throws {
    let members = try RequestMembers(root)
    try PluginProtocol.criterion.check(name: members.required("protocol"), version: members.required("version"))
    let about = try RequestMembers(members.required("network"))
    let places = try members.required("layers").elements()
    var layers: [Layer] = []
    var channels = 0
    for place in places {
      layers.append(try Layer(place, index: layers.count, firstChannel: channels, in: folder))
      channels += layers.last?.outputs ?? 0
    }
    var groups: [Group] = []
    var units = 0
    for place in try members.required("groups").elements() {
      groups.append(try Group(place, index: groups.count, firstUnit: units, of: layers))
      units += groups.last?.unitCount ?? 0
    }
    var samples: [Int] = []
    if let place = members.optional("rows") {
      let rows = try RequestMembers(place)
      samples = try rows.required("samples").list { try $0.integer(in: 1...Int(Int32.max)) }
      _ = try rows.required("channels").integer(
        in: channels...channels, expected: "the outputs of all layers, \(channels)")
      _ = try rows.required("units").integer(in: units...units, expected: "the units of all groups, \(units)")
    }
    var measured: [Quantity: StoredArray] = [:]
    for quantity in Quantity.allCases {
      guard let input = members.optional(quantity.input) else { continue }
      guard !samples.isEmpty else { throw input.error("there are no rows, expected \"rows\" beside it") }
      measured[quantity] = try StoredArray(
        RequestMembers(input).required(quantity.rawValue),
        shape: [samples.count, quantity.isByUnit ? units : channels], in: folder)
    }
    self.init(
      name: try about.required("name").string(), model: try about.required("model").string(),
      sha256: try about.required("sha256").string(), unit: try members.required("unit").choice(), layers: layers,
      groups: groups, rowSamples: samples, measured: measured)
  }
}

extension PrunableNetwork.Layer {
  fileprivate init(_ place: LocatedJSON, index: Int, firstChannel: Int, in folder: String) throws {
    let members = try RequestMembers(place)
    try members.check("layer", is: index)
    let outputs = try members.required("outputs").count()
    _ = try members.required("first_channel").integer(
      in: firstChannel...firstChannel, expected: "the outputs of all layers in front, \(firstChannel)")
    let weight = try RequestMembers(members.required("weight"))
    let costs = try RequestMembers(members.required("costs"))
    self.init(
      index: index, name: try members.required("name").string(), opType: try members.required("op_type").string(),
      outputs: outputs, inputs: try members.required("inputs").count(),
      kernel: try members.required("kernel").list { try $0.count() },
      convolutionGroups: try members.required("convolution_groups").count(),
      isDepthwise: try members.required("depthwise").boolean(),
      outputShape: try members.required("output_shape").list { try $0.count() },
      weightName: try weight.required("name").string(),
      weight: try StoredArray(
        weight.required("file"), shape: Self.shape(weight.required("shape"), outputs: outputs), in: folder),
      scale: try members.optional("scale").map { try StoredArray($0, shape: [outputs], in: folder) },
      firstChannel: firstChannel,
      costs: Dictionary(
        uniqueKeysWithValues: try PrunableNetwork.Metric.allCases.map {
          ($0, try costs.required($0.rawValue).integer(in: 0...Int.max))
        }))
  }

  /// Extents whose product can be counted.
  private static func shape(_ place: LocatedJSON, outputs: Int) throws -> [Int] {
    let shape = try place.list { try $0.count() }
    guard shape.count > 1, shape[0] == outputs else {
      throw place.error("expected \(outputs) outputs × inputs × kernel")
    }
    var count = 1
    for extent in shape {
      let product = count.multipliedReportingOverflow(by: max(extent, 1))
      guard !product.overflow else { throw place.error("too many elements") }
      count = product.partialValue
    }
    return shape
  }
}

extension PrunableNetwork.Group {
  fileprivate init(_ place: LocatedJSON, index: Int, firstUnit: Int, of layers: [PrunableNetwork.Layer]) throws {
    let members = try RequestMembers(place)
    try members.check("group", is: index)
    let units = try members.required("units").count()
    _ = try members.required("first_unit").integer(
      in: firstUnit...firstUnit, expected: "the units of all groups in front, \(firstUnit)")
    func memberships(
      _ key: String, channels: (PrunableNetwork.Layer) -> Int
    ) throws -> [PrunableNetwork.Membership] {
      try members.required(key).list { place in
        let members = try RequestMembers(place)
        let layer = try members.required("layer").index(among: layers.count, "layer")
        let list = try members.required("channels")
        let own = try list.list { try $0.list { try $0.index(among: channels(layers[layer]), "channel") } }
        guard own.count == units else {
          throw list.error("expected the channels of \(units) units, found \(own.count)")
        }
        return PrunableNetwork.Membership(layer: layer, channels: own)
      }
    }
    self.init(
      index: index, name: try members.required("name").string(), unitCount: units, firstUnit: firstUnit,
      isPrunable: try members.required("prunable").boolean(), reason: try members.optional("reason")?.string(),
      madeBy: try memberships("made_by") { $0.outputs }, passedBy: try memberships("passed_by") { $0.outputs },
      readBy: try memberships("read_by") { $0.inputs },
      partitions: try members.required("partitions").list {
        try $0.list { try $0.list { try $0.index(among: units, "unit") } }
      })
  }
}
