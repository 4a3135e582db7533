import MessagePassing

/// Pieces of work shared among the ranks, their results brought together at rank 0 in the order of the pieces.
///
/// A piece is fixed by data and configuration alone. Combined in order, the results have the same bits for any number of
/// ranks and workers.
struct SharedWork {
  private let world: any Communicator
  /// What rank 0 holds of results at a time where there are rounds, in numbers (512 MiB), one result of each rank at least.
  private static let numbersAtATime = 1 << 26

  init(on world: any Communicator) { self.world = world }

  /// Does pieces 0 ..< count and hands each one's result to `combine`, at rank 0, in order.
  ///
  /// - Parameters:
  ///   - length: the number of elements of every result.
  ///   - inRounds: whether ranks wait for each other after as many pieces as they have workers, so that no more large
  ///     results than that are held at a time.
  func perform<Own>(
    _ count: Int, length: Int, inRounds: Bool = false, by pool: WorkerPool<Own>,
    _ work: @Sendable (_ piece: Int, _ own: Own) throws -> [Double], combine: (ArraySlice<Double>) throws -> Void
  ) throws {
    // All ranks must make the same rounds, so the smallest number of workers decides; large results are few at a time.
    let together = inRounds ? Int(try world.allReduce(Int64(pool.workerCount), .min)) : count
    // Rank 0 holds what all ranks send, so the limit is theirs together.
    let fitting = inRounds ? max(SharedWork.numbersAtATime / max(length * world.size, 1), 1) : count
    let round = max(min(together, fitting) * world.size, 1)
    for start in stride(from: 0, to: count, by: round) {
      let pieces = Array(start..<min(start + round, count))
      let own = pieces.filter { $0 % world.size == world.rank }
      let results = try pool.results(of: own.count) { try work(own[$0], $1) }
      precondition(results.allSatisfy { $0.count == length })
      guard let parts = try world.gather(results.flatMap { $0 }, at: 0) else { continue }
      // A round begins at a multiple of the number of ranks.
      for piece in pieces {
        let position = (piece - start) / world.size
        try combine(parts[piece % world.size][position * length..<(position + 1) * length])
      }
    }
  }

  /// The sum of the pieces' results at rank 0, added in order; `nil` elsewhere.
  func sum<Own>(
    _ count: Int, length: Int, inRounds: Bool = false, by pool: WorkerPool<Own>,
    _ work: @Sendable (_ piece: Int, _ own: Own) throws -> [Double]
  ) throws -> [Double]? {
    var total = [Double](repeating: 0, count: length)
    try perform(count, length: length, inRounds: inRounds, by: pool, work) { part in
      for (index, value) in zip(total.indices, part) { total[index] += value }
    }
    return world.rank == 0 ? total : nil
  }
}
