public import Configuration
import Execution
import MessagePassing
import Sensitivity

extension DryRun {
  /// Checks all that a comparison checks before it computes, and times one run for each of its criteria; writes nothing.
  ///
  /// - Parameters:
  ///   - path: the configuration file; only rank 0 opens it.
  ///   - changes: made to the configuration before it is read.
  /// - Returns: the plan at rank 0, `nil` elsewhere.
  /// - Throws: the first thing that is wrong, at rank 0; what is wrong with single combinations only where all are.
  public func compare(_ path: String, changes: [ConfigurationChange] = []) throws -> ComparisonDryRunPlan? {
    // Before anything is exchanged: a mistake should not keep the others waiting.
    let input = world.rank == 0 ? try ComparisonInput(reading: path, changes, format) : nil
    if let input {
      try input.base.checkValues()
      try ComparisonFiles.checkDirectory(of: input.candidates.configuration)
    }
    guard let ranks = try ranks(), let input else { return nil }
    let candidates = input.candidates
    let configuration = candidates.configuration
    var measured: Set<MeasurementBasis> = []
    var criteria: [ComparisonDryRunPlan.Criterion] = []
    for index in configuration.comparedSensitivities.indices {
      let own = candidates.all.filter { $0.combination.criterion == index && $0.isRun }
      guard let asked = own.first?.configuration else { continue }
      let preparation = try input.base.changed(to: asked, isSolving: true)
      let basis = MeasurementBasis(
        ofTables: preparation, model: input.source.digests, executor: backend.description, without: [])
      let plan = try plan(preparation, model: input.source.digests, on: ranks)
      criteria.append(
        ComparisonDryRunPlan.Criterion(
          index: index, combinations: own.count, plan: plan,
          isShared: plan.storedShards != nil && !measured.insert(basis).inserted))
    }
    return ComparisonDryRunPlan(
      configuration: configuration, criteria: criteria,
      failures: candidates.all.indices.compactMap { index in
        candidates.reason(index).map {
          ComparisonDryRunPlan.Failure(row: index + 1, combination: candidates.all[index].combination, reason: $0)
        }
      },
      directory: ComparisonFiles.directory(of: configuration),
      files: ComparisonFiles.names
        + candidates.all.indices.filter { candidates.all[$0].isRun }.map { ComparisonFiles.ratios($0 + 1) }
        + [RunJournal.fileName])
  }
}

/// What a comparison would do.
public struct ComparisonDryRunPlan: Sendable {
  /// A criterion that is measured, for one combination at least.
  public struct Criterion: Sendable {
    /// Index into the configuration's `comparedSensitivities`.
    public let index: Int
    /// Combinations that go by it.
    public let combinations: Int
    /// What a search by it would do.
    public let plan: DryRunPlan
    /// Whether it goes by the same sums as one before it, which are not measured again.
    public let isShared: Bool
  }

  /// A combination that cannot be run.
  public struct Failure: Sendable {
    /// Its number, from 1 on.
    public let row: Int
    /// What it is of.
    public let combination: SearchConfiguration.Combination
    /// Why.
    public let reason: String
  }

  /// What was asked.
  public let configuration: SearchConfiguration
  /// The criteria; at least one.
  public let criteria: [Criterion]
  /// What cannot be run.
  public let failures: [Failure]
  /// Where the files go.
  public let directory: String
  /// The files that would be written, as far as it is known now which combinations come to nothing.
  public let files: [String]

  /// Combinations that are run.
  public var combinations: Int { criteria.reduce(0) { $0 + $1.combinations } }

  /// The time that the sensitivities may take which are missing.
  public var predictedSeconds: Double { criteria.reduce(0) { $0 + ($1.isShared ? 0 : $1.plan.time?.seconds ?? 0) } }
}
