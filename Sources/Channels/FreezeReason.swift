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

extension FreezeReason {
  /// Why outputs of no unit stay: those of a depthwise convolution whose inputs are no layer's.
  static func unitless(_ place: String, _ opType: String) -> FreezeReason {
    FreezeReason(
      place: place, opType: opType, cause: "its inputs are no channels of another layer, and so its outputs are none",
      unlock: "a convolution with one group there would have outputs of its own")
  }
}

/// What would free channels, where several operations say the same.
enum Unlock {
  static let weightedSum = "a convolution or linear layer with one output there would free them"
  static let ownNormalization = "a normalisation of each channel by itself, as batch normalisation is, would free them"
}
