import Channels
import Configuration
import Execution
import MessagePassing
import Networks
import Sensitivity
import Surgery
import WorkSharing

/// How the layers that read a group's channels answer to each of them, measured on all ranks.
///
/// Layers are taken in batches, as many as have sums of moderate size, so that samples run once for several layers; a piece
/// of work is a batch of layers on a part of the samples. Batches and parts follow from network and data alone, and parts
/// are added in order.
struct ResponseMeasurement {
  private let session: WorkSession
  private let subject: VariantSubject
  private let plan: ResponsePlan
  private let workers: Int
  private let stored: (checkpoint: SearchCheckpoint, basis: MeasurementBasis)
  private let settings: SearchConfiguration.Sensitivity
  private let unitCounts: [Int]

  /// Samples are cut into so many parts: more where results are small, as all of them are stored and sent.
  private static let (fewestParts, mostParts) = (4, 32)
  /// Numbers of all results together (512 MiB), unless the fewest parts have more.
  private static let numbersInAll = 1 << 26

  init(
    _ plan: ResponsePlan, unitCounts: [Int], session: WorkSession, subject: VariantSubject, workers: Int,
    stored: (checkpoint: SearchCheckpoint, basis: MeasurementBasis)
  ) {
    self.session = session
    self.subject = subject
    self.plan = plan
    self.workers = workers
    self.unitCounts = unitCounts
    self.stored = stored
    settings = subject.configuration.sensitivity
  }

  /// By group what sets of its units do to the layers that read it, on every rank; `nil` where no layer reads it.
  func damages() throws -> [ResponseDamage?] {
    var upper = unitCounts.map { _ in [Double]() }
    var readers = [Int](repeating: 0, count: unitCounts.count)
    try products { layer, packed in
      guard packed.allSatisfy(\.isFinite) else {
        throw SearchError(
          .badContent, file: subject.configuration.model.path,
          "layer '\(layer.name)': what it answers to its inputs is infinite or not a number")
      }
      let whole = packed[packed.startIndex]
      var start = packed.startIndex + 1
      for (group, count) in zip(layer.groups, layer.products.unitCounts) {
        let own = packed[start..<start + count * (count + 1) / 2]
        start = own.endIndex
        readers[group] += 1
        if settings.scoreReduction == .first, readers[group] > 1 { continue }
        if upper[group].isEmpty { upper[group] = [Double](repeating: 0, count: own.count) }
        // A layer that answers nothing at all misses nothing.
        guard whole > 0 else { continue }
        for (place, value) in zip(upper[group].indices, own) { upper[group][place] += value / whole }
      }
    }
    if settings.scoreReduction == .mean {
      for group in upper.indices { for place in upper[group].indices { upper[group][place] /= Double(readers[group]) } }
    }
    let isRead = Set(plan.layers.flatMap(\.groups))
    return try unitCounts.indices.map { group in
      guard isRead.contains(group) else { return nil }
      try session.world.broadcast(&upper[group], from: 0)
      return ResponseDamage(unitCount: unitCounts[group], upper: upper[group])
    }
  }

  /// Hands over the packed products of every layer, in order, at rank 0.
  private func products(_ take: (ReadingLayer, ArraySlice<Double>) throws -> Void) throws {
    let (batches, layers, subject) = (plan.batches, plan.layers, self.subject)
    guard !layers.isEmpty else { return }
    let lengths = batches.map { batch in batch.reduce(0) { $0 + layers[$1].products.packedCount } }
    let length = lengths.max() ?? 0
    let shards = subject.shards
    let most = min(max(Self.numbersInAll / (batches.count * length), Self.fewestParts), Self.mostParts)
    let parts = (0..<shards.count).runs(of: (shards.count + min(most, shards.count) - 1) / min(most, shards.count))
    let pieces = batches.flatMap { batch in parts.map { (batch: batch, shards: $0) } }
    try stored.checkpoint.readSamples(on: session, workers: workers, isNeeded: true)
    let kept =
      session.world.rank == 0
      ? try stored.checkpoint.parts(
        stored.basis,
        pieces.map { piece in
          // Which rows are taken depends on how many samples there are in all.
          (
            ["responses", "rows \(settings.rows) of \(subject.data.sampleCount)", ResponseProducts.library]
              + piece.batch.map { layers[$0].name }, piece.shards
          )
        }) : nil
    var sums = [Double](repeating: 0, count: session.world.rank == 0 ? length : 0)
    var number = 0
    session.phases.begin(.measure, total: pieces.count, unit: "part")
    try session.perform(
      "part", pieces.count, length: length, stored: kept,
      by: WorkerPool(count: workers) { ResponseRunner(subject, layers) },
      progress: { session.phases.advance($0, pieces: pieces.count) }
    ) { piece, runner, pulse in
      let (batch, own) = pieces[piece]
      let packed = try runner.products(of: batch, own.map { shards[$0] }, pulse)
      return packed + [Double](repeating: 0, count: length - packed.count)
    } combine: { packed in
      for (place, value) in zip(sums.indices, packed) { sums[place] += value }
      number += 1
      guard number.isMultiple(of: parts.count) else { return }
      var start = 0
      for layer in pieces[number - 1].batch {
        let count = layers[layer].products.packedCount
        try take(layers[layer], sums[start..<start + count])
        start += count
      }
      for place in sums.indices { sums[place] = 0 }
    }
  }
}

/// What one worker runs: the network up to the layers that it was asked for last, compiled.
private final class ResponseRunner {
  private let subject: VariantSubject
  private let layers: [ReadingLayer]
  private var current: (batch: Range<Int>, model: ForwardModel, executor: any NetworkExecutor)?

  init(_ subject: VariantSubject, _ layers: [ReadingLayer]) {
    self.subject = subject
    self.layers = layers
  }

  /// The packed products of some layers, one behind another.
  /// - Parameter parts: runs of samples, one after another.
  func products(of batch: Range<Int>, _ parts: [Range<Int>], _ pulse: WorkPulse) throws -> [Double] {
    let (model, executor) = try compiled(batch)
    var sums = batch.map { [Double](repeating: 0, count: layers[$0].products.sumCount) }
    for samples in parts {
      for run in model.runs(samples) {
        let inputs = try model.run(run, on: executor).outputs
        for (position, layer) in batch.enumerated() {
          layers[layer].products.accumulate(inputs: inputs[position], samples: run, into: &sums[position])
          try pulse.beat()
        }
      }
    }
    var packed: [Double] = []
    for (position, layer) in batch.enumerated() {
      packed += layers[layer].products.packed(sums[position])
      sums[position] = []
      try pulse.beat()
    }
    return packed
  }

  private func compiled(_ batch: Range<Int>) throws -> (model: ForwardModel, executor: any NetworkExecutor) {
    if let current, current.batch == batch { return (current.model, current.executor) }
    current = nil
    let model = try subject.model(of: .original, loss: nil, outputs: batch.map { layers[$0].input })
    let executor = try model.makeExecutor()
    current = (batch, model, executor)
    return (model, executor)
  }
}
