import Search
import Synchronization

/// Shows how far a measurement has come: one line that is rewritten on a terminal, a line per tenth otherwise.
final class ProgressDisplay: Sendable {
  private let isSilent: Bool
  private let state: Mutex<State>

  private struct State {
    var start = ContinuousClock().now
    var lastShown = ContinuousClock().now
    var tenths = 0
  }

  init(isSilent: Bool) {
    self.isSilent = isSilent
    state = Mutex(State())
  }

  /// Shows a state of progress; workers may call it at once.
  func show(_ progress: SearchProgress) {
    guard !isSilent, progress.total > 0 else { return }
    state.withLock { state in
      let now = ContinuousClock().now
      if progress.done == 0 { (state.start, state.tenths) = (now, 0) }
      let isDone = progress.done == progress.total
      if StandardError.isTerminal {
        guard isDone || progress.done == 0 || now - state.lastShown > .milliseconds(100) else { return }
        state.lastShown = now
        // Back to the line's start, then erase what a longer line left.
        StandardError.write("\r\u{1B}[K\(text(progress, elapsed: now - state.start))" + (isDone ? "\n" : ""))
      } else {
        // A log wants few lines: one per tenth, and none within a second of the last but for the end.
        let tenths = progress.done * 10 / progress.total
        guard isDone || tenths > state.tenths && now - state.lastShown > .seconds(1) else { return }
        state.tenths = tenths
        state.lastShown = now
        StandardError.write(text(progress, elapsed: now - state.start) + "\n")
      }
    }
  }

  private func text(_ progress: SearchProgress, elapsed: Duration) -> String {
    let percent = progress.done * 100 / progress.total
    var text = "measuring: \(percent) % (\(progress.unit.rawValue) \(progress.done) of \(progress.total)"
    text += progress.unit == .batch ? " of rank 0)" : ")"
    if progress.done == progress.total {
      text += ", took \(time(elapsed))"
    } else if progress.done > 0 {
      text += ", \(time(elapsed * Double(progress.total - progress.done) / Double(progress.done))) left"
    }
    return text
  }

  /// Seconds below a minute, minutes and seconds below an hour, hours and minutes beyond.
  private func time(_ duration: Duration) -> String {
    let seconds = Int(duration.components.seconds)
    if seconds < 60 { return "\(seconds) s" }
    return seconds < 3600 ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
  }
}

extension Duration {
  fileprivate static func * (duration: Duration, factor: Double) -> Duration {
    .seconds((duration / .seconds(1)) * factor)
  }
}
