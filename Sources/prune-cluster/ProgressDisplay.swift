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
    /// What was done when the measurement began, and when it was last shown.
    var first = 0
    var last = Int.max
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
      // Another measurement, which may have found some of its work done.
      if progress.done < state.last || progress.done == 0 {
        (state.start, state.first, state.tenths) = (now, progress.done, 0)
      }
      state.last = progress.done
      let isDone = progress.done == progress.total
      if StandardError.isTerminal {
        guard isDone || progress.done == state.first || now - state.lastShown > .milliseconds(100) else { return }
        state.lastShown = now
        // Back to the line's start, then erase what a longer line left.
        StandardError.write("\r\u{1B}[K\(text(progress, state, now))" + (isDone ? "\n" : ""))
      } else {
        // A log wants few lines: one per tenth, and none within a second of the last but for the end.
        let tenths = progress.done * 10 / progress.total
        guard isDone || tenths > state.tenths && now - state.lastShown > .seconds(1) else { return }
        state.tenths = tenths
        state.lastShown = now
        StandardError.write(text(progress, state, now) + "\n")
      }
    }
  }

  private func text(_ progress: SearchProgress, _ state: State, _ now: ContinuousClock.Instant) -> String {
    let elapsed = now - state.start
    let percent = progress.done * 100 / progress.total
    var text = "measuring: \(percent) % (\(progress.unit.rawValue) \(progress.done) of \(progress.total)"
    text += ")"
    if progress.done == progress.total {
      text += ", took \(time(elapsed))"
    } else if progress.done > state.first {
      let left = Double(progress.total - progress.done) / Double(progress.done - state.first)
      text += ", \(time(elapsed * left)) left"
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
