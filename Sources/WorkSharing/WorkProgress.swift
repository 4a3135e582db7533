/// How far shared work has come, as rank 0 knows it.
public struct WorkProgress: Equatable, Sendable {
  /// Units of progress inside pieces that all ranks have made, where the work tells of them.
  public let units: Int
  /// Pieces whose results have come from ranks.
  public let computed: Int
  /// Pieces that the store has.
  public let restored: Int
}
