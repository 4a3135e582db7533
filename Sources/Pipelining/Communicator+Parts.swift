import MessagePassing

/// Arrays of any length: cut into parts of the longest message and a shorter last one, which may be empty.
extension Communicator {
  /// Sends an array to another rank, which gets it with `receiveAll`; may return only when it does.
  func sendAll<Element: MessageElement>(
    _ elements: [Element], to rank: Int, tag: Int
  ) throws(CommunicationError) {
    try inParts(elements) { part throws(CommunicationError) in try send(part, to: rank, tag: tag) }
  }

  /// Waits for what another rank sends with `sendAll`.
  func receiveAll<Element: MessageElement>(from rank: Int, tag: Int) throws(CommunicationError) -> [Element] {
    var elements: [Element] = []
    while true {
      let part = try receive(Element.self, from: rank, tag: tag).elements
      let isLast = part.count < messageLimit
      if isLast, elements.isEmpty { return part }
      elements += part
      if isLast { return elements }
    }
  }

  /// Hands over the parts of an array; the whole of one that is short enough.
  func inParts<Element>(
    _ elements: [Element], _ send: ([Element]) throws(CommunicationError) -> Void
  ) throws(CommunicationError) {
    guard elements.count >= messageLimit else { return try send(elements) }
    var start = 0
    while elements.count - start >= messageLimit {
      try send(Array(elements[start..<start + messageLimit]))
      start += messageLimit
    }
    try send(Array(elements[start...]))
  }
}
