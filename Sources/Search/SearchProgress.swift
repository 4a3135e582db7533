/// How far the work of all ranks has come.
public struct SearchProgress: Sendable {
  /// What is counted.
  public enum Unit: String, Sendable {
    /// Batches.
    case batch
    /// Evaluations of changed networks, of all ranks.
    case evaluation
    /// Filters scored.
    case filter
    /// Times of single layers, of all ranks.
    case measurement
  }

  /// What is done.
  public let done: Int
  /// What there is in all.
  public let total: Int
  /// What is counted.
  public let unit: Unit

  init(done: Int, total: Int, unit: Unit = .batch) {
    self.done = done
    self.total = total
    self.unit = unit
  }
}
