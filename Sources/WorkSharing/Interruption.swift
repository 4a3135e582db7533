import Glibc

/// A run that stopped before it was done: what was finished is stored, and the same run can go on from there.
public struct Interruption: Error, Hashable, Sendable, CustomStringConvertible {
  /// Who asked for it.
  public enum Cause: Hashable, Sendable, CustomStringConvertible {
    /// A signal to this rank, by its number.
    case signal(Int32)
    /// The limit in time.
    case timeLimit
    /// Another rank, which got a signal.
    case peer

    /// What comes behind "stopped".
    public var description: String {
      switch self {
      case .signal(SIGTERM): "by SIGTERM"
      case .signal(SIGINT): "by SIGINT"
      case .signal(SIGUSR1): "by SIGUSR1"
      case .signal(SIGUSR2): "by SIGUSR2"
      case .signal(let number): "by signal \(number)"
      case .timeLimit: "at the time limit"
      case .peer: "by a signal to another rank"
      }
    }
  }

  /// Who asked for it.
  public let cause: Cause
  /// What a piece is called.
  public let unit: String
  /// Pieces of the work at hand that are finished and stored; 0 where nothing is stored.
  public let stored: Int
  /// Pieces of the work at hand.
  public let total: Int
  /// Whether all ranks stop in this way together; else this one alone has, and the others wait for it.
  public var isShared: Bool

  /// Work that rank 0 alone does and that stores nothing, given up for a stop that was asked for.
  public init(of stop: StopRequest, unit: String, isShared: Bool) {
    (cause, self.unit) = (stop.signal.map { .signal($0) } ?? .peer, unit)
    (stored, total, self.isShared) = (0, 0, isShared)
  }

  init(cause: Cause, unit: String, stored: Int, total: Int, isShared: Bool = true) {
    (self.cause, self.unit) = (cause, unit)
    (self.stored, self.total, self.isShared) = (stored, total, isShared)
  }

  /// What a person is told.
  public var description: String {
    guard stored > 0 else { return "stopped \(cause)" }
    // Phases may count otherwise, such as networks of which every piece evaluates a part: shares can be compared.
    let share = "\(stored * 100 / total) % of the work at hand"
    return "stopped \(cause): \(share) is saved, \(stored) of \(total) \(unit)s; the same command goes on from there"
  }
}
