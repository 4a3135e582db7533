import Glibc

/// Ranks as threads of this process: the communicator of a run without MPI, and of tests.
public enum InProcess {
  /// Runs `body` once per rank, each on a thread of its own (rank 0 on the calling one), and returns when all have ended.
  ///
  /// Ranks block while they wait for each other, so they are threads and never tasks. When a rank throws, every other
  /// rank's current or next call throws too, so that none waits for ever; calls that do not belong together, and ranks
  /// that all wait for each other, are found and reported in the same way.
  /// - Parameters:
  ///   - ranks: the number of ranks, at least 1.
  ///   - body: what every rank does, with its own communicator.
  /// - Returns: what the ranks returned, in rank order.
  /// - Throws: the first cause: what the first rank to fail threw, not what the others threw because of it.
  public static func run<Result: Sendable>(
    ranks: Int, body: @escaping @Sendable (_ world: InProcessCommunicator) throws -> Result
  ) throws -> [Result] {
    try run(ranks: ranks, messageLimit: Int.max, body: body)
  }

  /// The same with a limit on the elements of one message, so that tests see long arrays cut with short ones.
  package static func run<Result: Sendable>(
    ranks: Int, messageLimit: Int, body: @escaping @Sendable (_ world: InProcessCommunicator) throws -> Result
  ) throws -> [Result] {
    precondition(ranks > 0, "a communicator has at least one rank")
    precondition(messageLimit >= ranks, "the message limit is at least the number of ranks")
    let exchange = Exchange(size: ranks)
    let location = hostName()
    let outcomes = (0..<ranks).map { _ in Outcome<Result>() }

    @Sendable func perform(_ rank: Int) {
      let place = RankLocation(hostName: location, localRank: rank, localSize: ranks)
      let world = InProcessCommunicator(
        rank: rank, size: ranks, location: place, messageLimit: messageLimit, exchange: exchange)
      do {
        outcomes[rank].value = try body(world)
        exchange.finish(rank)
      } catch {
        exchange.abandon(error, of: rank)
      }
    }

    var threads: [RankThread] = []
    do {
      for rank in 1..<ranks {
        threads.append(try RankThread { perform(rank) })
      }
      perform(0)
    } catch {
      exchange.abandon(error, of: threads.count + 1)
    }
    for thread in threads { thread.join() }

    if let cause = exchange.firstCause { throw cause }
    return outcomes.compactMap(\.value)
  }

  private static func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    // The last byte stays zero whatever gethostname writes: POSIX leaves a cut name without its end.
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// What one rank returned.
///
/// `@unchecked Sendable` without a lock: written by the rank's thread alone, read after that thread was joined.
private final class Outcome<Value: Sendable>: @unchecked Sendable {
  var value: Value?
}
