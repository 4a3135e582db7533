public import Channels
import Configuration
import Execution
import MessagePassing
import Networks
import WorkSharing

/// What one network is worth, and what it costs.
public struct ModelEvaluation: Sendable {
  /// The file, or what the network is called beside others.
  public let name: String
  /// Samples evaluated.
  public let sampleCount: Int
  /// Their mean loss; without labels, and of a loss that needs them, the cross entropy with the first network's classes.
  public let meanLoss: Double
  /// Share of places classified as labelled; `nil` without class labels.
  public let accuracy: Double?
  /// Share of places whose label is among the five largest outputs; `nil` without class labels, and with five or fewer
  /// classes.
  public let topFiveAccuracy: Double?
  /// Share of places classified as by the first network; `nil` for that one, and for outputs that are no classes.
  public let agreement: Double?
  /// Cost per sample in every metric.
  public let costs: [(metric: CostMetric, cost: Int)]
  /// Bytes of the model's files.
  public let fileSize: Int
  /// Seconds per sample on one thread of rank 0's machine: the median of several runs.
  public let secondsPerSample: Double
}

/// A network to be evaluated.
struct EvaluationCandidate: Sendable {
  /// What it is called.
  let name: String
  /// The model, as the format sends it.
  let message: [UInt8]
  /// Bytes of its files.
  let fileSize: Int
}

/// Evaluates networks side by side on the same samples, on all ranks.
struct NetworkComparison {
  let session: WorkSession
  let backend: any ExecutionBackend
  let format: any ModelFormat
  let configuration: SearchConfiguration
  let data: CalibrationData
  let workerCount: Int

  /// The evaluations at rank 0, `nil` elsewhere. Every rank is given the same candidates; the first is what the others are
  /// compared with.
  func evaluate(_ candidates: [EvaluationCandidate]) throws -> [ModelEvaluation]? {
    let runners = try runners(candidates)
    session.phases.begin(.evaluate, total: data.sampleCount, unit: "sample")
    let counts = try self.counts(
      runners, ShardPlan(sampleCount: data.sampleCount, batchSize: configuration.batchSize), isPhase: true)
    guard session.world.rank == 0, let counts else { return nil }
    session.phases.begin(.time)
    let seconds = try secondsPerSample(runners)
    return zip(candidates, zip(runners, counts)).enumerated().map { index, pair in
      let (candidate, (runner, count)) = pair
      let (samples, places) = (Double(data.sampleCount), Double(max(count.places, 1)))
      let isFirst = index == 0
      return ModelEvaluation(
        name: candidate.name, sampleCount: data.sampleCount, meanLoss: count.loss / samples,
        accuracy: runner.hasLabels ? Double(count.first) / places : nil,
        topFiveAccuracy: runner.hasLabels && runner.outputs.classes > 5 ? Double(count.firstFive) / places : nil,
        agreement: isFirst || !runner.hasClasses ? nil : Double(count.agreeing) / places,
        costs: runner.costs, fileSize: candidate.fileSize, secondsPerSample: seconds[index])
    }
  }

  /// Mean losses and accuracies at rank 0, `nil` elsewhere; without labels a place is right where the first network says the
  /// same. A network whose loss is not finite where the first one's is has one that is not a number.
  func scores(_ candidates: [EvaluationCandidate]) throws -> [VariantScore]? {
    let runners = try runners(candidates)
    let counts = try self.counts(
      runners, ShardPlan(sampleCount: data.sampleCount, batchSize: configuration.batchSize),
      keepsNotFinite: true)
    return counts.map { counts in
      zip(runners, counts).enumerated().map { index, pair in
        let (runner, count) = pair
        let right = runner.hasLabels ? count.first : index == 0 ? count.places : count.agreeing
        return VariantScore(
          loss: count.loss / Double(data.sampleCount),
          accuracy: runner.hasClasses ? Double(right) / Double(max(count.places, 1)) : nil)
      }
    }
  }

  /// The mean losses of the samples in some ranges, one per candidate, on every rank.
  /// - Parameter keepsNotFinite: whether a network whose loss is not finite where the first one's is has one that is not a
  ///   number, and ends nothing.
  func meanLosses(
    _ candidates: [EvaluationCandidate], samples: [Range<Int>], keepsNotFinite: Bool = false
  ) throws -> [Double] {
    let total = samples.reduce(0) { $0 + $1.count }
    let counts = try counts(try runners(candidates), samples: samples, keepsNotFinite: keepsNotFinite)
    var losses = counts.map { $0.map { $0.loss / Double(max(total, 1)) } } ?? []
    try session.world.broadcast(&losses, from: 0)
    return losses
  }

  private func runners(_ candidates: [EvaluationCandidate]) throws -> [Runner] {
    let runners = try candidates.enumerated().map { index, candidate in
      let model = try format.decode(candidate.message, sampleShapes: data.sampleShapes)
      return try Runner(model, file: candidate.name, isFirst: index == 0, self)
    }
    for (runner, candidate) in zip(runners, candidates).dropFirst() {
      let (first, own) = (runners[0].outputs, runner.outputs)
      guard first == own else {
        throw SearchError(
          .badContent, file: candidate.name,
          "has \(own.classes) classes at \(own.positions) positions, expected \(first.classes) at \(first.positions) as \(candidates[0].name) has"
        )
      }
    }
    return runners
  }

  private func counts(
    _ runners: [Runner], _ plan: ShardPlan, keepsNotFinite: Bool = false, isPhase: Bool = false
  ) throws -> [PredictionCount]? {
    try counts(
      runners,
      samples: plan.shards.map { shard in
        plan.batches[shard.lowerBound].lowerBound..<plan.batches[shard.upperBound - 1].upperBound
      }, keepsNotFinite: keepsNotFinite, isPhase: isPhase)
  }

