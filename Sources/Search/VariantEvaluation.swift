import Configuration
import Execution
import MessagePassing
import Networks
import WorkSharing

/// Evaluates changed networks on all calibration samples, on all ranks: forward only, with the loss of the configuration.
///
/// The unit of work is a part of the samples of one variant: the same parts for any number of ranks and workers, so that a
/// run that goes on elsewhere finds them again. Sums are taken shard by shard and added in shard order.
/// Without labels every variant is compared with the classes that the unchanged network chooses.
struct VariantEvaluation {
  let session: WorkSession
  let memory: EvaluationMemory
  let subject: VariantSubject
  /// What is kept of finished evaluations, and all that these depend on but variants and samples.
  var stored: (checkpoint: SearchCheckpoint, basis: MeasurementBasis)?

  /// Variants are cut into so many parts at the most, of so many samples at the least: every worker compiles the variant
  /// of which it gets a part.
  private static let (mostParts, leastSamples) = (16, 256)

  /// Scores of variants, the same list on every rank.
  ///
  /// A worker holds one compiled variant at a time.
  /// - Parameters:
  ///   - phase: what a person is told meanwhile.
  ///   - keepsNotFinite: whether a changed network whose loss is not finite has a score that says so, not a number, and
  ///     ends nothing.
  ///   - afterScore: called at rank 0 with the score of every variant, in order, as it is known.
  /// - Returns: the scores in order at rank 0, `nil` elsewhere.
  /// - Throws: what is wrong with network or data; also when the loss of a sample is not finite.
  func scores(
    of variants: [NetworkVariant], in phase: RunPhase = .evaluate, keepsNotFinite: Bool = false,
    afterScore: (Int, VariantScore) throws -> Void = { _, _ in }
  ) throws -> [VariantScore]? {
    let classes = try subject.needsClasses ? originalClasses() : nil
    let subject = self.subject
    let pool = WorkerPool(count: memory.workerCount) {
      VariantRunner(subject, classes: classes, keepsNotFinite: keepsNotFinite)
    }
    let shards = subject.shards
    let partCount = min(max(subject.data.sampleCount / Self.leastSamples, 1), Self.mostParts)
    let parts = (0..<shards.count).runs(of: (shards.count + partCount - 1) / partCount)
    let length = parts[0].count * VariantSums.packedCount
    var scores: [VariantScore] = []
    var sums = VariantSums()
    var piece = 0
    let stored = try storedPieces { checkpoint, basis in
      try checkpoint.evaluations(basis, variants.flatMap { variant in parts.map { (variant, $0) } })
    }
    if !variants.isEmpty { session.phases.begin(phase, total: variants.count, unit: "network") }
    try session.perform(
      "evaluation", variants.count * parts.count, length: length, stored: stored, by: pool,
      progress: { session.phases.advance($0, pieces: variants.count * parts.count) }
    ) { piece, runner, pulse in
      let variant = piece / parts.count
      var packed: [Double] = []
      for shard in parts[piece % parts.count] {
        packed += try runner.sums(of: variants[variant], number: variant, shards[shard], pulse).packed
      }
      return packed + [Double](repeating: 0, count: length - packed.count)
    } combine: { packed in
      for start in stride(from: packed.startIndex, to: packed.endIndex, by: VariantSums.packedCount) {
        guard let part = VariantSums(packed: packed[start..<start + VariantSums.packedCount]) else {
          throw SearchError(.program, file: subject.configuration.file, "a result is no sum of losses")
        }
        sums.add(part)
      }
      piece += 1
      guard piece.isMultiple(of: parts.count) else { return }
      let score = sums.score(samples: subject.data.sampleCount)
      // Others may have stored what they can use.
      guard keepsNotFinite || score.loss.isFinite else {
        throw notFinite(variants[scores.count])
      }
      scores.append(score)
      sums = VariantSums()
      try afterScore(scores.count - 1, scores[scores.count - 1])
    }
    return session.world.rank == 0 ? scores : nil
  }

  /// What is wrong with a changed network whose loss is not finite.
  func notFinite(_ variant: NetworkVariant) -> SearchError {
    SearchError(
      .badContent, file: subject.configuration.model.path,
      "the loss is not finite; evaluated was the network \(variant)")
  }

  /// What is kept of some pieces, at rank 0; the samples are read for their digests first, by all ranks.
  func storedPieces(
    _ pieces: (SearchCheckpoint, MeasurementBasis) throws -> StoredPieces
  ) throws -> StoredPieces? {
    guard let (checkpoint, basis) = stored else { return nil }
    try checkpoint.readSamples(on: session, workers: memory.workerCount, isNeeded: true)
    return session.world.rank == 0 ? try pieces(checkpoint, basis) : nil
  }

