/// One rank of `InProcess.run`: a thread that shares an exchange with the other ranks' threads.
public struct InProcessCommunicator: Communicator {
  /// This rank's number.
  public let rank: Int
  /// The number of ranks.
  public let size: Int
  /// This host, shared by all ranks.
  public let location: RankLocation
  /// No limit but the address space's, unless a test sets one.
  public let messageLimit: Int
  private let exchange: Exchange

  /// Says that ranks are threads.
  public var transport: String { "threads of one process" }

  init(rank: Int, size: Int, location: RankLocation, messageLimit: Int, exchange: Exchange) {
    self.rank = rank
    self.size = size
    self.location = location
    self.messageLimit = messageLimit
    self.exchange = exchange
  }

  /// Returns once every rank has called it.
  public func barrier() throws(CommunicationError) {
    _ = try exchange.meet(Collective(name: "barrier"), part: [], of: rank)
  }

  /// Copies the root's elements into every rank's buffer.
  public func broadcast<Element: MessageElement>(
    _ elements: UnsafeMutableBufferPointer<Element>, from root: Int
  ) throws(CommunicationError) {
    let call = Collective(name: "broadcast", kind: Element.elementKind, counts: [elements.count], root: root)
    let part = rank == root ? bytes(of: UnsafeBufferPointer(elements)) : []
    let parts = try exchange.meet(call, part: part, of: rank)
    if rank != root { copy(parts[root], into: elements, at: 0) }
  }

  /// Puts the ranks' parts one after the other into `whole` at the root.
  public func gather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?, counts: [Int], at root: Int
  ) throws(CommunicationError) {
    let call = Collective(name: "gather", kind: Element.elementKind, counts: counts, root: root)
    let parts = try exchange.meet(call, part: bytes(of: part), of: rank)
    if let whole { concatenate(parts, counts: counts, into: whole) }
  }

  /// Puts the ranks' parts one after the other into every rank's `whole`.
  public func allGather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>, counts: [Int]
  ) throws(CommunicationError) {
    let call = Collective(name: "allGather", kind: Element.elementKind, counts: counts)
    let parts = try exchange.meet(call, part: bytes(of: part), of: rank)
    concatenate(parts, counts: counts, into: whole)
  }

  /// Combines the ranks' parts, in rank order, into `whole` at the root.
  public func reduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?,
    by operation: ReduceOperation, at root: Int
  ) throws(CommunicationError) {
    let call = Collective(
      name: "reduce", kind: Element.elementKind, counts: [part.count], operation: operation, root: root)
    let parts = try exchange.meet(call, part: bytes(of: part), of: rank)
    if let whole { combine(parts, into: whole, by: operation) }
  }

  /// Combines the ranks' parts, in rank order, into every rank's `whole`.
  public func allReduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>,
    by operation: ReduceOperation
  ) throws(CommunicationError) {
    let call = Collective(name: "allReduce", kind: Element.elementKind, counts: [part.count], operation: operation)
    let parts = try exchange.meet(call, part: bytes(of: part), of: rank)
    combine(parts, into: whole, by: operation)
  }

  /// Returns when the other rank has received the elements: stricter than MPI, so that what works here works there.
  public func send<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int
  ) throws(CommunicationError) {
    try exchange.send(bytes(of: elements), Element.elementKind, to: destination, tag: tag, from: rank)
  }

  /// Puts a copy of the elements into the other rank's mailbox.
  public func post<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int
  ) throws(CommunicationError) {
    try exchange.post(bytes(of: elements), Element.elementKind, to: destination, tag: tag, from: rank)
  }

  /// Fills the buffer with the message that a probe has described.
  public func receive<Element: MessageElement>(
    into elements: UnsafeMutableBufferPointer<Element>, from source: Int, tag: Int
  ) throws(CommunicationError) {
    let bytes = try exchange.receive(Element.elementKind, from: source, tag: tag, to: rank)
    precondition(bytes.count == elements.count * MemoryLayout<Element>.stride, "a message has the size that was told")
    copy(bytes, into: elements, at: 0)
  }

  /// Waits until a message is there to be received.
  public func awaitMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope {
    try exchange.awaitMessage(from: source, tag: tag, to: rank)
  }

  /// The message that can be received now, if there is one.
  public func pendingMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope? {
    try exchange.pendingMessage(from: source, tag: tag, to: rank)
  }

  /// Never: what is posted has arrived.
  public var isSending: Bool { false }

  /// Does nothing: threads of one process are alive together.
  public func attend() {}

  // MARK: - Bytes and elements

  private func bytes<Element: MessageElement>(of elements: UnsafeBufferPointer<Element>) -> [UInt8] {
    Array(UnsafeRawBufferPointer(elements))
  }

  private func copy<Element: MessageElement>(
    _ bytes: [UInt8], into elements: UnsafeMutableBufferPointer<Element>, at index: Int
  ) {
    let target = UnsafeMutableRawBufferPointer(elements)
    let start = index * MemoryLayout<Element>.stride
    precondition(start + bytes.count <= target.count, "a rank's buffer holds what its call announces")
    guard !bytes.isEmpty else { return }
    UnsafeMutableRawBufferPointer(rebasing: target[start..<start + bytes.count]).copyBytes(from: bytes)
  }

  private func concatenate<Element: MessageElement>(
    _ parts: [[UInt8]], counts: [Int], into whole: UnsafeMutableBufferPointer<Element>
  ) {
    var start = 0
    for (part, count) in zip(parts, counts) {
      copy(part, into: whole, at: start)
      start += count
    }
  }

  private func combine<Element: MessageElement>(
    _ parts: [[UInt8]], into whole: UnsafeMutableBufferPointer<Element>, by operation: ReduceOperation
  ) {
    copy(parts[0], into: whole, at: 0)
    for part in parts.dropFirst() {
      part.withUnsafeBytes { part in
        for index in whole.indices {
          let next = part.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
          switch operation {
          case .sum: whole[index] = Element.messageSum(whole[index], next)
          case .min: whole[index] = Swift.min(whole[index], next)
          case .max: whole[index] = Swift.max(whole[index], next)
          }
        }
      }
    }
  }
}

// Two threads that act as one rank would break the order of its calls.
@available(*, unavailable)
extension InProcessCommunicator: Sendable {}
