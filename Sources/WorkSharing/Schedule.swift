/// Which rank does which piece of work. It changes no result.
public enum Schedule: String, CaseIterable, Sendable {
  /// Pieces are handed out as ranks become free: a slow host gets fewer.
  case dynamic
  /// Piece n goes to rank n modulo the number of ranks: for measurements of the ranks themselves.
  case `static`
}