  /// The classes that the unchanged network chooses, sample after sample, on every rank.
  private func originalClasses() throws -> [Int32] {
    let subject = self.subject
    let model = try subject.model(of: .original, loss: .agreement)
    let outputs = ClassOutputs(shape: subject.network[subject.network.outputs[0]].shape.dimensions)
    let pool = WorkerPool(count: memory.workerCount) { try model.makeExecutor() }
    let shards = subject.shards
    let longest = shards.map(\.count).max() ?? 0
    var classes: [Int32] = []
    var shard = 0
    let stored = try storedPieces { checkpoint, basis in try checkpoint.parts(basis, ["original classes"]) }
    session.phases.begin(.classes, total: subject.data.sampleCount, unit: "sample")
    try session.perform(
      "shard", shards.count, length: longest * outputs.positions, stored: stored, by: pool,
      progress: { session.phases.advance($0, pieces: shards.count) }
    ) { shard, executor, pulse in
      var found: [Double] = []
      for run in model.runs(shards[shard]) {
        found += outputs.largest(of: try model.run(run, on: executor).outputs[0]).map(Double.init)
        try pulse.beat()
      }
      return found + [Double](repeating: 0, count: longest * outputs.positions - found.count)
    } combine: { packed in
      classes += packed.prefix(shards[shard].count * outputs.positions).map { Int32($0) }
      shard += 1
    }
    try session.world.broadcast(&classes, from: 0)
    return classes
  }
}

/// What variants are made of, and the samples that they run.
struct VariantSubject: Sendable {
  let configuration: SearchConfiguration
  let backend: any ExecutionBackend
  /// The network ready for execution: normalisations folded, samples forward, as `LayerExecution` leaves it.
  let network: Network
  let data: CalibrationData

  /// Whether the classes of the unchanged network take the place of labels.
  var needsClasses: Bool { configuration.loss == .agreement }

  /// The loss that changed networks are compiled with.
  var comparedLoss: Loss { needsClasses ? .crossEntropy : Loss(configuration.loss) }

  /// The samples of each piece of a sum: those of a search's shards.
  var shards: [Range<Int>] {
    let plan = ShardPlan(
      sampleCount: data.sampleCount, batchSize: min(configuration.batchSize, data.sampleCount))
    return plan.shards.map { plan.batches[$0.lowerBound].lowerBound..<plan.batches[$0.upperBound - 1].upperBound }
  }

  /// A variant compiled to run forward.
  /// - Parameter outputs: the values to report; `nil` for the first output.
  func model(of variant: NetworkVariant, loss: Loss?, outputs: [ValueID]? = nil) throws -> ForwardModel {
    try ForwardModel(
      ExecutionRequest(network: variant.applied(to: network), loss: loss, outputs: outputs),
      file: configuration.model.path, data, targets: loss == nil ? .agreement : Loss(configuration.loss), backend)
  }
}

/// What one worker runs: the variant that it was asked for last, compiled.
private final class VariantRunner {
  private let subject: VariantSubject
  /// What the samples' classes should be; `nil` for their labels.
  private let classes: [Int32]?
  private let outputs: ClassOutputs
  private let keepsNotFinite: Bool
  private var current: (number: Int, model: ForwardModel, executor: any NetworkExecutor)?

  init(_ subject: VariantSubject, classes: [Int32]?, keepsNotFinite: Bool) {
    self.subject = subject
    self.classes = classes
    self.keepsNotFinite = keepsNotFinite
    outputs = ClassOutputs(shape: subject.network[subject.network.outputs[0]].shape.dimensions)
  }

  /// The sums of some samples.
  /// - Parameter number: tells the variant from others.
  func sums(
    of variant: NetworkVariant, number: Int, _ samples: Range<Int>, _ pulse: WorkPulse
  ) throws -> VariantSums {
    do {
      return try evaluate(variant, number, samples, pulse)
    } catch let error as SearchError {
      throw SearchError(error.kind, file: error.file, "\(error.problem); evaluated was the network \(variant)")
    }
  }

  private func evaluate(
    _ variant: NetworkVariant, _ number: Int, _ samples: Range<Int>, _ pulse: WorkPulse
  ) throws -> VariantSums {
    let (model, executor) = try compiled(variant, number)
    var sums = VariantSums()
    for run in model.runs(samples) {
      let own = classes.map { classes in
        classes[run.lowerBound * outputs.positions..<run.upperBound * outputs.positions].map { Int($0) }
      }
      let evaluation =
        keepsNotFinite && variant.isChange
        ? try model.finiteRun(run, on: executor, classes: own) : try model.run(run, on: executor, classes: own)
      try pulse.beat()
      guard let evaluation else {
        sums.loss = .nan
        break
      }
      for loss in evaluation.losses { sums.loss += loss }
      guard let wanted = try own ?? model.data.classes(of: run) else { continue }
      let found = outputs.largest(of: evaluation.outputs[0])
      sums.places += found.count
      sums.correct += zip(found, wanted).count { $0 == $1 }
    }
    return sums
  }

  private func compiled(
    _ variant: NetworkVariant, _ number: Int
  ) throws -> (model: ForwardModel, executor: any NetworkExecutor) {
    if let current, current.number == number { return (current.model, current.executor) }
    // Given up first: two would hold the packed weights twice.
    current = nil
    let model = try subject.model(of: variant, loss: subject.comparedLoss)
    let executor = try model.makeExecutor()
    current = (number, model, executor)
    return (model, executor)
  }
}
