/// Which pieces are still to be done, and which rank gets which.
struct WorkHandout {
  private let schedule: Schedule
  private let ranks: Int
  /// Pieces nobody has, in the order in which they go: of all ranks, or of each.
  private var open: [ArraySlice<Int>]

  /// - Parameter pieces: the pieces to be done, in the order in which they go.
  init(_ schedule: Schedule, pieces: [Int], ranks: Int) {
    self.schedule = schedule
    self.ranks = ranks
    switch schedule {
    case .dynamic: open = [pieces[...]]
    case .static: open = (0..<ranks).map { rank in pieces.filter { $0 % ranks == rank }[...] }
    }
  }

  private func list(_ rank: Int) -> Int { schedule == .dynamic ? 0 : rank }

  /// Whether a rank will get no more.
  func isExhausted(for rank: Int) -> Bool { open[list(rank)].isEmpty }

  /// Pieces that a rank could still get.
  func remaining(for rank: Int) -> Int { open[list(rank)].count }

  /// The next pieces of a rank.
  /// - Parameter limit: no piece from this one on.
  mutating func take(_ count: Int, for rank: Int, below limit: Int) -> [Int] {
    var taken: [Int] = []
    let list = list(rank)
    while taken.count < count, let piece = open[list].first, piece < limit {
      taken.append(piece)
      open[list].removeFirst()
    }
    return taken
  }

  /// Gives a piece back that has to be done again, before all others.
  mutating func putBack(_ piece: Int) {
    let list = list(piece % ranks)
    open[list] = ([piece] + open[list])[...]
  }
}
