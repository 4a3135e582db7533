/// Why channels cannot be removed, and what would change that.
public struct FreezeReason: Hashable, Sendable, CustomStringConvertible {
  /// The node that keeps them, or the graph input or output.
  public let place: String
  /// Its op type, or `input`, `output`.
  public let opType: String
  /// What it does with the channels.
  public let cause: String
  /// What would free them; `nil` when nothing short of another model does.
  public let unlock: String?

  /// Why channels cannot be removed.
  public init(place: String, opType: String, cause: String, unlock: String? = nil) {
    self.place = place
    self.opType = opType
    self.cause = cause
    self.unlock = unlock
  }

  /// One line for people.
  public var description: String { "\(cause) (\(opType) '\(place)')" + (unlock.map { "; \($0)" } ?? "") }
}
