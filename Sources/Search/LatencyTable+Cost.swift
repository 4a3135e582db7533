public import Allocation
public import Channels

/// Latency as a cost of networks.
extension LatencyTable {
  /// The latency of a network as a sum of staircases over kept counts, in milliseconds per sample, for an allocator.
  ///
  /// One term per layer, in layer order: the entry of the smallest timed widths that are no smaller than the kept ones.
  /// Kernels take longer for some widths than for wider ones, such as 24 channels than for 32 with vectors of 16; such an
  /// entry counts as the cheapest wider one. Costs then never fall where widths grow; keeping the channels up to the wider
  /// one costs nothing, and where an allocator does so, the cost is what was timed.
  /// - Parameters:
  ///   - costs: of the same structure.
  ///   - model: the model's file, as the command that fills the table takes it.
  /// - Throws: `SearchError` naming the first layer that the table lacks.
  public func terms(for structure: ChannelStructure, _ costs: CostModel, model: String) throws -> [CostTerm] {
    try structure.layers.indices.map { index in
      let grid = try grid(for: structure.layers[index], structure, model: model)
      let table = try WidthTable(
        lefts: grid.inputs.map(Double.init), rights: grid.outputs.map(Double.init),
        values: grid.leastOfWider.map { $0.map(Double.init) })
      let cost = costs.layers[index]
      return CostTerm(
        coefficient: millisecondsPerNanosecond, table: table, left: cost.inputs.form, right: cost.outputs.form)
    }
  }

  /// What each layer takes at kept counts by group, in milliseconds per sample: the entry of the smallest timed widths that
  /// are no smaller than the kept ones, as it was timed.
  /// - Throws: as `terms`.
  public func layerMilliseconds(
    _ structure: ChannelStructure, _ costs: CostModel, model: String, kept: [Int]
  ) throws -> [Double] {
    try structure.layers.indices.map { index in
      let cost = costs.layers[index]
      let time = try grid(for: structure.layers[index], structure, model: model)
        .time(inputs: cost.inputs.count(kept: kept), outputs: cost.outputs.count(kept: kept))
      return millisecondsPerNanosecond * Double(time)
    }
  }

  /// The latency of a network at kept counts by group, in milliseconds per sample.
  /// - Throws: as `terms`.
  public func milliseconds(
    _ structure: ChannelStructure, _ costs: CostModel, model: String, kept: [Int]
  ) throws -> Double {
    try layerMilliseconds(structure, costs, model: model, kept: kept).reduce(0, +)
  }

  private var millisecondsPerNanosecond: Double { 1e-6 / Double(machine.batchSize) }

  /// A layer's times, those of all widths that it can have.
  private func grid(
    for layer: Layer, _ structure: ChannelStructure, model: String
  ) throws -> LatencyGrid {
    let shape = LayerShape(layer)
    func lacking(_ what: String) -> SearchError {
      SearchError(
        .badContent, file: file,
        "\(what) layer '\(layer.name)' (\(shape)): fill it with `prune-cluster profile \(model) --output \(file)`")
    }
    guard count(of: shape) > 0 else { throw lacking("has no times of") }
    guard let grid = grid(of: shape) else { throw lacking("lacks times of the full width of") }
    let canShrink = structure.canShrink(layer)
    let (inputUnits, outputUnits) = (shape.fullInputs / shape.units.inputs, shape.outputs / shape.units.outputs)
    guard !canShrink.inputs || inputUnits == 1 || grid.inputs.count > 1,
      !canShrink.outputs || outputUnits == 1 || grid.outputs.count > 1
    else { throw lacking("has times of the full width only, of a side that can be pruned, of") }
    return grid
  }
}

extension ChannelStructure {
  /// Whether channels of a layer's sides can go; the input side of a depthwise layer counts one channel and cannot.
  func canShrink(_ layer: Layer) -> (inputs: Bool, outputs: Bool) {
    func isFree(_ units: [UnitReference?]) -> Bool {
      units.contains { unit in unit.map { groups[$0.group].isPrunable } ?? false }
    }
    return (!layer.isDepthwise && isFree(layer.inputUnits), isFree(layer.outputUnits))
  }
}
