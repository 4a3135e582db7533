import Glibc
public import Synchronization

/// Whether a run is to stop early, and since when: set by a signal, by a time limit or by another rank, read by workers
/// between their batches.
public final class StopRequest: Sendable {
  /// Nobody has asked yet.
  private static let none: UInt64 = 0
  /// Nanoseconds of the monotonic clock when it was first asked for.
  private let since = Atomic<UInt64>(StopRequest.none)
  private let signalNumber = Atomic<Int32>(0)
  /// When the first signal came.
  private let signalled = Atomic<UInt64>(StopRequest.none)

  /// The request of this process: what its signals set.
  public static let ofProcess = StopRequest()

  /// Whether a line on standard error has no end yet: a signal that ends the process at once then ends it.
  public static let isLineOpen = Atomic<Bool>(false)

  /// A request that nobody has made.
  public init() {}

  /// Whether the run is to stop.
  public var isMade: Bool { since.load(ordering: .acquiring) != StopRequest.none }

  /// The signal that asked for it; `nil` where none did.
  public var signal: Int32? {
    let number = signalNumber.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// How long ago it was made; zero when it was not.
  public var age: Duration {
    let since = since.load(ordering: .acquiring)
    return since == StopRequest.none ? .zero : .nanoseconds(Int64(monotonicNanoseconds() &- since))
  }

  /// Asks for the stop, if nobody has. Safe in a signal handler.
  public func make() {
    _ = since.compareExchange(
      expected: StopRequest.none, desired: monotonicNanoseconds(), ordering: .acquiringAndReleasing)
  }

  /// What a signal handler does. The same signal often comes twice within moments, from the terminal and from the
  /// launcher, or to a job and to its steps; only a later one means that the process is to end at once.
  private func receive(_ number: Int32) {
    let now = monotonicNanoseconds()
    let (isFirst, first) = signalled.compareExchange(
      expected: StopRequest.none, desired: now, ordering: .acquiringAndReleasing)
    if !isFirst, now &- first > StopRequest.doubling {
      if StopRequest.isLineOpen.load(ordering: .relaxed) { _ = write(STDERR_FILENO, "\n", 1) }
      _exit(StopRequest.exitCode)
    }
    signalNumber.store(number, ordering: .relaxed)
    make()
  }

  /// A signal so many nanoseconds behind the first is the same one.
  private static let doubling: UInt64 = 300_000_000

  /// What a process ends with that was stopped and has saved what was finished (`EX_TEMPFAIL`).
  public static let exitCode: Int32 = 75

  /// The signals by which terminals, launchers and schedulers ask a job to stop.
  private static let signals = [SIGTERM, SIGINT, SIGUSR1, SIGUSR2]

  /// Lets the signals set the process's request from here on; one that comes later ends the process at once.
  ///
  /// A shell starts its background jobs with SIGINT ignored; that is undone.
  public static func listenToSignals() {
    // Made before a handler can run: making it inside one would not be safe.
    _ = ofProcess.isMade
    for number in signals {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { StopRequest.ofProcess.receive($0) }
      // Calls that wait go on waiting: the request is looked at between pieces of work.
      action.sa_flags = SA_RESTART
      sigemptyset(&action.sa_mask)
      sigaction(number, &action, nil)
    }
  }
}

/// A clock that never goes back.
private func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
}
