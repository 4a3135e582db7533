public import Execution
import MessagePassing

/// Where the messages for one stage lie until a thread of its rank takes them.
///
/// `@unchecked Sendable`: all that changes does so inside its monitor.
public final class StageMailbox: @unchecked Sendable {
  private let monitor = Monitor()
  private var messages: [StageMessage] = []
  private var failure: ExecutionError?
  private var waiting = 0

  /// An empty one.
  public init() {}

  /// How many messages nobody has taken yet.
  public var count: Int { monitor.locked { messages.count } }

  /// Whether it was closed.
  public var isClosed: Bool { monitor.locked { failure != nil } }

  /// Whether somebody waits for the answer for a batch.
  public var isAwaited: Bool { monitor.locked { waiting > 0 } }

  /// Puts in what has arrived; in a closed one nobody would look for it.
  public func deliver(_ message: StageMessage) {
    monitor.locked {
      guard failure == nil else { return }
      messages.append(message)
      monitor.wakeAll()
    }
  }

  /// Lets everybody who waits for a message, now or later, fail: no batch follows, a rank was lost, or the run is stopped.
  public func close(_ reason: ExecutionError) {
    monitor.locked {
      failure = failure ?? reason
      messages = []
      monitor.wakeAll()
    }
  }

  /// The next message, of gradients before values, so that batches under way are finished before others are begun; waits
  /// until there is one.
  /// - Throws: what the mailbox was closed with.
  func next() throws(ExecutionError) -> StageMessage {
    try monitor.locked { () throws(ExecutionError) -> StageMessage in
      while true {
        if let failure { throw failure }
        if let index = messages.firstIndex(where: { !$0.goesForward }) ?? messages.indices.first {
          return messages.remove(at: index)
        }
        monitor.wait()
      }
    }
  }

  /// The answer for a batch; waits until there is one.
  /// - Throws: what the mailbox was closed with.
  func answer(for batch: Int) throws(ExecutionError) -> StageMessage {
    try monitor.locked { () throws(ExecutionError) -> StageMessage in
      waiting += 1
      defer { waiting -= 1 }
      while true {
        if let failure { throw failure }
        if let index = messages.firstIndex(where: { $0.batch == batch }) { return messages.remove(at: index) }
        monitor.wait()
      }
    }
  }
}

extension StageMessage {
  fileprivate var goesForward: Bool { if case .values = content { true } else { false } }
}
