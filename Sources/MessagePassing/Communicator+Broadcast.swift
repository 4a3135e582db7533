extension Communicator {
  /// Gives every rank the root's array; only the root needs to know its length.
  ///
  /// - Parameters:
  ///   - elements: what the root sends; replaced on every other rank, whatever it held.
  ///   - root: the rank whose array all receive.
  public func broadcast<Element: MessageElement>(
    _ elements: inout [Element], from root: Int
  ) throws(CommunicationError) {
    try checkRank(root, as: "root", of: "broadcast")
    let count = try broadcast(elements.count, from: root)
    if rank != root {
      elements = Element.zeros(count)
    }
    try elements.withUnsafeMutableBufferPointer { buffer throws(CommunicationError) in
      for piece in pieces(of: count) {
        try broadcast(UnsafeMutableBufferPointer(rebasing: buffer[piece]), from: root)
      }
    }
  }

  /// The root's number, on every rank.
  public func broadcast<Element: MessageElement>(
    _ value: Element, from root: Int
  ) throws(CommunicationError) -> Element {
    try checkRank(root, as: "root", of: "broadcast")
    var value = value
    try withUnsafeMutablePointer(to: &value) { pointer throws(CommunicationError) in
      try broadcast(UnsafeMutableBufferPointer(start: pointer, count: 1), from: root)
    }
    return value
  }
}
