extension Communicator {
  /// Sends an array to another rank, which gets it with `receive`.
  ///
  /// May return only when the other rank receives: two ranks that both send first to each other can wait for ever.
  /// - Parameters:
  ///   - elements: what to send, at most `messageLimit` of them.
  ///   - destination: the receiving rank; not this one.
  ///   - tag: what the receiver can select messages by, in `0 ... MessageTag.largest`.
  public func send<Element: MessageElement>(
    _ elements: [Element], to destination: Int, tag: Int
  ) throws(CommunicationError) {
    try checkMessage(of: elements.count, to: destination, tag: tag, in: "send")
    try elements.withUnsafeBufferPointer { buffer throws(CommunicationError) in
      try send(buffer, to: destination, tag: tag)
    }
  }

  /// Sends an array to another rank without waiting for it, which gets it with `receive`.
  ///
  /// The transport keeps a copy until the message is gone, so memory is all that limits how many are on their way. A
  /// large one may move only while this rank makes calls, of whatever kind. What nobody has received when the last rank
  /// has ended is dropped without a word: a program that needs a message to arrive has the other rank receive it.
  /// - Parameters:
  ///   - elements: what to send, at most `messageLimit` of them.
  ///   - destination: the receiving rank; not this one.
  ///   - tag: what the receiver can select messages by, in `0 ... MessageTag.largest`. Messages with one tag arrive in
  ///     the order of their posts and sends.
  public func post<Element: MessageElement>(
    _ elements: [Element], to destination: Int, tag: Int
  ) throws(CommunicationError) {
    try checkMessage(of: elements.count, to: destination, tag: tag, in: "post")
    try elements.withUnsafeBufferPointer { buffer throws(CommunicationError) in
      try post(buffer, to: destination, tag: tag)
    }
  }

  /// Waits for a message and gives its elements, its source and its tag.
  ///
  /// Messages from one rank with one tag arrive in the order in which they were sent.
  /// - Parameters:
  ///   - type: what the message is made of; the sender's type.
  ///   - source: the sending rank, not this one; `nil` takes whichever comes first.
  ///   - tag: the message's tag; `nil` takes any.
  public func receive<Element: MessageElement>(
    _ type: Element.Type, from source: Int?, tag: Int?
  ) throws(CommunicationError) -> Message<Element> {
    let envelope = try probe(from: source, tag: tag)
    guard envelope.byteCount.isMultiple(of: MemoryLayout<Element>.stride) else {
      throw CommunicationError(
        .mismatch, operation: "receive",
        text: "\(envelope.byteCount) bytes from rank \(envelope.source) are no whole number of \(Element.elementKind)")
    }
    let elements = try Element.filled(envelope.byteCount / MemoryLayout<Element>.stride) {
      buffer throws(CommunicationError) in
      try receive(into: buffer, from: envelope.source, tag: envelope.tag)
    }
    return Message(elements: elements, source: envelope.source, tag: envelope.tag)
  }

  /// Waits until there is a message to receive, and says from whom, with which tag and how large it is.
  ///
  /// - Parameters:
  ///   - source: the sending rank, not this one; `nil` for any.
  ///   - tag: the message's tag; `nil` for any.
  public func probe(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope {
    try checkSelection(source, tag, of: "probe")
    return try awaitMessage(from: source, tag: tag)
  }

  /// The message that can be received without waiting, if there is one.
  ///
  /// A rank that only asks this, over and over, makes progress for MPI too, but burns a core: wait with `probe` when
  /// there is nothing else to do.
  public func probeWithoutWaiting(from source: Int?, tag: Int?) throws(CommunicationError) -> Envelope? {
    try checkSelection(source, tag, of: "probe")
    return try pendingMessage(from: source, tag: tag)
  }

  private func checkMessage(
    of count: Int, to destination: Int, tag: Int, in operation: String
  ) throws(CommunicationError) {
    try checkPeer(destination, as: "destination", of: operation)
    try checkTag(tag, of: operation)
    guard count <= messageLimit else {
      throw CommunicationError(
        .messageTooLarge, operation: operation,
        text: "\(count) elements in one message, at most \(messageLimit) are possible")
    }
  }

  private func checkSelection(_ source: Int?, _ tag: Int?, of operation: String) throws(CommunicationError) {
    if let source { try checkPeer(source, as: "source", of: operation) }
    if let tag { try checkTag(tag, of: operation) }
  }
}
