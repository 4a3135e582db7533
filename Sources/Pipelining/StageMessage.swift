public import Execution

/// What the ranks that hold the stages of a network say to their neighbours.
///
/// A batch's values go from stage to stage up to the last one, its gradients and results all the way back to the first.
public struct StageMessage: Sendable {
  /// What is said.
  public enum Content: Sendable {
    /// To the stage behind: the values that reach it, how many samples count, and what the last stage compares with.
    case values([UInt8], sampleCount: Int, targets: Targets)
    /// To the stage before: the gradients that reach it, and the results of all stages behind it.
    case gradients([UInt8], results: [StageResult])
    /// To the stage before: the batch cannot be evaluated.
    case failure(ExecutionError)
  }

  /// The number of the batch at the first stage; no two that are on their way have the same.
  public let batch: Int
  /// What is said of it.
  public let content: Content

  /// A message.
  public init(batch: Int, _ content: Content) {
    self.batch = batch
    self.content = content
  }
}

/// What carries messages between the ranks that hold the stages of one network.
///
/// The other end delivers what arrives to its `StageMailbox`. Where all messages of a rank are passed by one thread, as
/// MPI wants it, `send` puts the message in a row from which that thread takes it, and the thread delivers what it
/// receives.
public protocol StageLink: Sendable {
  /// Hands a message over to be brought to a neighbouring stage; returns at once, whether or not it has arrived. Messages
  /// to one stage arrive once and in order. Any thread may call it.
  func send(_ message: StageMessage, to stage: Int)
}
