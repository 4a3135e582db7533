import MessagePassing

/// Another communicator whose calls are written down.
///
/// It knows nothing of what the messages mean, so it serves any schedule.
struct TracingCommunicator: Communicator {
  private let base: any Communicator
  private let trace: Trace

  init(_ base: any Communicator, _ trace: Trace) {
    self.base = base
    self.trace = trace
  }

  var rank: Int { base.rank }
  var size: Int { base.size }
  var location: RankLocation { base.location }
  var transport: String { base.transport }
  var messageLimit: Int { base.messageLimit }

  func barrier() throws(CommunicationError) {
    let start = trace.now
    try base.barrier()
    trace.add(.barrier, from: start)
  }

  func broadcast<Element: MessageElement>(
    _ elements: UnsafeMutableBufferPointer<Element>, from root: Int
  ) throws(CommunicationError) {
    let start = trace.now
    try base.broadcast(elements, from: root)
    trace.add(.broadcast, from: start, size: bytes(elements), peer: root)
  }

  func gather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?, counts: [Int], at root: Int
  ) throws(CommunicationError) {
    let start = trace.now
    try base.gather(part, into: whole, counts: counts, at: root)
    trace.add(.gather, from: start, size: bytes(part), peer: root)
  }

  func allGather<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>, counts: [Int]
  ) throws(CommunicationError) {
    let start = trace.now
    try base.allGather(part, into: whole, counts: counts)
    trace.add(.allGather, from: start, size: bytes(part))
  }

  func reduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>?,
    by operation: ReduceOperation, at root: Int
  ) throws(CommunicationError) {
    let start = trace.now
    try base.reduce(part, into: whole, by: operation, at: root)
    trace.add(.reduce, from: start, size: bytes(part), peer: root)
  }

  func allReduce<Element: MessageElement>(
    _ part: UnsafeBufferPointer<Element>, into whole: UnsafeMutableBufferPointer<Element>,
    by operation: ReduceOperation
  ) throws(CommunicationError) {
    let start = trace.now
    try base.allReduce(part, into: whole, by: operation)
    trace.add(.allReduce, from: start, size: bytes(part))
  }

  func send<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int
  ) throws(CommunicationError) {
    let start = trace.now
    try base.send(elements, to: destination, tag: tag)
    trace.add(.send, from: start, size: bytes(elements), peer: destination, tag: tag)
  }

  func post<Element: MessageElement>(
    _ elements: UnsafeBufferPointer<Element>, to destination: Int, tag: Int
  ) throws(CommunicationError) {
    let start = trace.now
    try base.post(elements, to: destination, tag: tag)
    trace.add(.post, from: start, size: bytes(elements), peer: destination, tag: tag)
  }

  func receive<Element: MessageElement>(
    into elements: UnsafeMutableBufferPointer<Element>, from source: Int, tag: Int
  ) throws(CommunicationError) {
    let start = trace.now
    try base.receive(into: elements, from: source, tag: tag)
    trace.add(.receive, from: start, size: bytes(elements), peer: source, tag: tag)
  }

  func awaitMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope {
    let start = trace.now
    let envelope = try base.awaitMessage(from: source, tag: tag)
    trace.add(.probe, from: start, size: envelope.byteCount, peer: envelope.source, tag: envelope.tag)
    return envelope
  }

  func pendingMessage(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope? {
    let start = trace.now
    guard let envelope = try base.pendingMessage(from: source, tag: tag) else {
      trace.add(.poll, from: start, size: 1)
      return nil
    }
    trace.add(.probe, from: start, size: envelope.byteCount, peer: envelope.source, tag: envelope.tag)
    return envelope
  }

  var isSending: Bool { base.isSending }

  func attend() throws(CommunicationError) { try base.attend() }

  private func bytes<Element>(_ elements: UnsafeBufferPointer<Element>) -> Int {
    elements.count * MemoryLayout<Element>.stride
  }

  private func bytes<Element>(_ elements: UnsafeMutableBufferPointer<Element>) -> Int {
    bytes(UnsafeBufferPointer(elements))
  }
}
