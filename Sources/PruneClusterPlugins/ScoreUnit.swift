/// What the numbers of a criterion are: `unit` of `sensitivity` in the configuration.
public enum ScoreUnit: String, CaseIterable, Sendable {
  /// Scores that only have an order: the lower, the sooner a unit goes.
  case score
  /// Changes of the loss when the unit goes, of any sign.
  case loss
}
