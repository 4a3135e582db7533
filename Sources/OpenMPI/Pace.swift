import Glibc

/// The pauses of a rank that waits, between one look and the next: none at first, then the processor is offered to other
/// threads, then it is left to them for a while that grows with the wait.
///
/// A wait becomes longer by an eighth at most, and by no more than a millisecond, and a rank that waits for long uses
/// one or two hundredths of its core.
struct Pace {
  /// How long this rank has waited, in nanoseconds.
  ///
  /// Gaps above a second do not count: then the rank itself was stopped, with the whole job perhaps, and cannot say
  /// that others were slow.
  private(set) var waited: UInt64 = 0
  /// When the last pause ended.
  private(set) var now = MonotonicClock.now()
  private let busyNanoseconds: UInt64
  private let longestNap: UInt64

  /// A message with fewer bytes moves in a few steps.
  static let smallByteCount = 1 << 16
  /// Short, because the other rank may be waiting for this very core.
  private static let spinNanoseconds: UInt64 = 2_000
  private static let shortestNap: UInt64 = 20_000

  /// For something that may come at any time.
  static var forArrival: Pace { Pace(busyNanoseconds: 400_000, longestNap: 1_000_000) }

  /// For a message that may be fetched at any time, in steps that need both sides if it is large.
  static func forDelivery(of byteCount: Int) -> Pace {
    byteCount <= smallByteCount ? forArrival : Pace(busyNanoseconds: 400_000, longestNap: 250_000)
  }

  /// For bytes that are being moved by ranks that are all there: awake for as long as half a gigabyte in a second takes.
  static func forTransfer(of byteCount: Int) -> Pace {
    Pace(
      busyNanoseconds: 400_000 + 2 * UInt64(byteCount), longestNap: byteCount <= smallByteCount ? 1_000_000 : 250_000)
  }

  private init(busyNanoseconds: UInt64, longestNap: UInt64) {
    self.busyNanoseconds = busyNanoseconds
    self.longestNap = longestNap
  }

  /// Pauses once. A signal that is handled meanwhile ends the pause.
  mutating func pause() {
    if waited >= busyNanoseconds {
      MonotonicClock.nap(nanoseconds: min(max(waited / 8, Self.shortestNap), longestNap))
    } else if waited >= Self.spinNanoseconds {
      sched_yield()
    }
    let time = MonotonicClock.now()
    waited += min(time - now, MonotonicClock.second)
    now = time
  }
}
