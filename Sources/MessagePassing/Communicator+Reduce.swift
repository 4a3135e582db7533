extension Communicator {
  /// The ranks' arrays combined element by element, at the root; `nil` elsewhere.
  ///
  /// - Precondition: every rank passes an array of one length.
  public func reduce<Element: MessageElement>(
    _ part: [Element], _ operation: ReduceOperation, at root: Int
  ) throws(CommunicationError) -> [Element]? {
    try checkRank(root, as: "root", of: "reduce")
    var whole = Element.zeros(rank == root ? part.count : 0)
    try part.withUnsafeBufferPointer { part throws(CommunicationError) in
      try whole.withUnsafeMutableBufferPointer { whole throws(CommunicationError) in
        for piece in pieces(of: part.count) {
          let target = rank == root ? UnsafeMutableBufferPointer(rebasing: whole[piece]) : nil
          try reduce(UnsafeBufferPointer(rebasing: part[piece]), into: target, by: operation, at: root)
        }
      }
    }
    return rank == root ? whole : nil
  }

  /// The ranks' arrays combined element by element, on every rank.
  ///
  /// - Precondition: every rank passes an array of one length.
  public func allReduce<Element: MessageElement>(
    _ part: [Element], _ operation: ReduceOperation
  ) throws(CommunicationError) -> [Element] {
    var whole = Element.zeros(part.count)
    try part.withUnsafeBufferPointer { part throws(CommunicationError) in
      try whole.withUnsafeMutableBufferPointer { whole throws(CommunicationError) in
        for piece in pieces(of: part.count) {
          try allReduce(
            UnsafeBufferPointer(rebasing: part[piece]), into: UnsafeMutableBufferPointer(rebasing: whole[piece]),
            by: operation)
        }
      }
    }
    return whole
  }

  /// The ranks' numbers combined into one, on every rank.
  public func allReduce<Element: MessageElement>(
    _ value: Element, _ operation: ReduceOperation
  ) throws(CommunicationError) -> Element {
    var whole = Element.zero
    try withUnsafePointer(to: value) { value throws(CommunicationError) in
      try withUnsafeMutablePointer(to: &whole) { whole throws(CommunicationError) in
        try allReduce(
          UnsafeBufferPointer(start: value, count: 1), into: UnsafeMutableBufferPointer(start: whole, count: 1),
          by: operation)
      }
    }
    return whole
  }
}
