/// Which pieces are still to be done, and which rank gets which.
struct WorkHandout {
  private let schedule: Schedule
  /// The ranks that take pieces.
  private let takers: [Int]
  /// Pieces nobody has, in the order in which they go: of all ranks, or of each.
  private var open: [ArraySlice<Int>]

  /// - Parameters:
  ///   - pieces: the pieces to be done, in the order in which they go.
  ///   - workers: by rank how many it has; those without take no pieces.
  init(_ schedule: Schedule, pieces: [Int], workers: [Int]) {
    self.schedule = schedule
    let takers = workers.indices.filter { workers[$0] > 0 }
    self.takers = takers
    switch schedule {
    case .dynamic: open = [pieces[...]]
    case .static: open = workers.indices.map { rank in pieces.filter { takers[$0 % takers.count] == rank }[...] }
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
    let list = list(takers[piece % takers.count])
    open[list] = ([piece] + open[list])[...]
  }
}
