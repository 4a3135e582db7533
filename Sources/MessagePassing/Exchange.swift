/// Where the ranks of one process meet: what they give is copied in, what they get is copied out, and who waits for
/// what is known, so that ranks that can never meet are told so.
///
/// `@unchecked Sendable`: every variable is read and written inside `monitor.locked` only.
final class Exchange: @unchecked Sendable {
  /// What a rank is doing, as far as its peers can know.
  private enum State {
    case running
    case waiting(Wait)
    case finished
  }

  /// What a waiting rank waits for.
  private enum Wait {
    case collective(Collective)
    case delivery(to: Int, tag: Int)
    case message(from: Int?, tag: Int?)
  }

  private let monitor = Monitor()
  private var states: [State]
  /// The ranks' parts of the collective call that is being collected.
  private var parts: [[UInt8]?]
  /// That call, and the rank that came first.
  private var collective: (call: Collective, firstRank: Int)?
  /// The complete parts of a collective call, for each rank that has not fetched them yet.
  private var complete: [[[UInt8]]?]
  /// The messages on their way to each rank, in the order in which they were sent.
  private var mailboxes: [[Parcel]]
  /// The number of the message that each rank waits to see received: a send waits for that, a post does not.
  private var awaitedParcels: [Int?]
  /// Counts the messages.
  private var parcelCount = 0
  /// What ended the exchange: the first error, and what the other ranks are told.
  private var failure: (cause: any Error, notice: CommunicationError)?

  init(size: Int) {
    states = Array(repeating: .running, count: size)
    parts = Array(repeating: nil, count: size)
    complete = Array(repeating: nil, count: size)
    mailboxes = Array(repeating: [], count: size)
    awaitedParcels = Array(repeating: nil, count: size)
  }

  /// The error that ended the exchange, if one did.
  var firstCause: (any Error)? {
    monitor.locked { failure?.cause }
  }

  /// Gives this rank's part of a collective call and returns every rank's, in rank order.
  func meet(_ call: Collective, part: [UInt8], of rank: Int) throws(CommunicationError) -> [[UInt8]] {
    try monitor.locked { () throws(CommunicationError) in
      try checkAlive()
      if let collective, collective.call != call {
        throw fail(
          CommunicationError(
            .mismatch, operation: call.name,
            text: "rank \(rank) calls \(call) while rank \(collective.firstRank) calls \(collective.call)"))
      }
      if collective == nil { collective = (call, rank) }
      parts[rank] = part
      let all = parts.compactMap { $0 }
      if all.count == parts.count {
        complete = Array(repeating: all, count: all.count)
        parts = Array(repeating: nil, count: all.count)
        collective = nil
        monitor.wakeAll()
      }
      try wait(.collective(call), as: rank)
      defer { complete[rank] = nil }
      return complete[rank] ?? []
    }
  }

  /// Offers a message and returns when it was received.
  func send(_ bytes: [UInt8], _ kind: ElementKind, to destination: Int, tag: Int, from rank: Int)
    throws(CommunicationError)
  {
    try monitor.locked { () throws(CommunicationError) in
      try checkAlive()
      awaitedParcels[rank] = put(bytes, kind, to: destination, tag: tag, from: rank)
      try wait(.delivery(to: destination, tag: tag), as: rank)
    }
  }

  /// Leaves a message for another rank and returns.
  func post(_ bytes: [UInt8], _ kind: ElementKind, to destination: Int, tag: Int, from rank: Int)
    throws(CommunicationError)
  {
    try monitor.locked { () throws(CommunicationError) in
      try checkAlive()
      _ = put(bytes, kind, to: destination, tag: tag, from: rank)
    }
  }

  /// Waits for a message to `rank`, and describes it.
  func awaitMessage(from source: Int?, tag: Int?, to rank: Int) throws(CommunicationError) -> Envelope {
    try monitor.locked { () throws(CommunicationError) in
      try checkAlive()
      while true {
        if let envelope = oldestMessage(from: source, tag: tag, to: rank) { return envelope }
        try wait(.message(from: source, tag: tag), as: rank)
      }
    }
  }

  /// Describes the message that `rank` could receive at once.
  func pendingMessage(from source: Int?, tag: Int?, to rank: Int) throws(CommunicationError) -> Envelope? {
    try monitor.locked { () throws(CommunicationError) in
      try checkAlive()
      return oldestMessage(from: source, tag: tag, to: rank)
    }
  }

