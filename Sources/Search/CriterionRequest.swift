import ArrayFiles
import Channels
import Configuration
import Networks
import PruneClusterPlugins
import Sensitivity

/// What a criterion of the user's is told of a network: `request.json` and the arrays that it names.
struct CriterionRequest {
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
    var layers: [PrunableNetwork.Layer] = []
    for (index, layer) in structure.layers.enumerated() {
      let filters = LayerFilters(of: layer, in: network)
      let shape = [filters.count, filters.length / max(layer.kernelElements, 1)] + layer.kernel
      let weight = StoredArray(file: "weights/\(index).npy", shape: shape)
      try folder.write(
        filters.floats.map { NumPyArray(shape: shape, .floats($0)) }
          ?? NumPyArray(shape: shape, .doubles(filters.doubles)), as: weight.file)
      var scale: StoredArray?
      if let values = self.scale(of: layer) {
        let array = StoredArray(file: "weights/\(index).scale.npy", shape: [values.count])
        try folder.write(NumPyArray(.doubles(values)), as: array.file)
        scale = array
      }
      layers.append(description(of: layer, index, weight: weight, scale: scale))
    }
    for input in configuration.sensitivity.inputs { try folder.makeFolder(input.rawValue) }
    for (file, array) in measured.files { try folder.write(array, as: file) }
    try folder.write(description(layers).request, as: PluginProtocol.criterion.requestFile)
  }

  /// γ of the normalisation that reads a layer's output and nothing else; `nil` where none does.
  private func scale(of layer: Layer) -> [Double]? {
    let readers = network.nodes.filter { $0.inputs.contains(layer.output) }
    guard readers.count == 1, !network.outputs.contains(layer.output),
      case .batchNormalization = readers[0].operation, let id = readers[0].inputs[1],
      let scale = network[id].constant?.doubles, scale.count == layer.outputs
    else { return nil }
    return scale
  }

  private func description(_ layers: [PrunableNetwork.Layer]) -> PrunableNetwork {
    let sensitivity = configuration.sensitivity
    return PrunableNetwork(
      name: network.name, model: PluginProgram.absolute(configuration.model.path), sha256: model.first?.sha256 ?? "",
      unit: ScoreUnit(sensitivity.unit), layers: layers, groups: structure.groups.map(description),
      rowSamples: sensitivity.inputs.isEmpty ? [] : plan.groupSamples, measured: measured.arrays)
  }

  private func description(
    of layer: Layer, _ index: Int, weight: StoredArray, scale: StoredArray?
  ) -> PrunableNetwork.Layer {
    PrunableNetwork.Layer(
      index: index, name: layer.name, opType: layer.opType, outputs: layer.outputs, inputs: layer.inputs,
      kernel: layer.kernel, convolutionGroups: layer.convolutionGroups, isDepthwise: layer.isDepthwise,
      outputShape: layer.outputShape, weightName: layer.weight, weight: weight, scale: scale,
      firstChannel: structure.layers[..<index].reduce(0) { $0 + $1.outputs },
      costs: Dictionary(
        uniqueKeysWithValues: PrunableNetwork.Metric.allCases.map {
          ($0, costs.cost(ofLayer: index, CostMetric($0), kept: costs.unitCounts))
        }))
  }

  private func description(of group: ChannelGroup) -> PrunableNetwork.Group {
    var makers: [PrunableNetwork.Membership] = []
    var (passers, readers) = (makers, makers)
    for (index, layer) in structure.layers.enumerated() {
      if let channels = channels(layer.outputUnits, of: group) {
        let share = PrunableNetwork.Membership(layer: index, channels: channels)
        if layer.isDepthwise { passers.append(share) } else { makers.append(share) }
      }
      if !layer.isDepthwise, let channels = channels(layer.inputUnits, of: group) {
        readers.append(PrunableNetwork.Membership(layer: index, channels: channels))
      }
    }
    return PrunableNetwork.Group(
      index: group.id, name: group.title, unitCount: group.unitCount,
      firstUnit: structure.groups[..<group.id].reduce(0) { $0 + $1.unitCount }, isPrunable: group.isPrunable,
      reason: group.reason.map { "\($0)" }, madeBy: makers, passedBy: passers, readBy: readers,
      partitions: group.partitions)
  }

  /// By unit of a group the channels of a layer that are its own; `nil` where none are.
  private func channels(_ units: [UnitReference?], of group: ChannelGroup) -> [[Int]]? {
    guard units.contains(where: { $0?.group == group.id }) else { return nil }
    var channels = [[Int]](repeating: [], count: group.unitCount)
    for (channel, unit) in units.enumerated() {
      if let unit, unit.group == group.id { channels[unit.unit].append(channel) }
    }
    return channels
  }
}

extension ScoreUnit {
  /// What a configuration calls it.
  init(_ unit: SearchConfiguration.Sensitivity.Unit) {
    switch unit {
    case .score: self = .score
    case .loss: self = .loss
    }
  }
}

extension CostMetric {
  fileprivate init(_ metric: PrunableNetwork.Metric) {
    switch metric {
    case .bitComplexity: self = .bitComplexity
    case .flops: self = .flops
    case .macs: self = .macs
    case .parameters: self = .params
    case .memory: self = .memory
    case .activationMemory: self = .activationMemory
    }
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
  private(set) var files: [(name: String, array: NumPyArray)] = []
  /// What the files are.
  private(set) var arrays: [PrunableNetwork.Quantity: StoredArray] = [:]

  /// Takes an array of rows.
  mutating func add(_ quantity: PrunableNetwork.Quantity, rows: [[Double]]) {
    let shape = [rows.count, rows.first?.count ?? 0]
    let array = StoredArray(file: "\(quantity.input)/\(quantity.rawValue).npy", shape: shape)
    files.append((array.file, NumPyArray(shape: shape, .doubles(rows.flatMap { $0 }))))
    arrays[quantity] = array
  }
}
