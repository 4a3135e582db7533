/// A part of a run, by the names that scripts and people are told.
public struct RunPhase: Hashable, Sendable {
  /// What records and scripts call it, such as `measure`.
  public let name: String
  /// What a person reads, such as `measuring`.
  public let title: String

  /// A phase by its names.
  public init(_ name: String, _ title: String) { (self.name, self.title) = (name, title) }
}

/// How far a phase of a run has come.
public struct PhaseProgress: Sendable {
  /// The phase.
  public let phase: RunPhase
  /// Which of several phases of this name it is, such as a step or a criterion; `nil` for the only one.
  public let subject: String?
  /// How much there is to do, more than 0; `nil` where nothing is counted.
  public let total: Int?
  /// What is counted, in the singular, such as `sample`; empty where nothing is.
  public let unit: String
  /// What is done, never less than before.
  public internal(set) var done = 0
  /// What of it was found finished, and took no time.
  public internal(set) var found = 0
  /// Since the phase began.
  public internal(set) var seconds = 0.0

  /// A phase that has just begun.
  /// - Parameter total: how much there is to do; `nil` or 0 where nothing is counted.
  public init(_ phase: RunPhase, subject: String? = nil, total: Int? = nil, unit: String = "") {
    (self.phase, self.subject) = (phase, subject)
    self.total = total == 0 ? nil : total
    self.unit = self.total == nil ? "" : unit
  }

  /// The same later on.
  /// - Parameter found: what of it was found finished.
  public func at(_ done: Int, found: Int = 0, seconds: Double) -> PhaseProgress {
    var later = self
    (later.done, later.found, later.seconds) = (done, found, seconds)
    return later
  }

  /// Units per second since the phase began, without those that were found finished; `nil` before one is done.
  public var rate: Double? { done > found && seconds > 0 ? Double(done - found) / seconds : nil }

  /// How long the rest takes at this rate; `nil` before that can be told, and once nothing is left.
  public var secondsLeft: Double? {
    guard let total, let rate, done < total else { return nil }
    return Double(total - done) / rate
  }
}

/// What a run tells of itself.
public enum ProgressEvent: Sendable {
  /// A phase begins.
  case started(PhaseProgress)
  /// A phase goes on; told again every tenth of a second, where nothing has changed but the time too.
  case advanced(PhaseProgress)
  /// A phase is done. One that an error or a stop has ended is not told of.
  case finished(PhaseProgress)
}
