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
    _ checkpoint: SearchCheckpoint
  ) throws -> SensitivityMeasurement? {
    let configuration = preparation.configuration
    let request = try preparation.execution(without: []).request
    let network = request.network
    let observed = request.observed.map { one in
      (value: network.activation(behind: one.value), axis: one.channelAxis)
    }
    let subject = VariantSubject(
      configuration: configuration, backend: backend, network: network, data: try CalibrationData(configuration))
    let model = try subject.model(of: .original, loss: nil, outputs: observed.map(\.value))
    let shapes = observed.map { network[$0.value].shape.dimensions }
    let memory = try EvaluationMemory(
      subject, weightBytes: preparation.weightBytes, mostWorkers: try ProcessorShare.count(on: world),
      memoryLimit: memoryLimit)
    let workers = memory.workerCount(beside: shapes.reduce(0) { $0 + $1.reduce(1, *) })
    let layout = preparation.layout
    let channels = layout.units.lowerBound
    let shards = subject.shards
    try checkpoint.readSamples(on: session, workers: workers, isNeeded: true)
    let basis = MeasurementBasis(of: subject, model: source.digests)
    let stored = world.rank == 0 ? try checkpoint.parts(basis, [criterion.rawValue]) : nil
    var sums = [Double](repeating: 0, count: world.rank == 0 ? channels : 0)
    var done = 0
    report(0, shards.count)
    try session.perform(
      "shard", shards.count, length: channels, stored: stored,
      by: WorkerPool(count: workers) { try model.makeExecutor() }
    ) { shard, executor, pulse in
      var sums = [Double](repeating: 0, count: channels)
      for run in shards[shard].runs(of: model.runSize) {
        let outputs = try model.run(run, on: executor).outputs
        for (layer, places) in layout.layers.enumerated() {
          criterion.add(outputs[layer], shapes[layer], channelAxis: observed[layer].axis, to: &sums[places])
        }
        try pulse.beat()
      }
      return sums
    } combine: { packed in
      for (place, value) in zip(sums.indices, packed) { sums[place] += value }
      done += 1
      report(done, shards.count)
    }
    guard world.rank == 0 else { return nil }
    let samples = subject.data.sampleCount
    let layers = layout.layers.indices.map { layer in
      let (shape, axis) = (shapes[layer], observed[layer].axis)
      let elements = shape.reduce(1, *) / (shape[0] * shape[axis])
      return sums[layout.layers[layer]].map { $0 / Double(samples * elements) }
    }
    do {
      return SensitivityMeasurement(
        table: try SensitivityTable(
          scores: ChannelScores(
            layers: layers, of: preparation.structure, ScoreReduction(configuration.sensitivity),
            ScoreNormalization(configuration.sensitivity)), sampleCount: samples),
        groups: [], setLoss: nil, rowGroups: [], layout: layout, criterion: preparation.criterion)
    } catch {
      throw SearchError(.badContent, file: configuration.model.path, "\(error)")
    }
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
