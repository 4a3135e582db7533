/// Why a call between ranks failed: which call, what kind of failure, and one sentence.
public struct CommunicationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of failure this is, for code that treats some of them differently.
  public enum Kind: Equatable, Sendable {
    /// A root, source or destination that the communicator does not have, or a message to oneself.
    case invalidRank
    /// A tag outside `0 ... MessageTag.largest`.
    case invalidTag
    /// More elements than one message can carry, where the call cannot be cut into several.
    case messageTooLarge
    /// Two ranks are in calls that do not belong together.
    case mismatch
    /// Every rank waits for something that no other rank will do.
    case deadlock
    /// Another rank ended while this one counted on it.
    case peerEnded
    /// A rank has given no sign of life for too long.
    case stalled
    /// The processes were not started, or not started together, as ranks of one job.
    case launch
    /// The transport's own failure, with its error class (for MPI, the value of `MPI_Error_class`).
    case transport(errorClass: Int)
  }

  /// What kind of failure this is.
  public let kind: Kind
  /// The call that failed, in the transport's words: `broadcast`, `MPI_Bcast`.
  public let operation: String
  /// What happened, as one sentence without the operation's name.
  public let text: String

  /// An error of `operation`.
  public init(_ kind: Kind, operation: String, text: String) {
    self.kind = kind
    self.operation = operation
    self.text = text
  }

  /// One line: the operation and the sentence.
  public var description: String { "\(operation): \(text)" }
}
