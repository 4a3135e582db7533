import Configuration
import Execution
import Networks
import Sensitivity
import WorkSharing

/// One shard's table: a pure function of the network, its samples and the criterion.
struct ShardMeasurement: Sendable {
  private let runSize: Int
  private let data: MatchedData
  private let plan: ShardPlan
  private let layout: SensitivityLayout
  private let criterion: TaylorCriterion
  private let rows: UnitRows.Form?
  private let loss: LossFunction
  private let configuration: SearchConfiguration
  private let program: (any ExecutionProgram)?

  /// - Parameter program: `nil` at a rank that makes no executor.
  init(_ preparation: Preparation, _ program: (any ExecutionProgram)?) {
    runSize = preparation.runSize
    data = preparation.data
    plan = preparation.plan
    layout = preparation.layout
    criterion = preparation.criterion
    rows = preparation.rows
    guard let loss = preparation.loss else { preconditionFailure("an expansion has samples and a loss") }
    self.loss = loss
    configuration = preparation.configuration
    self.program = program
  }

  func makeExecutor() throws -> any NetworkExecutor {
    guard let program else { preconditionFailure("this rank takes no shards") }
    do {
      return try program.makeExecutor()
    } catch {
      throw SearchError(error, in: configuration)
    }
  }

  /// How many numbers a packed result has.
  var packedCount: Int { PackedShardTable.count(layout, criterion, rows: rows) + PieceKey.packedCount }

  /// A shard's table, packed, and behind it the digest of its samples.
  func packedTable(of shard: Int, on executor: any NetworkExecutor, _ pulse: WorkPulse) throws -> [Double] {
    var table = ShardTable(layout, criterion, rows: rows)
    var digest = SampleDigest(of: data)
    let size = runSize
    for number in plan.shards[shard] {
      let samples = plan.batches[number]
      data.expect(samples)
      var parts: [Evaluation] = []
      var curvature = [[Evaluation]](repeating: [], count: criterion.passes)
      var correct = 0
      for start in stride(from: samples.lowerBound, to: samples.upperBound, by: size) {
        let run = start..<min(start + size, samples.upperBound)
        let (batch, contents) = try data.read(run, size: size, of: samples)
        digest.add(contents, batch.targets, count: batch.sampleCount, size: size)
        let part = try evaluate(batch, run, on: executor, pulse)
        try pulse.beat()
        correct += ShardMeasurement.correct(part, batch, size: size)
        parts.append(part)
        for label in curvature.indices {
          let batch = Batch(inputs: batch.inputs, targets: targets(run, label), sampleCount: batch.sampleCount)
          curvature[label].append(try evaluate(batch, run, on: executor, pulse))
          try pulse.beat()
        }
      }
      table.add(batch: parts, curvature: curvature, from: samples.lowerBound, correct: correct, layout)
      try pulse.advance(isLast: number == plan.shards[shard].upperBound - 1)
    }
    return table.packed + digest.key.packed
  }

  private func evaluate(
    _ batch: Batch, _ run: Range<Int>, on executor: any NetworkExecutor, _ pulse: WorkPulse
  ) throws -> Evaluation {
    do {
      return try executor.evaluate(batch)
    } catch {
      // A batch that was at other ranks when the run was stopped does not come back: that is no error.
      try pulse.beat()
      throw SearchError(error, in: configuration, samples: run)
    }
  }

  /// A label of the curvature.
  private func targets(_ samples: Range<Int>, _ label: Int) -> Targets {
    guard case .second(.drawn(_, let seed, _)) = criterion else { return .ranked(label) }
    return loss.drawnTargets(samples, label: label, seed: seed)
  }

  /// How many samples have their largest output at their label; of a segmentation's positions none is counted.
  private static func correct(_ part: Evaluation, _ batch: Batch, size: Int) -> Int {
    let samples = part.losses.count
    guard case .classes(let classes) = batch.targets, classes.count == size else { return 0 }
    let output = part.outputs[0]
    let outputs = output.count / samples
    return (0..<samples).count { sample in
      let row = output[sample * outputs..<(sample + 1) * outputs]
      return row.firstIndex(of: row.max() ?? 0) == sample * outputs + classes[sample]
    }
  }
}

extension SearchError {
  /// An executor's error with the file whose fault it is.
  ///
  /// - Parameter samples: the samples that were run; the error then names the one at fault as the data file counts it.
  init(_ error: ExecutionError, in configuration: SearchConfiguration, samples: Range<Int>? = nil) {
    self.init(
      error, model: configuration.model.path,
      data: configuration.calibration?.data.firstPath ?? configuration.file, samples: samples)
  }

  /// An executor's error with the file whose fault it is: the model's, or the data's.
  init(_ error: ExecutionError, model: String, data: String, samples: Range<Int>? = nil) {
    switch error.kind {
    case .unsupported: self.init(.badContent, file: model, "\(error)")
    case .failed, .tooLarge: self.init(.program, file: model, "\(error)")
    case .badData, .notFinite:
      let place = samples.map { samples in
        error.sample.map { "sample \(samples.lowerBound + $0)" }
          ?? "samples \(samples.lowerBound) … \(samples.upperBound - 1)"
      }
      self.init(.badContent, file: data, "\(place ?? "") through \(model), \(error.place): \(error.problem)")
    }
  }
}
