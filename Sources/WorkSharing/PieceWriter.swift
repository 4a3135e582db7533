import MessagePassing

/// Stores results on threads of its own, so that nobody waits for a disk.
///
/// `@unchecked Sendable`: every variable is read and written inside `monitor.locked` only.
final class PieceWriter: @unchecked Sendable {
  private let store: PieceStore
  private let monitor = Monitor()
  private var waiting: [(key: PieceKey, values: [Double])] = []
  private var isClosed = false
  private var saved = 0
  private var failure: (any Error)?
  private var threads: [RankThread] = []

  /// How many are stored at a time. Each waits for the disk most of the time, and a disk gets several done as fast as one.
  private static let threadCount = 4

  init(_ store: PieceStore) throws {
    self.store = store
    do {
      for _ in 0..<PieceWriter.threadCount { threads.append(try RankThread { self.run() }) }
    } catch {
      try? finish()
      throw error
    }
  }

  /// So many results may wait for the disk: all of them are waited for when the run stops.
  static let mostWaiting = 64 * threadCount

  /// Results that wait to be stored.
  var waitingCount: Int { monitor.locked { waiting.count } }

  /// Results stored so far.
  var savedCount: Int { monitor.locked { saved } }

  /// Has a result stored.
  /// - Throws: why an earlier one could not be.
  func save(_ values: [Double], as key: PieceKey) throws {
    try monitor.locked {
      if let failure { throw failure }
      waiting.append((key, values))
      monitor.wakeAll()
    }
  }

  /// Returns when everything is stored, and the threads have ended.
  /// - Throws: why something could not be.
  func finish() throws {
    monitor.locked {
      isClosed = true
      monitor.wakeAll()
    }
    for thread in threads { thread.join() }
    threads = []
    try monitor.locked { if let failure { throw failure } }
  }

  private func run() {
    while let (key, values) = next() {
      do {
        try store.save(values, as: key)
        monitor.locked { saved += 1 }
      } catch {
        monitor.locked {
          failure = error
          waiting = []
        }
      }
    }
  }

  private func next() -> (key: PieceKey, values: [Double])? {
    monitor.locked {
      while waiting.isEmpty, !isClosed { monitor.wait() }
      return waiting.isEmpty || failure != nil ? nil : waiting.removeFirst()
    }
  }
}
