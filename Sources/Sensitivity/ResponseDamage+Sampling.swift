import Networks

extension ResponseDamage {
  /// The order that masks of random halves give: of a search space, at first all units, a half is masked in every draw and
  /// the damage credited to all of it; the half of the lowest means is the search space of the next round.
  ///
  /// Units go by the round in which they leave the search space, the last first, then by their means in that round.
  /// - Parameter beat: called with every draw; what it throws ends it.
  func sampledOrder(draws: Int, seed: UInt64, group: Int, beat: () throws -> Void) rethrows -> RemovalOrder {
    var space = Array(0..<unitCount)
    var left: [[Int]] = []
    while space.count > 1 {
      let means = try meanDamages(of: space, draws: draws, seed: seed, group: group, round: left.count, beat: beat)
      let sorted = space.indices.sorted { (means[$0], $0) < (means[$1], $1) }.map { space[$0] }
      left.append(Array(sorted[(space.count / 2)...]))
      space = sorted[..<(space.count / 2)].sorted()
    }
    return order(space + left.reversed().joined())
  }

  /// By unit of a search space the mean damage of the draws that masked it; infinite where none did.
  ///
  /// The half of a draw is a function of seed, group, round and the draw's number.
  func meanDamages(
    of space: [Int], draws: Int, seed: UInt64, group: Int, round: Int, beat: () throws -> Void
  ) rethrows -> [Double] {
    var sums = [Double](repeating: 0, count: space.count)
    var counts = [Int](repeating: 0, count: space.count)
    for draw in 0..<draws {
      try beat()
      var random = SplitMix64(seed, UInt64(group), UInt64(round), UInt64(draw))
      var masked: [Int] = []
      // Selection sampling (Knuth, The Art of Computer Programming 2, algorithm S): each half is equally likely.
      for position in space.indices
      where random.below(space.count - position) < space.count / 2 - masked.count {
        masked.append(position)
      }
      let damage = damage(of: masked.map { space[$0] })
      for position in masked {
        sums[position] += damage
        counts[position] += 1
      }
    }
    return zip(sums, counts).map { $1 == 0 ? .infinity : $0 / Double($1) }
  }
}
