import Logging
import MessagePassing

extension WorkSession {
  /// Does what rank 0 alone does, and what may take long, on another thread, while this one answers the other ranks: they
  /// wait meanwhile, and would take silence for a stall.
  ///
  /// What takes longer than the limit for stalls is told in the log each time that the limit has passed.
  /// - Parameter what: what is done, where a person reads of it.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; `CommunicationError` when another rank has stalled.
  public func alone<Result>(_ what: String, _ body: () throws -> Result) throws -> Result {
    guard world.rank == 0, world.size > 1 else { return try body() }
    let outcome = Outcome<Result>()
    try withoutActuallyEscaping(body) { body in
      let work = Work(body: body)
      let thread = try RankThread { outcome.finish(Swift.Result { try work.body() }) }
      defer { thread.join() }
      let clock = ContinuousClock()
      let start = clock.now
      var told = start
      while !outcome.isThere(within: .milliseconds(10)) {
        try world.attend()
        guard let limit = options.stallTimeout, clock.now - told >= limit else { continue }
        told = clock.now
        logger.notice("rank 0 has been at \(what) for \(Int((told - start) / .seconds(1))) s; the other ranks wait")
      }
    }
    return try outcome.take().get()
  }

  /// What one thread calls while the thread that made it waits.
  private struct Work<Result>: @unchecked Sendable {
    let body: () throws -> Result
  }

  /// What the call came to.
  ///
  /// `@unchecked Sendable`: the variable is read and written inside `monitor.locked` only, and what is in it is handed
  /// from thread to thread once.
  private final class Outcome<Result>: @unchecked Sendable {
    private let monitor = Monitor()
    private var result: Swift.Result<Result, any Error>?

    func finish(_ result: Swift.Result<Result, any Error>) {
      monitor.locked {
        self.result = result
        monitor.wakeAll()
      }
    }

    func isThere(within limit: Duration) -> Bool {
      monitor.locked {
        if result == nil { monitor.wait(limit) }
        return result != nil
      }
    }

    func take() -> Swift.Result<Result, any Error> {
      monitor.locked {
        guard let result else { preconditionFailure("the thread was joined and has left nothing") }
        return result
      }
    }
  }
}
