import Glibc

/// Time that nobody sets back, and sleeping in it.
enum MonotonicClock {
  /// One second in the unit of this clock.
  static let second: UInt64 = 1_000_000_000

  /// Nanoseconds since some moment before this process began.
  static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * second + UInt64(time.tv_nsec)
  }

  /// Sleeps that long, whatever signals are handled meanwhile.
  static func sleep(nanoseconds: UInt64) {
    let end = now() + nanoseconds
    var time = now()
    while time < end {
      nap(nanoseconds: end - time)
      time = now()
    }
  }

  /// Sleeps that long or until a signal was handled.
  static func nap(nanoseconds: UInt64) {
    var time = timespec(tv_sec: Int(nanoseconds / second), tv_nsec: Int(nanoseconds % second))
    nanosleep(&time, nil)
  }
}
