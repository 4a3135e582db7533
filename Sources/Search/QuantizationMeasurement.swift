import Channels
import Configuration
import Execution
import MessagePassing
import Networks
import Surgery
import WorkSharing

/// Measures how much the loss grows where one layer computes in fewer bits: what a search for bits goes by.
///
/// Weights lie on symmetric grids, one per output channel, that reach its largest weight. What a layer reads lies on one
/// grid that covers the elements observed over the calibration samples: unsigned where none is negative, else symmetric.
struct QuantizationMeasurement {
  let evaluation: VariantEvaluation
  let structure: ChannelStructure

  /// Elements per run that a rank's worker holds of what layers read (256 MiB). Which values are asked for together may
  /// decide what is computed in one step, and so their last bits: it depends on nothing but the network.
  private static let elementLimit = 1 << 26

  /// One variant's place in the table.
  private struct Entry {
    let layer: Int
    let width: Int
    let isWeight: Bool
  }

  /// Measures the layers whose widths are not given by hand; all ranks take part.
  ///
  /// A change that rounds nothing is 0 and is not evaluated.
  /// - Parameters:
  ///   - widths: 2 … 16 bits, ascending.
  ///   - layers: indices of the layers to be measured.
  /// - Returns: the table at rank 0, `nil` elsewhere.
  func table(widths: [Int], layers: [Int]) throws -> QuantizationTable? {
    let ranges = try inputRanges(of: layers)
    var entries: [Entry] = []
    var variants: [NetworkVariant] = [.original]
    for (layer, range) in zip(layers, ranges) {
      let name = structure.layers[layer].name
      for (index, bits) in widths.enumerated() {
        entries.append(Entry(layer: layer, width: index, isWeight: true))
        variants.append(.quantizingWeights(layer: name, bits: bits))
        guard let grid = Quantization.covering(range, bits: bits) else { continue }
        entries.append(Entry(layer: layer, width: index, isWeight: false))
        variants.append(.quantizingInput(layer: name, grid))
      }
    }
    let scores = try evaluation.scores(of: variants, in: .bits)
    guard let scores else { return nil }
    let measured = Set(layers)
    let empty = structure.layers.indices.map { index in
      measured.contains(index) ? [Double](repeating: 0, count: widths.count) : []
    }
    var (weight, activation) = (empty, empty)
    for (entry, score) in zip(entries, scores.dropFirst()) {
      let change = score.loss - scores[0].loss
      if entry.isWeight {
        weight[entry.layer][entry.width] = change
      } else {
        activation[entry.layer][entry.width] = change
      }
    }
    return QuantizationTable(widths: widths, weight: weight, activation: activation)
  }

  /// The smallest and the largest element of what layers read, over all calibration samples; on every rank.
  func inputRanges(of layers: [Int]) throws -> [ClosedRange<Float>] {
    let network = evaluation.subject.network
    let nodes = Dictionary(network.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let read = layers.compactMap { nodes[structure.layers[$0].name]?.inputs[0] }
    precondition(read.count == layers.count, "a layer is no node of the network")
    var extremes: [ValueID: (lowest: Float, highest: Float)] = [:]
    var remaining = Set(read).sorted()[...]
    while !remaining.isEmpty {
      var (values, elements): ([ValueID], Int) = ([], 0)
      while let next = remaining.first, values.isEmpty || elements + network[next].shape.count <= Self.elementLimit {
        values.append(next)
        elements += network[next].shape.count
        remaining.removeFirst()
      }
      for (value, extreme) in zip(values, try extremeElements(of: values)) { extremes[value] = extreme }
    }
    return try zip(layers, read).map { layer, value in
      guard let (lowest, highest) = extremes[value], lowest.isFinite, highest.isFinite else {
        let file = evaluation.subject.configuration.model.path
        throw SearchError(
          .badContent, file: file,
          "node '\(structure.layers[layer].name)' reads values that are not finite on the calibration samples")
      }
      return lowest...highest
    }
  }

  /// The extreme elements of some values, on every rank.
  private func extremeElements(of values: [ValueID]) throws -> [(lowest: Float, highest: Float)] {
    let subject = evaluation.subject
    // What the network is given is at hand without running it.
    let computed = values.filter { !subject.network.inputs.contains($0) }
    let model = try subject.model(
      of: .original, loss: nil, outputs: computed.isEmpty ? subject.network.outputs : computed)
    let elements = values.reduce(0) { $0 + subject.network[$1].shape.count }
    let pool = WorkerPool(count: evaluation.memory.workerCount(beside: elements)) { try model.makeExecutor() }
    let shards = subject.shards
    var total = [Double](repeating: .infinity, count: 2 * values.count)
    let stored = try evaluation.storedPieces { checkpoint, basis in
      try checkpoint.parts(basis, ["extreme elements"] + values.map { subject.network[$0].name })
    }
    let phases = evaluation.session.phases
    phases.begin(.ranges, total: subject.data.sampleCount, unit: "sample")
    try evaluation.session.perform(
      "shard", shards.count, length: total.count, stored: stored, by: pool,
      progress: { phases.advance($0, pieces: shards.count) }
    ) { shard, executor, pulse in
      var packed = [Double](repeating: .infinity, count: 2 * values.count)
      for run in model.runs(shards[shard]) {
        let inputs = try model.batch(run).inputs
        let outputs = try model.run(run, on: executor).outputs
        try pulse.beat()
        for (index, value) in values.enumerated() {
          let elements =
            subject.network.inputs.firstIndex(of: value).map { inputs[$0] }
            ?? outputs[computed.firstIndex(of: value) ?? 0]
          let (lowest, highest) = elements.extremes
          packed[2 * index] = min(packed[2 * index], Double(lowest))
          packed[2 * index + 1] = min(packed[2 * index + 1], -Double(highest))
        }
      }
      return packed
    } combine: { packed in
      for (index, value) in zip(total.indices, packed) { total[index] = min(total[index], value) }
    }
    try evaluation.session.world.broadcast(&total, from: 0)
    return values.indices.map { (Float(total[2 * $0]), Float(-total[2 * $0 + 1])) }
  }
}

extension [Float] {
  /// The smallest and the largest element; not finite where one is not.
  fileprivate var extremes: (lowest: Float, highest: Float) {
    var (lowest, highest, check) = (Float.infinity, -Float.infinity, Float(0))
    for element in self {
      lowest = element < lowest ? element : lowest
      highest = element > highest ? element : highest
      // 0 × what is infinite or no number is no number.
      check += 0 * element
    }
    return check.isNaN ? (-.infinity, .infinity) : (lowest, highest)
  }
}
