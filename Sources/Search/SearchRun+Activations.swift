import Channels
import Configuration
import Execution
import MessagePassing
import Networks
import Sensitivity
import WorkSharing

/// Criteria that look at what channels answer to the samples: forward only, no loss.
extension SearchRun {
  /// The scores of all channels at rank 0; `nil` elsewhere.
  func observe(
    _ preparation: Preparation, by criterion: ActivationCriterion, _ session: WorkSession, _ source: ModelSource,
    _ checkpoint: SearchCheckpoint, _ usage: inout RankUsage
  ) throws -> SensitivityMeasurement? {
    let configuration = preparation.configuration
    let layout = preparation.layout
    var sums = [Double](repeating: 0, count: world.rank == 0 ? layout.units.lowerBound : 0)
    let elements = try observe(preparation, by: [criterion], session, source, checkpoint, &usage) { _, packed in
      for (place, value) in zip(sums.indices, packed) { sums[place] += value }
    }
    guard world.rank == 0 else { return nil }
    let samples = preparation.plan.batches.last?.upperBound ?? 0
    let layers = layout.layers.indices.map { layer in
      sums[layout.layers[layer]].map { $0 / Double(samples * elements[layer]) }
    }
    do {
      return SensitivityMeasurement(
        table: try SensitivityTable(
          scores: ChannelScores(
            layers: layers, of: preparation.structure, ScoreReduction(configuration.sensitivity),
            ScoreNormalization(configuration.sensitivity)), sampleCount: samples),
        groups: [], setLoss: nil, rowGroups: [], layout: layout, criterion: preparation.criterion)
    } catch {
      throw CriterionFailure(SearchError(.badContent, file: configuration.model.path, "\(error)"))
    }
  }

  /// What all channels answer to the samples, shard by shard; all ranks take part.
  /// - Parameters:
  ///   - criteria: what is summed up, in one pass.
  ///   - combine: called at rank 0 with every shard in order, and the sums over its samples: of all channels by the first
  ///     criterion, then by the next.
  /// - Returns: by layer how many elements of a sample make a channel's sum.
  func observe(
    _ preparation: Preparation, by criteria: [ActivationCriterion], _ session: WorkSession, _ source: ModelSource,
    _ checkpoint: SearchCheckpoint, _ usage: inout RankUsage,
    combine: (_ shard: Int, _ sums: ArraySlice<Double>) -> Void
  ) throws -> [Int] {
    let request = try preparation.execution(without: []).request
    let network = request.network
    let observed = request.observedActivations
    let subject = VariantSubject(
      configuration: preparation.configuration, backend: backend, network: network,
      data: try CalibrationData(preparation.configuration))
    let model = try subject.model(of: .original, loss: nil, outputs: observed.map(\.value))
    let shapes = observed.map { network[$0.value].shape.dimensions }
    let memory = try EvaluationMemory(
      observing: model, elements: shapes.reduce(0) { $0 + $1.reduce(1, *) }, preparation,
      mostWorkers: try ProcessorShare.count(on: world), memoryLimit: memoryLimit)
    usage.note(memory.forecast)
    let workers = memory.workerCount
    let layout = preparation.layout
    let channels = layout.units.lowerBound
    let shards = subject.shards
    try checkpoint.readSamples(on: session, workers: workers, isNeeded: true)
    let basis = MeasurementBasis(of: subject, model: source.digests)
    let stored = world.rank == 0 ? try checkpoint.parts(basis, criteria.map(\.rawValue)) : nil
    var done = 0
    session.phases.begin(.measure, total: subject.data.sampleCount, unit: "sample")
    try session.perform(
      "shard", shards.count, length: channels * criteria.count, stored: stored,
      by: WorkerPool(count: workers) { try model.makeExecutor() },
      progress: { session.phases.advance($0, pieces: shards.count) }
    ) { shard, executor, pulse in
      var sums = [Double](repeating: 0, count: channels * criteria.count)
      for run in model.runs(shards[shard]) {
        let outputs = try model.run(run, on: executor).outputs
        for (layer, places) in layout.layers.enumerated() {
          for (number, criterion) in criteria.enumerated() {
            let places = places.lowerBound + number * channels..<places.upperBound + number * channels
            criterion.add(outputs[layer], shapes[layer], channelAxis: observed[layer].axis, to: &sums[places])
          }
        }
        try pulse.beat()
      }
      return sums
    } combine: { packed in
      combine(done, packed)
      done += 1
    }
    return layout.layers.indices.map { layer in
      let (shape, axis) = (shapes[layer], observed[layer].axis)
      return shape.reduce(1, *) / (shape[0] * shape[axis])
    }
  }
}

extension ExecutionRequest {
  /// By layer the value behind its activation function, and the axis of its channels.
  var observedActivations: [(value: ValueID, axis: Int)] {
    observed.map { (value: network.activation(behind: $0.value), axis: $0.channelAxis) }
  }
}

extension ActivationCriterion {
  /// The criterion that a configuration asks for; `nil` for one that does not go by activations alone.
  init?(_ method: SearchConfiguration.Sensitivity.Method) {
    switch method {
    case .apoz: self = .apoz
    case .meanActivation: self = .meanActivation
    default: return nil
    }
  }
}
