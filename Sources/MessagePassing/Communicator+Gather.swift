extension Communicator {
  /// Every rank's array, in rank order, at the root; `nil` elsewhere. The arrays may differ in length.
  ///
  /// - Parameters:
  ///   - part: this rank's array.
  ///   - root: the rank that receives them all.
  public func gather<Element: MessageElement>(
    _ part: [Element], at root: Int
  ) throws(CommunicationError) -> [[Element]]? {
    try checkRank(root, as: "root", of: "gather")
    let rounds = GatherRounds(counts: try allGather(part.count), pieceLimit: messageLimit / size)
    var whole = rank == root ? rounds.emptyParts(of: Element.self) : []
    try part.withUnsafeBufferPointer { part throws(CommunicationError) in
      for round in 0..<rounds.count {
        let counts = rounds.pieceCounts(in: round)
        let piece = UnsafeBufferPointer(rebasing: part[rounds.piece(of: rank, in: round)])
        guard rank == root else {
          try gather(piece, into: nil, counts: counts, at: root)
          continue
        }
        var arrived = Element.zeros(counts.reduce(0, +))
        try arrived.withUnsafeMutableBufferPointer { arrived throws(CommunicationError) in
          try gather(piece, into: arrived, counts: counts, at: root)
        }
        rounds.append(arrived, counts: counts, to: &whole)
      }
    }
    return rank == root ? whole : nil
  }

  /// Every rank's array, in rank order, on every rank. The arrays may differ in length.
  public func allGather<Element: MessageElement>(_ part: [Element]) throws(CommunicationError) -> [[Element]] {
    let rounds = GatherRounds(counts: try allGather(part.count), pieceLimit: messageLimit / size)
    var whole = rounds.emptyParts(of: Element.self)
    try part.withUnsafeBufferPointer { part throws(CommunicationError) in
      for round in 0..<rounds.count {
        let counts = rounds.pieceCounts(in: round)
        let piece = UnsafeBufferPointer(rebasing: part[rounds.piece(of: rank, in: round)])
        var arrived = Element.zeros(counts.reduce(0, +))
        try arrived.withUnsafeMutableBufferPointer { arrived throws(CommunicationError) in
          try allGather(piece, into: arrived, counts: counts)
        }
        rounds.append(arrived, counts: counts, to: &whole)
      }
    }
    return whole
  }

  /// Every rank's number, in rank order, on every rank.
  public func allGather<Element: MessageElement>(_ value: Element) throws(CommunicationError) -> [Element] {
    var values = Element.zeros(size)
    let counts = [Int](repeating: 1, count: size)
    try withUnsafePointer(to: value) { value throws(CommunicationError) in
      try values.withUnsafeMutableBufferPointer { values throws(CommunicationError) in
        try allGather(UnsafeBufferPointer(start: value, count: 1), into: values, counts: counts)
      }
    }
    return values
  }

  /// Every rank's text, in rank order, at the root; `nil` elsewhere.
  public func gather(_ text: String, at root: Int) throws(CommunicationError) -> [String]? {
    try gather(Array(text.utf8), at: root)?.map { String(decoding: $0, as: UTF8.self) }
  }
}
