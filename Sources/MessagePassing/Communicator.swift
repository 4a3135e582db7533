/// A group of processes or threads that run the same program and exchange messages: this one's rank, and the group's size.
///
/// Callers use the calls on arrays (`Communicator+Broadcast.swift` and its neighbours); they check their arguments, cut
/// what is too large for one message, and are the same over every transport. The calls on buffers below are what a
/// transport implements: their arguments are already checked, and no call carries more than `messageLimit` elements.
///
/// Every rank makes the same collective calls (everything but `send`, `post`, `receive` and the probes) in the same
/// order. A communicator belongs to the thread that got it, and is not `Sendable`.
public protocol Communicator {
  /// This rank's number, in `0 ..< size`.
  var rank: Int { get }
  /// The number of ranks, at least 1.
  var size: Int { get }
  /// Where this rank runs.
  var location: RankLocation { get }
  /// Which implementation and version carries the messages: one line for the record of a run.
  var transport: String { get }
  /// The largest number of elements that one call on buffers carries, over all ranks together; at least `size`.
  var messageLimit: Int { get }

  /// Returns once every rank has called it.
  func barrier() throws(CommunicationError)

  /// Copies the root's elements into every rank's buffer; all buffers have one count.
  func broadcast<Element: MessageElement>(
    _ elements: UnsafeMutableBufferPointer<Element>, from root: Int
  ) throws(CommunicationError)

  /// Puts the ranks' parts one after the other, in rank order, into `whole` at the root (`nil` elsewhere).
  ///
  /// - Parameter counts: the number of elements of every rank's part, the same list on every rank.
  func gather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?, counts: [Int], at root: Int
  ) throws(CommunicationError)

  /// Puts the ranks' parts one after the other, in rank order, into every rank's `whole`.
  ///
  /// - Parameter counts: the number of elements of every rank's part, the same list on every rank.
  func allGather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>, counts: [Int]
  ) throws(CommunicationError)

  /// Combines the ranks' parts element by element into `whole` at the root (`nil` elsewhere); all parts have one count.
  func reduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?,
    by operation: ReduceOperation, at root: Int
  ) throws(CommunicationError)

  /// Combines the ranks' parts element by element into every rank's `whole`; all parts have one count.
  func allReduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>,
    by operation: ReduceOperation
  ) throws(CommunicationError)

  /// Sends the elements to another rank; may return only when that rank receives them.
  func send<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int
  ) throws(CommunicationError)

  /// Copies the elements and returns at once; the message is on its way until the other rank receives it.
  ///
  /// Messages to one rank with one tag arrive in the order of their posts and sends.
  func post<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int
  ) throws(CommunicationError)

  /// Waits for the message that a probe has described, and fills the buffer with it; the buffer has its count.
  func receive<Element: MessageElement>(
    into elements: UnsafeMutableBufferPointer<Element>, from source: Int, tag: Int
  ) throws(CommunicationError)

  /// Waits until a message from `source` (`nil`: any rank) with `tag` (`nil`: any tag) is there to be received.
  func awaitMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope

  /// The message from `source` (`nil`: any rank) with `tag` (`nil`: any tag) that can be received now, if there is one.
  func pendingMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope?

  /// Whether something posted is still on its way: it may need calls of this rank to get on.
  var isSending: Bool { get }

  /// Shows other ranks that this one is alive, as every other call does: for a rank that makes none for long.
  func attend() throws(CommunicationError)
}
