import Dispatch
import Synchronization

/// The workers of one rank: pieces of work are done by several threads, each with executors of its own.
///
/// A worker computes whole pieces with kernels of one thread: that leaves the bits alone, where threads inside a kernel
/// would not, and is as fast.
final class WorkerPool<Own>: Sendable {
  /// How many pieces are worked on at a time.
  let workerCount: Int
  private let make: @Sendable () throws -> Own
  private let idle = Mutex<[Handle]>([])

  /// What one worker owns. It goes from thread to thread, under the pool's lock, and is never used by two at once.
  private struct Handle: @unchecked Sendable {
    let own: Own
  }

  /// Workers that have made nothing yet.
  /// - Parameter make: makes what one worker needs, when it is first needed.
  init(count: Int, make: @escaping @Sendable () throws -> Own) {
    workerCount = max(count, 1)
    self.make = make
  }

  /// The results of pieces 0 ..< count, in that order, whichever worker did which.
  ///
  /// - Throws: the error of the earliest piece that failed; no further piece is begun then.
  func results<Result: Sendable>(
    of count: Int, _ work: @Sendable (_ piece: Int, _ own: Own) throws -> Result
  ) throws -> [Result] {
    let state = Mutex(Progress<Result>(count))
    DispatchQueue.concurrentPerform(iterations: min(workerCount, max(count, 1))) { _ in
      var handle: Handle?
      while let piece = state.withLock({ $0.take() }) {
        do {
          let mine = try handle ?? takeIdle() ?? Handle(own: try make())
          handle = mine
          let result = try work(piece, mine.own)
          state.withLock { $0.results[piece] = result }
        } catch {
          state.withLock { $0.fail(piece, error) }
        }
      }
      if let handle { idle.withLock { $0.append(handle) } }
    }
    return try state.withLock { state in
      if let failure = state.failure { throw failure.error }
      return state.results.compactMap { $0 }
    }
  }

  private func takeIdle() -> Handle? { idle.withLock { $0.popLast() } }

  private struct Progress<Result: Sendable> {
    var results: [Result?]
    var failure: (piece: Int, error: any Error)?
    private var next = 0

    init(_ count: Int) { results = [Result?](repeating: nil, count: count) }

    mutating func take() -> Int? {
      guard failure == nil, next < results.count else { return nil }
      defer { next += 1 }
      return next
    }

    mutating func fail(_ piece: Int, _ error: any Error) {
      if let failure, failure.piece < piece { return }
      failure = (piece, error)
    }
  }
}
