/// How long the phases of a run took.
struct PhaseClock {
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant
  /// The phases in order, with their seconds.
  private(set) var phases: [(name: String, seconds: Double)] = []

  init() { last = clock.now }

  /// The phases in the order of their beginnings; what has been done several times counts once, with all its seconds.
  var totals: [(name: String, seconds: Double)] {
    var totals: [(name: String, seconds: Double)] = []
    for phase in phases {
      if let index = totals.firstIndex(where: { $0.name == phase.name }) {
        totals[index].seconds += phase.seconds
      } else {
        totals.append(phase)
      }
    }
    return totals
  }

  /// Ends the phase that began where the one before ended.
  mutating func end(of name: String) {
    let now = clock.now
    phases.append((name, (now - last) / .seconds(1)))
    last = now
  }
}
