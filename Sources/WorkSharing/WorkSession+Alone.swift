import Logging
import MessagePassing

extension WorkSession {
  /// Does what rank 0 alone does, and what may take long, on another thread, while this one answers the other ranks: they
  /// wait meanwhile, and would take silence for a stall.
  ///
  /// What takes longer than the limit for stalls is told in the log each time that the limit has passed. A stop ends it
  /// within a second: all that was measured is stored by then.
  /// - Parameters:
  ///   - what: what is done, where a person reads of it.
  ///   - body: takes along what it needs; when this throws it may still be running.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; `Interruption` of rank 0 alone when the run is to stop; `CommunicationError` when another
  ///   rank has stalled.
  public func alone<Result>(_ what: String, _ body: @escaping () throws -> Result) throws -> Result {
    guard world.rank == 0 else { return try body() }
    let outcome = Outcome<Result>()
    let work = Work(body: body)
    let thread = try RankThread { outcome.finish(Swift.Result { try work.body() }) }
    let clock = ContinuousClock()
    let start = clock.now
    var told = start
    do {
      while !outcome.isThere(within: .milliseconds(10)) {
        try world.attend()
        phases.tick()
        if let cause = causeToStop(at: clock.now) {
          throw Interruption(cause: cause, unit: what, stored: 0, total: 0, isShared: world.size == 1)
        }
        guard let limit = options.stallTimeout, clock.now - told >= limit else { continue }
        told = clock.now
        logger.notice("rank 0 has been at \(what) for \(Int((told - start) / .seconds(1))) s; the other ranks wait")
      }
    } catch {
      thread.leave()
      throw error
    }
    thread.join()
    return try outcome.take().get()
  }

  /// Who wants work that stores nothing to be given up.
  private func causeToStop(at now: ContinuousClock.Instant) -> Interruption.Cause? {
    if options.stop.isMade, options.stop.age > WorkPulse.grace {
      return options.stop.signal.map { .signal($0) } ?? .peer
    }
    return options.deadline.flatMap { now >= $0 ? .timeLimit : nil }
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