  /// Takes a message's bytes and lets its sender go on.
  func receive(_ kind: ElementKind, from source: Int, tag: Int, to rank: Int) throws(CommunicationError) -> [UInt8] {
    _ = try awaitMessage(from: source, tag: tag, to: rank)
    return try monitor.locked { () throws(CommunicationError) in
      // No other thread can have taken it: messages to this rank are received by this rank.
      guard let index = oldestParcel(from: source, tag: tag, to: rank) else { return [] }
      let parcel = mailboxes[rank][index]
      guard parcel.kind == kind else {
        throw fail(
          CommunicationError(
            .mismatch, operation: "receive",
            text: "rank \(rank) expects \(kind) from rank \(source), which sent \(parcel.kind)"))
      }
      mailboxes[rank].remove(at: index)
      if awaitedParcels[source] == parcel.number {
        awaitedParcels[source] = nil
        monitor.wakeAll()
      }
      return parcel.bytes
    }
  }

  /// Notes that a rank has ended well; peers that still count on it are told.
  func finish(_ rank: Int) {
    monitor.locked {
      states[rank] = .finished
      failIfNobodyCanGoOn()
    }
  }

  /// Notes that a rank has ended with an error, and releases all others.
  func abandon(_ error: any Error, of rank: Int) {
    monitor.locked {
      states[rank] = .finished
      guard failure == nil else { return }
      let notice = CommunicationError(
        .peerEnded, operation: "exchange", text: "rank \(rank) ended with an error: \(error)")
      failure = (error, notice)
      monitor.wakeAll()
    }
  }

  // MARK: - Inside the lock

  private func checkAlive() throws(CommunicationError) {
    if let failure { throw failure.notice }
  }

  private func fail(_ error: CommunicationError) -> CommunicationError {
    if failure == nil { failure = (error, error) }
    monitor.wakeAll()
    return error
  }

  private func wait(_ wait: Wait, as rank: Int) throws(CommunicationError) {
    states[rank] = .waiting(wait)
    failIfNobodyCanGoOn()
    while failure == nil && !isOver(wait, for: rank) { monitor.wait() }
    states[rank] = .running
    try checkAlive()
  }

  private func isOver(_ wait: Wait, for rank: Int) -> Bool {
    switch wait {
    case .collective: complete[rank] != nil
    case .delivery: awaitedParcels[rank] == nil
    case .message(let source, let tag): oldestParcel(from: source, tag: tag, to: rank) != nil
    }
  }

  /// Puts a message on its way and gives its number.
  private func put(_ bytes: [UInt8], _ kind: ElementKind, to destination: Int, tag: Int, from rank: Int) -> Int {
    parcelCount += 1
    mailboxes[destination].append(Parcel(bytes: bytes, kind: kind, source: rank, tag: tag, number: parcelCount))
    monitor.wakeAll()
    return parcelCount
  }

  private func oldestMessage(from source: Int?, tag: Int?, to rank: Int) -> Envelope? {
    oldestParcel(from: source, tag: tag, to: rank).map { index in
      let parcel = mailboxes[rank][index]
      return Envelope(source: parcel.source, tag: parcel.tag, byteCount: parcel.bytes.count)
    }
  }

  private func oldestParcel(from source: Int?, tag: Int?, to rank: Int) -> Int? {
    mailboxes[rank].firstIndex { parcel in
      (source == nil || parcel.source == source) && (tag == nil || parcel.tag == tag)
    }
  }

  /// Ends the exchange when no rank is running and what the others wait for has not come and cannot come any more.
  private func failIfNobodyCanGoOn() {
    var waits: [String] = []
    for (rank, state) in states.enumerated() {
      switch state {
      case .running: return
      case .finished: waits.append("rank \(rank) has ended")
      case .waiting(let wait):
        if isOver(wait, for: rank) { return }
        waits.append("rank \(rank) waits in \(describe(wait))")
      }
    }
    let isSomeoneWaiting = states.contains { if case .waiting = $0 { true } else { false } }
    if isSomeoneWaiting && failure == nil {
      _ = fail(CommunicationError(.deadlock, operation: "exchange", text: waits.joined(separator: ", ")))
    }
  }

  private func describe(_ wait: Wait) -> String {
    switch wait {
    case .collective(let call): call.description
    case .delivery(let destination, let tag): "a send to rank \(destination) with tag \(tag)"
    case .message(let source, let tag):
      "a receive from \(source.map { "rank \($0)" } ?? "any rank") with \(tag.map { "tag \($0)" } ?? "any tag")"
    }
  }
}

/// A message on its way.
private struct Parcel {
  let bytes: [UInt8]
  let kind: ElementKind
  let source: Int
  let tag: Int
  let number: Int
}
