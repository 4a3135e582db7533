import ArrayFiles
import Channels
import Configuration
import Networks
import Sensitivity

/// What a criterion of the user's is told of a network: `request.json` and the arrays that it names.
struct CriterionRequest {
  /// The name of the protocol, and its version: a program refuses what it does not know.
  static let (name, version) = ("prune-cluster-criterion", 1)

  /// The analysed network, normalisations not folded.
  let network: Network
  let structure: ChannelStructure
  let costs: CostModel
  let plan: ShardPlan
  let configuration: SearchConfiguration
  let model: [FileDigest]
  let measured: PluginMeasurement

  /// Writes all of it.
  func write(to folder: PluginFolder) throws {
    try folder.makeFolder("weights")
    var shapes: [[Int]] = []
    for (index, layer) in structure.layers.enumerated() {
      let filters = LayerFilters(of: layer, in: network)
      let shape = [filters.count, filters.length / max(layer.kernelElements, 1)] + layer.kernel
      shapes.append(shape)
      try folder.write(
        filters.floats.map { NumPyArray(shape: shape, .floats($0)) }
          ?? NumPyArray(shape: shape, .doubles(filters.doubles)), as: weightFile(index))
      if let scale = scale(of: layer) {
        try folder.write(NumPyArray(.doubles(scale)), as: scaleFile(index))
      }
    }
    for input in configuration.sensitivity.inputs { try folder.makeFolder(input.rawValue) }
    for (name, array) in measured.arrays { try folder.write(array, as: name) }
    try folder.write(json(weights: shapes), as: "request.json")
  }

  private func weightFile(_ layer: Int) -> String { "weights/\(layer).npy" }
  private func scaleFile(_ layer: Int) -> String { "weights/\(layer).scale.npy" }

  /// γ of the normalisation that reads a layer's output and nothing else; `nil` where none does.
  private func scale(of layer: Layer) -> [Double]? {
    let readers = network.nodes.filter { $0.inputs.contains(layer.output) }
    guard readers.count == 1, !network.outputs.contains(layer.output),
      case .batchNormalization = readers[0].operation, let id = readers[0].inputs[1],
      let scale = network[id].constant?.doubles, scale.count == layer.outputs
    else { return nil }
    return scale
  }

  /// - Parameter shapes: of the layers' weights.
  private func json(weights shapes: [[Int]]) -> JSONValue {
    let sensitivity = configuration.sensitivity
    var object: JSONObject = [
      "protocol": .string(CriterionRequest.name), "version": .integer(CriterionRequest.version),
      "unit": .string(sensitivity.unit.rawValue),
    ]
    let path = PluginProgram.absolute(configuration.model.path)
    object["network"] = [
      "name": .string(network.name), "model": .string(path),
      "sha256": .string(model.first?.sha256 ?? ""),
    ]
    object["layers"] = .array(zip(structure.layers.indices, shapes).map(layer))
    object["groups"] = .array(structure.groups.map(group))
    if !sensitivity.inputs.isEmpty {
      object["rows"] = [
        "samples": .array(plan.groupSamples.map(JSONValue.integer)),
        "channels": .integer(channelPlaces.last?.upperBound ?? 0),
        "units": .integer(unitPlaces.last?.upperBound ?? 0),
      ]
    }
    for input in sensitivity.inputs {
      object[input.rawValue] = .object(measured.names(of: input))
    }
    return .object(object)
  }

  /// Per layer where its channels stand among those of all layers.
  private var channelPlaces: [Range<Int>] { SensitivityLayout(structure).layers }

  /// Per group where its units stand among those of all groups.
  private var unitPlaces: [Range<Int>] {
    let layout = SensitivityLayout(structure)
    return layout.groups.map { $0.lowerBound - layout.units.lowerBound..<$0.upperBound - layout.units.lowerBound }
  }

