import MessagePassing
import Synchronization

/// What the thread that talks to other ranks and the workers of its rank share: pieces to be done, and results.
///
/// `@unchecked Sendable`: every variable but the atomic counters is read and written inside `monitor.locked` only.
final class WorkQueue: @unchecked Sendable {
  /// A piece that is done.
  struct Finished {
    let piece: Int
    let values: [Double]
    /// What a worker took for it.
    let seconds: Double
  }

  /// What has happened since the queue was last asked.
  struct News {
    /// The result that was finished first.
    var finished: Finished?
    /// Other pieces of this rank: they wait, are worked on, or are finished too.
    var held = 0
    /// The lowest piece that is worked on.
    var running: Int?
    /// The earliest piece that failed.
    var failure: (any Error)?
  }

  private let monitor = Monitor()
  private var waiting: [Int] = []
  private var running: Set<Int> = []
  private var finished: [Finished] = []
  private var failure: (piece: Int, error: any Error)?
  private var isClosed = false
  private let beats = Atomic<Int>(0)
  private let progress = Atomic<Int>(0)
  private let isGivenUp = Atomic<Bool>(false)

  // MARK: Workers

  func beat() { beats.add(1, ordering: .relaxed) }

  /// Whether nobody waits for results any more.
  var hasGivenUp: Bool { isGivenUp.load(ordering: .relaxed) }

  func advance() {
    beats.add(1, ordering: .relaxed)
    progress.add(1, ordering: .relaxed)
  }

  /// The next piece; waits for one. `nil` when there will be none.
  func take() -> Int? {
    monitor.locked {
      while waiting.isEmpty, !isClosed { monitor.wait() }
      guard !waiting.isEmpty else { return nil }
      let piece = waiting.removeFirst()
      running.insert(piece)
      return piece
    }
  }

  func finish(_ result: Finished) {
    beats.add(1, ordering: .relaxed)
    monitor.locked {
      running.remove(result.piece)
      finished.append(result)
      monitor.wakeAll()
    }
  }

  /// A piece ended without a result; with an error no further piece is begun.
  func end(_ piece: Int, _ error: (any Error)?) {
    monitor.locked {
      running.remove(piece)
      if let error {
        waiting = []
        if failure.map({ piece < $0.piece }) ?? true { failure = (piece, error) }
      }
      monitor.wakeAll()
    }
  }

  // MARK: The rank's own thread

  /// How often workers have shown to be alive.
  var beatCount: Int { beats.load(ordering: .relaxed) }

  /// Units of progress done.
  var progressCount: Int { progress.load(ordering: .relaxed) }

  func add(_ pieces: [Int]) {
    guard !pieces.isEmpty else { return }
    monitor.locked {
      // With an error no further piece is begun.
      guard failure == nil else { return }
      waiting += pieces
      monitor.wakeAll()
    }
  }

  /// Gives up all pieces: those that nobody has begun, and those at hand as soon as they show to be alive.
  func giveUp() {
    isGivenUp.store(true, ordering: .relaxed)
    discard()
  }

  /// Gives up the pieces that nobody has begun.
  func discard() { monitor.locked { waiting = [] } }

  /// Lets the workers end once nothing waits.
  func close() {
    monitor.locked {
      isClosed = true
      monitor.wakeAll()
    }
  }

  /// Ends a wait for news.
  func wake() { monitor.locked { monitor.wakeAll() } }

  /// Waits until something is finished or has failed, for so long at the most.
  func awaitNews(_ limit: Duration) {
    monitor.locked {
      if finished.isEmpty, failure == nil || !running.isEmpty { monitor.wait(limit) }
    }
  }

  func news() -> News {
    monitor.locked {
      let first = finished.isEmpty ? nil : finished.removeFirst()
      // The error waits for the pieces that are under way: an earlier one may fail too.
      return News(
        finished: first, held: waiting.count + running.count + finished.count, running: running.min(),
        failure: running.isEmpty ? failure?.error : nil)
    }
  }
}
