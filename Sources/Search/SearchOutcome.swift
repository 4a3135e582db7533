public import Configuration

/// What a search gave, as far as a person is shown it.
public struct SearchOutcome: Sendable {
  /// The result.
  public let ratios: RatioConfig
  /// What came of applying it; `nil` if that was not asked for.
  public let pruning: PruningOutcome?
  /// What the plan is predicted to lose is in.
  public let unit: PredictionUnit
  /// Mean loss of the calibration samples, unpruned; `nil` where none was run.
  public let meanLoss: Double?
  /// Share of them classified as labelled, unpruned; `nil` without class labels.
  public let accuracy: Double?
  /// Samples measured.
  public let sampleCount: Int
  /// The files written, apart from those of the pruned model.
  public let files: [String]
  /// Where they are.
  public let directory: String
}
