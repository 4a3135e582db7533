import Testing

@testable import MessagePassing

struct GatherRoundsTests {
  /// The elements that MPI carries in one message, over 4096 ranks.
  static let limit = 1 << 27
  static let ranks = 4096

  @Test(arguments: [0, 1, 32_767, 32_768, 32_769, 300_001])
  func `no round of 4096 ranks has more elements than a message`(count: Int) {
    check(counts: (0..<Self.ranks).map { count + $0 % 3 })
  }

  @Test
  func `one rank of 4096 may have all there is`() {
    check(counts: (0..<Self.ranks).map { $0 == 4095 ? 20_000_000 : 0 })
    // Close to Int.max nothing overflows either; the rounds are too many to look at each.
    let rounds = GatherRounds(counts: [Int.max, 1], pieceLimit: Self.limit / Self.ranks)
    #expect(rounds.count == 1 << 48)
    #expect(rounds.piece(of: 0, in: rounds.count - 1) == Int.max - 32_767..<Int.max)
    #expect(rounds.piece(of: 1, in: rounds.count - 1).isEmpty)
  }

  private func check(counts: [Int]) {
    let rounds = GatherRounds(counts: counts, pieceLimit: Self.limit / Self.ranks)
    var ends = [Int](repeating: 0, count: counts.count)
    var largest = 0
    var gap: String?
    for round in 0..<rounds.count {
      largest = max(largest, rounds.pieceCounts(in: round).reduce(0, +))
      for rank in counts.indices {
        let piece = rounds.piece(of: rank, in: round)
        if piece.lowerBound != ends[rank] { gap = gap ?? "rank \(rank) goes on at \(piece) after \(ends[rank])" }
        ends[rank] = piece.upperBound
      }
    }
    #expect(largest <= Self.limit)
    #expect(gap == nil)
    #expect(ends == counts)
  }
}
