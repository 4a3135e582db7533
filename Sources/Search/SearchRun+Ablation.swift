import Channels
import Configuration
import Execution
import MessagePassing
import Sensitivity
import WorkSharing

/// The criterion that all others approximate: the loss without each unit alone.
extension SearchRun {
  /// By unit the change of the loss when it is removed, with its sign, at rank 0; `nil` elsewhere.
  ///
  /// Where not all units are measured those that are stand for the others, by the order of Σ t² over the
  /// samples, t = Σ a·∂L/∂a.
  func ablate(
    _ preparation: inout Preparation, _ session: WorkSession, _ source: ModelSource, _ checkpoint: SearchCheckpoint,
    _ usage: inout RankUsage
  ) throws -> SensitivityMeasurement? {
    var plan = AblationPlan(preparation)
    if plan.isPartial {
      let scores = try squares(&preparation, session, source, checkpoint, &usage)
      try plan.choose(by: scores, on: world)
    }
    let structure = preparation.structure
    let evaluation = try evaluation(preparation, source, session, checkpoint)
    usage.note(evaluation.memory.forecast)
    var variants = [NetworkVariant.original]
    for (group, unit) in plan.units {
      variants.append(try NetworkVariant(removing: [unit], of: group, from: structure, preparation.configuration))
    }
    let scores = try evaluation.scores(of: variants, in: .measure, keepsNotFinite: outlivesCriteria)
    guard let scores else { return nil }
    if let wrong = scores.firstIndex(where: { !$0.loss.isFinite }) {
      throw CriterionFailure(evaluation.notFinite(variants[wrong]))
    }
    let groups = plan.groups(of: scores.dropFirst().map { $0.loss - scores[0].loss })
    return SensitivityMeasurement(
      table: try SensitivityTable(
        scores: ChannelScores(groups: groups, of: structure), meanLoss: scores[0].loss,
        sampleCount: evaluation.subject.data.sampleCount, accuracy: scores[0].accuracy),
      groups: [], setLoss: nil, rowGroups: [], layout: preparation.layout, criterion: preparation.criterion)
  }

  /// By group Σ t² of each unit over the samples, at rank 0; `nil` elsewhere.
  private func squares(
    _ preparation: inout Preparation, _ session: WorkSession, _ source: ModelSource, _ checkpoint: SearchCheckpoint,
    _ usage: inout RankUsage
  ) throws -> [[Double]]? {
    let work = try plan(&preparation, without: [], isLast: false, session)
    usage.note(work.forecast)
    let basis = MeasurementBasis(
      ofTables: preparation, model: source.digests, executor: backend.description, without: [])
    guard let found = try measure(preparation, work, session, checkpoint, basis) else { return nil }
    return preparation.layout.groups.map { places in
      places.map { place in found.groups.reduce(0) { $0 + $1.squares[place] } }
    }
  }
}

/// The units that are removed one by one, and what becomes of the others.
struct AblationPlan {
  /// How many units each group has.
  private let counts: [Int]
  /// By group the units that are measured: all to begin with. `nil` for a group that may lose none.
  private var samples: [UnitSample?]
  /// Units of a group that are measured at the most.
  private let limit: Int

  /// All units that may go.
  init(_ preparation: Preparation) {
    let groups = preparation.structure.groups
    counts = groups.map(\.unitCount)
    limit = preparation.configuration.sensitivity.units ?? .max
    samples = groups.map { group in
      group.isPrunable ? UnitSample(of: [Double](repeating: 0, count: group.unitCount), count: .max) : nil
    }
  }

  /// Whether a group has more units than are to be measured.
  var isPartial: Bool { samples.contains { $0.map { $0.units.count > limit } ?? false } }

  /// How many networks are evaluated beside the whole one.
  var variantCount: Int { samples.reduce(0) { $0 + min($1?.units.count ?? 0, limit) } }

  /// Chooses the units, the same on every rank.
  /// - Parameter scores: by group one per unit; at rank 0.
  mutating func choose(by scores: [[Double]]?, on world: any Communicator) throws {
    var flat = scores?.flatMap { $0 } ?? []
    try world.broadcast(&flat, from: 0)
    var start = 0
    for (group, count) in counts.enumerated() {
      if samples[group] != nil {
        samples[group] = UnitSample(of: Array(flat[start..<start + count]), count: limit)
      }
      start += count
    }
  }

  /// Group and unit of what is removed, one after another.
  var units: [(group: Int, unit: Int)] {
    samples.enumerated().flatMap { group, sample in (sample?.units ?? []).map { (group, $0) } }
  }

  /// By group what every unit counts; 0 in groups that lose none.
  /// - Parameter changes: of the loss, by element of `units`.
  func groups(of changes: [Double]) -> [[Double]] {
    var start = 0
    return zip(counts, samples).map { count, sample in
      guard let sample else { return [Double](repeating: 0, count: count) }
      defer { start += sample.units.count }
      return sample.filled(Array(changes[start..<start + sample.units.count]))
    }
  }
}

extension SearchConfiguration {
  /// Whether changed networks are evaluated before the plan is made.
  var evaluatesNetworks: Bool { solver.method == .measured || sensitivity.method == .ablation }
}
