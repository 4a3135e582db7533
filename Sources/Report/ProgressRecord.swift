import Configuration
public import WorkSharing

/// What a script is told of a run: events, each an object of JSON on a line of its own.
public struct ProgressRecord: Sendable {
  private var done = 0
  private var lastEvent = 0.0

  /// Events of one phase's progress are so many seconds apart, but for that of its last unit.
  private static let interval = 0.5

  /// A record in which nothing stands yet.
  public init() {}

  /// The event of a run's beginning.
  public static func begun(command: String, version: String) -> String {
    line(["event": "begin", "format_version": 1, "command": .string(command), "version": .string(version)])
  }

  /// The event for what a run tells; `nil` where there is none.
  public mutating func line(for event: ProgressEvent) -> String? {
    switch event {
    case .started(let progress):
      (done, lastEvent) = (0, 0)
      return ProgressRecord.line(ProgressRecord.members("phase_started", progress))
    case .advanced(let progress):
      guard let total = progress.total, progress.done > done,
        progress.done == total || progress.seconds - lastEvent >= ProgressRecord.interval
      else { return nil }
      (done, lastEvent) = (progress.done, progress.seconds)
      var members = ProgressRecord.members("progress", progress)
      members["done"] = .integer(progress.done)
      if progress.found > 0 { members["found"] = .integer(progress.found) }
      members["seconds"] = ProgressRecord.rounded(progress.seconds)
      members["rate"] = progress.rate.map(ProgressRecord.rounded)
      members["seconds_left"] = progress.secondsLeft.map(ProgressRecord.rounded)
      return ProgressRecord.line(members)
    case .finished(let progress):
      var members = ProgressRecord.members("phase_finished", progress)
      if progress.found > 0 { members["found"] = .integer(progress.found) }
      members["seconds"] = ProgressRecord.rounded(progress.seconds)
      return ProgressRecord.line(members)
    }
  }

  /// The event of something that a person would read in the log.
  /// - Parameters:
  ///   - kind: `notice` or `warning`.
  ///   - rank: who says it.
  public static func message(_ kind: String, _ text: String, rank: Int) -> String {
    line(["event": .string(kind), "text": .string(text), "rank": .integer(rank)])
  }

  /// The event of a run's end with its result.
  /// - Parameters:
  ///   - directory: where the files are; `nil` where nothing is written.
  public static func result(files: [String], in directory: String?) -> String {
    var members: JSONObject = ["event": "result", "exit_code": 0]
    members["directory"] = directory.map { .string($0) }
    members["files"] = .array(files.map(JSONValue.string))
    return line(members)
  }

  /// The event of a run's end without a result.
  /// - Parameter isError: whether something was wrong; else it was asked to stop.
  public static func failure(_ text: String, exitCode: Int32, isError: Bool) -> String {
    line([
      "event": isError ? "error" : "stopped", "exit_code": .integer(Int(exitCode)), "text": .string(text),
    ])
  }

  private static func members(_ event: String, _ progress: PhaseProgress) -> JSONObject {
    var members: JSONObject = ["event": .string(event), "phase": .string(progress.phase.name)]
    members["subject"] = progress.subject.map { .string($0) }
    if let total = progress.total {
      members["total"] = .integer(total)
      members["unit"] = .string(progress.unit)
    }
    return members
  }

  private static func line(_ members: JSONObject) -> String { JSONValue.object(members).line() }

  /// Without the digits that say nothing: three behind the point, and of numbers below 1 the first three.
  private static func rounded(_ value: Double) -> JSONValue {
    var scale = 1000.0
    while value != 0, abs(value) * scale < 100, scale < 1e300 { scale *= 10 }
    return .number((value * scale).rounded() / scale)
  }
}
