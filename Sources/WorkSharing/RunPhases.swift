/// What a run is at: told as it goes on, and kept with the time that it took.
///
/// One phase follows another. A class, because all steps of a run share it; only the thread that made it uses it.
public final class RunPhases {
  /// Which of several phases of one name those are that begin from now on; `nil` for the only one.
  public var subject: String?
  /// The phases in the order of their beginnings, with their seconds; what was done several times is there once.
  public private(set) var seconds: [(name: String, seconds: Double)] = []

  private let tell: (@Sendable (ProgressEvent) -> Void)?
  private let clock = ContinuousClock()
  private var current: PhaseProgress?
  private var start: ContinuousClock.Instant
  private var told: ContinuousClock.Instant
  /// What phases count as in `seconds`, where not as themselves.
  private var account: String?
  /// Whether phases that begin are parts of the one that is told of.
  private var isWhole = false

  /// How often what has not changed is told again.
  private static let interval = Duration.milliseconds(100)

  /// - Parameter tell: called as phases begin, go on and end; `nil` at ranks that say nothing.
  public init(telling tell: (@Sendable (ProgressEvent) -> Void)? = nil) {
    self.tell = tell
    start = clock.now
    told = start
  }

  /// Begins a phase; the one before is done. Where nothing is counted, what goes on as it is begins nothing.
  /// - Parameters:
  ///   - total: how much there is to do; `nil` or 0 where nothing is counted.
  ///   - unit: what is counted, in the singular.
  public func begin(_ phase: RunPhase, total: Int? = nil, unit: String = "") {
    guard !isWhole else { return }
    let begun = PhaseProgress(phase, subject: subject, total: total, unit: unit)
    if let current, current.phase == phase, current.subject == subject, current.total == nil, begun.total == nil {
      return
    }
    end()
    current = begun
    start = clock.now
    told = start
    tell?(.started(begun))
  }

  /// Says how much is done.
  /// - Parameters:
  ///   - done: less than before counts as what was done before.
  ///   - found: what of it was found finished.
  public func advance(to done: Int, found: Int = 0) {
    guard !isWhole else { return }
    note(done, found: found)
  }

  /// Says how far shared work has come, whose pieces are equal parts of the phase.
  public func advance(_ work: WorkProgress, pieces: Int) {
    guard !isWhole, let total = current?.total, pieces > 0 else { return }
    note(total * (work.computed + work.restored) / pieces, found: total * work.restored / pieces)
  }

  /// Says that the phase goes on.
  public func tick() {
    guard tell != nil, clock.now - told >= RunPhases.interval else { return }
    tellAdvance()
  }

  /// Ends the phase at hand: all of it is done.
  public func end() {
    guard !isWhole, var current else { return }
    self.current = nil
    current.done = current.total ?? 0
    current.seconds = (clock.now - start) / .seconds(1)
    let name = account ?? current.phase.name
    if let index = seconds.firstIndex(where: { $0.name == name }) {
      seconds[index].seconds += current.seconds
    } else {
      seconds.append((name, current.seconds))
    }
    tell?(.finished(current))
  }

  /// Does what is one phase for everybody, whatever phases it would be of by itself.
  /// - Parameter body: is given what says how much is done.
  public func whole<Result>(
    _ phase: RunPhase, total: Int, unit: String, _ body: (_ advance: (Int) -> Void) throws -> Result
  ) rethrows -> Result {
    precondition(!isWhole, "a whole is no part of another")
    begin(phase, total: total, unit: unit)
    isWhole = true
    defer { isWhole = false }
    return try body { done in note(done, found: 0) }
  }

  /// Adds up the time of phases under one name.
  public func recorded<Result>(as name: String, _ body: () throws -> Result) rethrows -> Result {
    // The time of a part is that of its whole.
    guard !isWhole else { return try body() }
    end()
    account = name
    defer {
      end()
      account = nil
    }
    return try body()
  }

  private func note(_ done: Int, found: Int) {
    guard let current, let total = current.total else { return }
    let now = min(max(done, current.done), total)
    guard now != current.done || found != current.found else { return }
    self.current?.done = now
    self.current?.found = min(found, now)
    tellAdvance()
  }

  private func tellAdvance() {
    guard let current, let tell else { return }
    told = clock.now
    let now = current.at(current.done, found: current.found, seconds: (told - start) / .seconds(1))
    tell(.advanced(now))
  }
}