  private func layer(_ index: Int, weights shape: [Int]) -> JSONValue {
    let layer = structure.layers[index]
    var object: JSONObject = [
      "layer": .integer(index), "name": .string(layer.name), "op_type": .string(layer.opType),
      "outputs": .integer(layer.outputs), "inputs": .integer(layer.inputs),
      "kernel": .array(layer.kernel.map(JSONValue.integer)),
      "convolution_groups": .integer(layer.convolutionGroups), "depthwise": .boolean(layer.isDepthwise),
      "output_shape": .array(layer.outputShape.map(JSONValue.integer)),
      "first_channel": .integer(channelPlaces[index].lowerBound),
    ]
    object["weight"] = [
      "name": .string(layer.weight), "file": .string(weightFile(index)),
      "shape": .array(shape.map(JSONValue.integer)),
    ]
    object["scale"] = scale(of: layer).map { _ in .string(scaleFile(index)) } ?? .null
    var own = JSONObject()
    for metric in CostMetric.allCases {
      own[metric.rawValue] = .integer(costs.cost(ofLayer: index, metric, kept: costs.unitCounts))
    }
    object["costs"] = .object(own)
    return .object(object)
  }

  private func group(_ group: ChannelGroup) -> JSONValue {
    var object: JSONObject = [
      "group": .integer(group.id), "name": .string(group.title), "units": .integer(group.unitCount),
      "first_unit": .integer(unitPlaces[group.id].lowerBound), "prunable": .boolean(group.isPrunable),
    ]
    object["reason"] = group.reason.map { .string("\($0)") } ?? .null
    var (makers, passers, readers): ([JSONValue], [JSONValue], [JSONValue]) = ([], [], [])
    for (index, layer) in structure.layers.enumerated() {
      if let channels = channels(layer.outputUnits, of: group) {
        let entry: JSONValue = ["layer": .integer(index), "channels": channels]
        if layer.isDepthwise { passers.append(entry) } else { makers.append(entry) }
      }
      if !layer.isDepthwise, let channels = channels(layer.inputUnits, of: group) {
        readers.append(["layer": .integer(index), "channels": channels])
      }
    }
    object["made_by"] = .array(makers)
    object["passed_by"] = .array(passers)
    object["read_by"] = .array(readers)
    object["partitions"] = .array(
      group.partitions.map { .array($0.map { .array($0.map(JSONValue.integer)) }) })
    return .object(object)
  }

  /// By unit of a group the channels of a layer that are its own; `nil` where none are.
  private func channels(_ units: [UnitReference?], of group: ChannelGroup) -> JSONValue? {
    guard units.contains(where: { $0?.group == group.id }) else { return nil }
    var channels = [[JSONValue]](repeating: [], count: group.unitCount)
    for (channel, unit) in units.enumerated() {
      if let unit, unit.group == group.id { channels[unit.unit].append(.integer(channel)) }
    }
    return .array(channels.map { .array($0) })
  }
}

extension ChannelGroup {
  /// What it is called: like the first layer that makes it, or by its number.
  var title: String { members.first?.name ?? "\(id)" }
}

extension ShardPlan {
  /// The samples of every group of shards.
  var groupSamples: [Int] {
    var samples = [Int](repeating: 0, count: groupCount)
    for shard in shards.indices { samples[group(of: shard)] += self.samples(of: shard).count }
    return samples
  }
}

/// What was measured for a criterion of the user's: one row per group of shards, in their order.
struct PluginMeasurement: Sendable {
  /// What the network does on the samples; `nil` where it was not run with a loss.
  struct Whole: Sendable {
    let meanLoss: Double
    let accuracy: Double?
  }

  /// Samples run; 0 where none were.
  var samples = 0
  var whole: Whole?
  /// The files with their content.
  private(set) var arrays: [(name: String, array: NumPyArray)] = []

  /// Takes an array of rows.
  mutating func add(_ input: SearchConfiguration.Sensitivity.PluginInput, _ name: String, rows: [[Double]]) {
    arrays.append(
      (
        "\(input.rawValue)/\(name).npy",
        NumPyArray(shape: [rows.count, rows.first?.count ?? 0], .doubles(rows.flatMap { $0 }))
      ))
  }

  /// The files of an input by what they hold.
  func names(of input: SearchConfiguration.Sensitivity.PluginInput) -> JSONObject {
    let folder = "\(input.rawValue)/"
    var object = JSONObject()
    for (name, _) in arrays where name.hasPrefix(folder) {
      object[String(name.dropFirst(folder.count).dropLast(".npy".count))] = .string(name)
    }
    return object
  }
}
