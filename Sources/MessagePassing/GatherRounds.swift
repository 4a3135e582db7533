/// How arrays of given lengths travel in rounds, in each of which every rank sends at most `pieceLimit` elements.
struct GatherRounds {
  /// The length of every rank's array.
  let counts: [Int]
  /// The most that one rank sends in one round.
  let pieceLimit: Int
  /// The number of rounds: as many as the longest array needs.
  let count: Int

  init(counts: [Int], pieceLimit: Int) {
    precondition(pieceLimit > 0, "a communicator's message limit is at least its size")
    self.counts = counts
    self.pieceLimit = pieceLimit
    let longest = counts.max() ?? 0
    count = longest / pieceLimit + (longest % pieceLimit == 0 ? 0 : 1)
  }

  /// The places in the array of `rank` that travel in `round`.
  func piece(of rank: Int, in round: Int) -> Range<Int> {
    let start = min(round * pieceLimit, counts[rank])
    return start..<(counts[rank] - start > pieceLimit ? start + pieceLimit : counts[rank])
  }

  /// How much every rank sends in `round`.
  func pieceCounts(in round: Int) -> [Int] {
    counts.indices.map { piece(of: $0, in: round).count }
  }

  /// One empty array per rank, with room for what will come.
  func emptyParts<Element>(of type: Element.Type) -> [[Element]] {
    counts.map { count in
      var part: [Element] = []
      part.reserveCapacity(count)
      return part
    }
  }

  /// Appends each rank's piece of one round to that rank's array.
  func append<Element>(_ arrived: [Element], counts: [Int], to parts: inout [[Element]]) {
    var start = 0
    for (rank, count) in counts.enumerated() {
      parts[rank].append(contentsOf: arrived[start..<start + count])
      start += count
    }
  }
}
