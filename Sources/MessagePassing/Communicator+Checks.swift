// What the calls on arrays check before a transport sees them, so that every transport refuses the same things.
extension Communicator {
  func checkRank(_ other: Int, as role: String, of operation: String) throws(CommunicationError) {
    guard (0..<size).contains(other) else {
      throw CommunicationError(
        .invalidRank, operation: operation, text: "\(role) \(other) is not a rank: there are \(size), counted from 0")
    }
  }

  func checkPeer(_ other: Int, as role: String, of operation: String) throws(CommunicationError) {
    try checkRank(other, as: role, of: operation)
    // A blocking send to oneself would wait for a receive that cannot follow.
    guard other != rank else {
      throw CommunicationError(
        .invalidRank, operation: operation, text: "\(role) \(other) is the calling rank itself")
    }
  }

  func checkTag(_ tag: Int, of operation: String) throws(CommunicationError) {
    guard (0...MessageTag.largest).contains(tag) else {
      throw CommunicationError(
        .invalidTag, operation: operation, text: "tag \(tag) is not in 0 ... \(MessageTag.largest)")
    }
  }

  /// The consecutive ranges, none longer than `messageLimit`, that make up `0 ..< count`.
  func pieces(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: messageLimit).map { start in
      start..<(count - start > messageLimit ? start + messageLimit : count)
    }
  }
}
