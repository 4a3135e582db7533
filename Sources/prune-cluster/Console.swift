import Configuration
import MessagePassing
import OpenMPI
import Report
import Search
import Synchronization
import WorkSharing

import Glibc

/// Standard error while a command runs: progress in one of its styles, what is logged, and how it ended. Every line is
/// written whole, and none into another.
final class Console: Sendable {
  private let command: String
  /// `nil` for silence.
  private let style: ProgressStyle?
  private let text: TextStyle
  private let state: Mutex<State>

  private struct State {
    var log = ProgressLog()
    var record = ProgressRecord()
    /// The line that is rewritten; `nil` where there is none.
    var live: PhaseProgress?
    /// When that was told: its time goes on from there.
    var told = ContinuousClock().now
    /// What stands there.
    var line = ""
    /// Whether a thread keeps the time of phases in which nothing is counted.
    var hasClock = false
  }

  init(_ command: String, style: ProgressStyle?) {
    self.command = command
    self.style = style
    text = StandardError.style
    state = Mutex(State())
  }

  /// Whether nothing is told but errors.
  var isQuiet: Bool { style == nil }

  /// Tells scripts that the run begins.
  func begin() {
    guard style == .json else { return }
    StandardError.write(ProgressRecord.begun(command: command, version: ProductVersion.text) + "\n")
  }

  /// Shows what a run tells.
  func show(_ event: ProgressEvent) {
    state.withLock { state in
      switch style {
      case .live: show(event, &state)
      case .plain: state.log.line(for: event).map { StandardError.write($0 + "\n") }
      case .json: state.record.line(for: event).map { StandardError.write($0 + "\n") }
      case nil: break
      }
    }
  }

  /// Shows a message of the log.
  func log(_ message: String, isWarning: Bool, rank: Int) {
    if style == .json {
      let event = ProgressRecord.message(isWarning ? "warning" : "notice", message, rank: rank)
      return StandardError.write(event + "\n")
    }
    let place = rank == 0 ? "" : "rank \(rank): "
    let word = isWarning ? text.warning("warning:") + " " : ""
    write("\(ProgramName.text): \(word)\(place)\(message.printable(keeping: "\t"))\n")
  }

  /// Prints the result, and tells scripts that it is there.
  /// - Parameter directory: where the files are; `nil` where their names say it, or there are none.
  func finish(_ result: String, files: [String] = [], in directory: String? = nil) throws {
    try ending { try StandardOutput.write(result) }
    guard style == .json else { return }
    StandardError.write(ProgressRecord.result(files: files, in: directory) + "\n")
  }

  /// Runs what may fail; the line that is rewritten is gone by the time that anything else is said of it.
  func ending<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch {
      StandardError.write(lastWords(Failure(error), isStop: error is Interruption))
      throw error
    }
  }

  /// How a job of several ranks ends when this one fails.
  func jobFailure(_ error: any Error) -> JobFailure {
    let failure = Failure(error)
    // What all ranks share is told where the error ends up.
    guard !failure.isShared else { return failure.ofJob() }
    return failure.ofJob(behind: lastWords(failure, isStop: error is Interruption))
  }

  /// What comes in front of the line that says how the run ended without a result.
  private func lastWords(_ failure: Failure, isStop: Bool) -> String {
    let isShown = state.withLock { state in
      defer { state.live = nil }
      return state.live != nil
    }
    StopRequest.isLineOpen.store(false, ordering: .relaxed)
    guard style == .json else { return isShown ? Console.erasing : "" }
    return ProgressRecord.failure(failure.message, exitCode: failure.exitCode, isError: !isStop) + "\n"
  }

  // MARK: The line that is rewritten

  /// Back to the line's beginning, and all that stands there away (ECMA-48: erase in line).
  private static let erasing = "\r\u{1B}[K"

  /// Writes other lines above the one that is rewritten.
  private func write(_ lines: String) {
    state.withLock { state in
      guard let live = state.live else { return StandardError.write(lines) }
      StandardError.write(Console.erasing + lines)
      rewrite(live, &state)
    }
  }

  private func show(_ event: ProgressEvent, _ state: inout State) {
    switch event {
    case .started(let progress), .advanced(let progress):
      // A person reads no more than ten a second.
      if let live = state.live, live.phase == progress.phase, live.subject == progress.subject, progress.seconds > 0,
        progress.seconds - live.seconds < 0.1
      {
        return
      }
      (state.live, state.told) = (progress, ContinuousClock().now)
      rewrite(progress, &state)
      StopRequest.isLineOpen.store(true, ordering: .relaxed)
      if !state.hasClock {
        state.hasClock = true
        // Without a thread the time stands still, and nothing else is missing.
        if let thread = try? RankThread(body: { self.keepTime() }) { thread.leave() }
      }
    case .finished(let progress):
      state.live = nil
      StopRequest.isLineOpen.store(false, ordering: .relaxed)
      StandardError.write(Console.erasing + ProgressLine(progress).finished(width: StandardError.room) + "\n")
    }
  }

  private func rewrite(_ progress: PhaseProgress, _ state: inout State) {
    state.line = ProgressLine(progress).running(width: StandardError.room)
    StandardError.write(Console.erasing + state.line)
  }

  /// Has the time go on while nobody tells anything: where nothing is counted, what takes long may not say so. The thread
  /// ends with the process.
  private func keepTime() {
    while true {
      usleep(250_000)
      state.withLock { state in
        guard let live = state.live, live.total == nil else { return }
        let passed = (ContinuousClock().now - state.told) / .seconds(1)
        let now = live.at(live.done, found: live.found, seconds: live.seconds + passed)
        guard ProgressLine(now).running(width: StandardError.room) != state.line else { return }
        rewrite(now, &state)
      }
    }
  }
}