  /// One count per network over all samples, at rank 0.
  /// - Parameter isPhase: whether that is all of the phase at hand.
  private func counts(
    _ runners: [Runner], samples: [Range<Int>], keepsNotFinite: Bool = false, isPhase: Bool = false
  ) throws -> [PredictionCount]? {
    let pool = WorkerPool(count: workerCount) { try runners.map { try $0.model.makeExecutor() } }
    var totals = [PredictionCount](repeating: PredictionCount(), count: runners.count)
    try session.perform(
      "shard", samples.count, length: runners.count * PredictionCount.packedCount, by: pool,
      progress: { if isPhase { session.phases.advance($0, pieces: samples.count) } }
    ) { piece, executors, pulse in
      var first: [Int] = []
      return try zip(runners, executors).enumerated().flatMap { index, pair in
        try pair.0.count(
          samples[piece], on: pair.1, first: &first, keepsNotFinite: keepsNotFinite && index > 0, pulse
        ).packed
      }
    } combine: { packed in
      for index in totals.indices {
        let start = packed.startIndex + index * PredictionCount.packedCount
        totals[index].add(PredictionCount(packed: packed[start..<start + PredictionCount.packedCount]))
      }
    }
    return session.world.rank == 0 ? totals : nil
  }
}

/// One of several networks that run on the same samples.
private struct Runner: Sendable {
  let model: ForwardModel
  let outputs: ClassOutputs
  let costs: [(metric: CostMetric, cost: Int)]
  /// Whether samples have classes to be found.
  let hasLabels: Bool
  /// Whether outputs say which class.
  let hasClasses: Bool
  private let isFirst: Bool
  private let followsFirst: Bool

  init(_ decoded: any DecodedModel, file: String, isFirst: Bool, _ comparison: NetworkComparison) throws {
    let configuration = comparison.configuration
    self.isFirst = isFirst
    followsFirst = configuration.loss == .agreement
    // Without labels a network is right where it says what the first one says.
    let loss: Loss = followsFirst && !isFirst ? .crossEntropy : Loss(configuration.loss)
    model = try ForwardModel(decoded, file: file, comparison.data, configuration, loss: loss, comparison.backend)
    let network = try decoded.network(batchSize: 2)
    outputs = ClassOutputs(shape: network[network.outputs[0]].shape.dimensions)
    hasClasses = configuration.loss != .meanSquaredError && outputs.classes > 1
    switch model.data.labels {
    case .classes, .listed: hasLabels = true
    case .none, .dense: hasLabels = false
    }
    let structure = ChannelStructure(of: network)
    // Another network need not have the layers that the configuration names.
    let named =
      isFirst
      ? try configuration.bitWidths(of: structure.layers.map(\.identity))
      : try? configuration.bitWidths(of: structure.layers.map(\.identity))
    let widths = named ?? structure.layers.map { _ in configuration.bits.network }
    let costs = try CostModel(structure, bits: widths.map { LayerBits(activation: $0.activation, weight: $0.weight) })
    self.costs = CostMetric.allCases.map { ($0, costs.total($0, kept: costs.unitCounts)) }
  }

  /// Counts some samples.
  /// - Parameter first: the first network's classes; it sets them for the others.
  func count(
    _ samples: Range<Int>, on executor: any NetworkExecutor, first: inout [Int], keepsNotFinite: Bool,
    _ pulse: WorkPulse
  ) throws -> PredictionCount {
    var count = PredictionCount()
    var own: [Int] = []
    for run in model.runs(samples) {
      let places =
        (run.lowerBound - samples.lowerBound) * outputs.positions..<(run.upperBound - samples.lowerBound)
        * outputs.positions
      let others = isFirst || !hasClasses ? nil : Array(first[places])
      let classes = followsFirst ? others : nil
      let evaluation =
        keepsNotFinite
        ? try model.finiteRun(run, on: executor, classes: classes)
        : try model.run(run, on: executor, classes: classes)
      try pulse.beat()
      guard let evaluation else {
        count.loss = .nan
        break
      }
      own += count.add(evaluation, outputs, labels: try model.data.classes(of: run), others: others)
    }
    if isFirst { first = own }
    return count
  }

  /// What is timed: a run of the first samples on one thread.
  func timedRun() throws -> () throws -> Void {
    let executor = try model.makeExecutor()
    let samples = 0..<min(model.runSize, model.data.sampleCount)
    // Which class a sample is said to have costs no time.
    let classes = followsFirst ? [Int](repeating: 0, count: samples.count * outputs.positions) : nil
    let batch = try model.batch(samples, classes: classes)
    return { _ = try executor.evaluate(batch) }
  }
}

extension NetworkComparison {
  /// Seconds per sample of each network: the median over rounds in which all take their turns, so that they see the
  /// machine in the same state. About two seconds are spent on each.
  private func secondsPerSample(_ runners: [Runner]) throws -> [Double] {
    let runs = try runners.map { try $0.timedRun() }
    let clock = ContinuousClock()
    var times = [[Duration]](repeating: [], count: runs.count)
    // The first round finds cold caches.
    for run in runs { try run() }
    let start = clock.now
    repeat {
      for (index, run) in runs.enumerated() {
        let before = clock.now
        try run()
        times[index].append(clock.now - before)
      }
    } while times[0].count < 3 || times[0].count < 25 && clock.now - start < .seconds(2 * runs.count)
    return zip(times, runners).map { times, runner in
      times.sorted()[times.count / 2] / .seconds(1) / Double(runner.model.runSize)
    }
  }
}
