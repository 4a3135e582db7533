import Configuration
import OpenMPI
import Report
import Search
import Synchronization
import WorkSharing

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
      case .live: show(event, &state.live)
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
      StandardError.write(Console.erasing + lines + ProgressLine(live).running(width: StandardError.room))
    }
  }

  private func show(_ event: ProgressEvent, _ live: inout PhaseProgress?) {
    switch event {
    case .started(let progress), .advanced(let progress):
      // A person reads no more than ten a second.
      if let live, live.phase == progress.phase, live.subject == progress.subject, progress.seconds > 0,
        progress.seconds - live.seconds < 0.1
      {
        return
      }
      live = progress
      StandardError.write(Console.erasing + ProgressLine(progress).running(width: StandardError.room))
      StopRequest.isLineOpen.store(true, ordering: .relaxed)
    case .finished(let progress):
      live = nil
      StopRequest.isLineOpen.store(false, ordering: .relaxed)
      StandardError.write(Console.erasing + ProgressLine(progress).finished(width: StandardError.room) + "\n")
    }
  }
}
