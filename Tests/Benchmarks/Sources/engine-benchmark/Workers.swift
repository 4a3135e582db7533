import Dispatch
import Synchronization

/// Runs something on several threads at once, as a search runs its workers.
enum Workers {
  /// Calls `body` with 0 ..< `count`, each on a thread of its own.
  /// - Throws: the error of one that failed.
  static func run(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: count) { worker in
      do {
        try body(worker)
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
