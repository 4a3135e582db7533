/// How long the phases of a run took.
struct PhaseClock {
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant
  /// The phases in order, with their seconds.
  private(set) var phases: [(name: String, seconds: Double)] = []

  init() { last = clock.now }

  /// Ends the phase that began where the one before ended.
  mutating func end(of name: String) {
    let now = clock.now
    phases.append((name, (now - last) / .seconds(1)))
    last = now
  }
}
