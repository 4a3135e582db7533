import MessagePassing
import Synchronization

/// The workers of one rank: pieces of work are done by several threads, each with executors of its own.
///
/// A worker computes whole pieces with kernels of one thread: that leaves the bits alone, where threads inside a kernel
/// would not, and is as fast.
public final class WorkerPool<Own>: Sendable {
  /// How many pieces are worked on at a time.
  public let workerCount: Int
  private let make: @Sendable () throws -> Own
  private let idle = Mutex<[Handle]>([])

  /// What one worker owns. It goes from thread to thread, under the pool's lock, and is never used by two at once.
  private struct Handle: @unchecked Sendable {
    let own: Own
  }

  /// Workers that have made nothing yet.
  /// - Parameter make: makes what one worker needs, when it is first needed.
  public init(count: Int, make: @escaping @Sendable () throws -> Own) {
    workerCount = max(count, 1)
    self.make = make
  }

  /// Starts the workers on a queue, runs `meanwhile` on this thread, and waits for the workers to end.
  ///
  /// A stall is told at once: the worker that hangs may be one of these, and nobody could wait for it.
  /// - Parameter meanwhile: the queue is closed when it returns or throws.
  func work(
    on queue: WorkQueue, _ work: @escaping @Sendable (_ piece: Int, _ own: Own) throws -> [Double],
    meanwhile: () throws -> Void
  ) throws {
    var threads: [RankThread] = []
    defer {
      queue.close()
      for thread in threads { thread.join() }
    }
    for _ in 0..<workerCount {
      threads.append(try RankThread { self.run(queue, work) })
    }
    do {
      try meanwhile()
    } catch {
      queue.giveUp()
      if (error as? CommunicationError)?.kind == .stalled {
        for thread in threads { thread.leave() }
        threads = []
      }
      throw error
    }
  }

  private func run(_ queue: WorkQueue, _ work: @Sendable (_ piece: Int, _ own: Own) throws -> [Double]) {
    let clock = ContinuousClock()
    var handle: Handle?
    while let piece = queue.take() {
      do {
        let mine = try handle ?? idle.withLock { $0.popLast() } ?? Handle(own: try make())
        handle = mine
        let start = clock.now
        let values = try work(piece, mine.own)
        queue.finish(WorkQueue.Finished(piece: piece, values: values, seconds: (clock.now - start) / .seconds(1)))
      } catch is WorkPulse.Abandoned {
        queue.end(piece, nil)
      } catch {
        queue.end(piece, error)
      }
    }
    if let handle { idle.withLock { $0.append(handle) } }
  }
}
