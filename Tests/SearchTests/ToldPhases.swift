import Synchronization
import WorkSharing

/// What a run has told of its phases.
final class ToldPhases: Sendable {
  private let all = Mutex<[ProgressEvent]>([])

  /// What is given to a run.
  func tell(_ event: ProgressEvent) { all.withLock { $0.append(event) } }

  var events: [ProgressEvent] { all.withLock { $0 } }

  /// How much there was to do in phases of a name.
  func totals(of name: String) -> [Int] {
    events.compactMap { event in
      guard case .started(let progress) = event, progress.phase.name == name else { return nil }
      return progress.total
    }
  }
}
