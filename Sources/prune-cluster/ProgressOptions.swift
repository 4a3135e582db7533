import ArgumentParser
import Logging
import OpenMPI
import Search
import WorkSharing

/// How progress is shown: the options of every command that shows any.
struct ProgressOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How progress is shown on standard error: live, a line per phase that is rewritten; plain, lines for a log; json, events for a script, one on each line. Default: live on a terminal, else plain.",
      valueName: "live|plain|json"))
  var progress: ProgressStyle?

  @Flag(name: .shortAndLong, help: "No progress and no log; results and errors only.")
  var quiet = false

  func validate() throws {
    guard !quiet || progress == nil else { throw ValidationError("--quiet and --progress exclude each other") }
  }

  /// What the command tells on standard error.
  /// - Parameter command: its name.
  func console(_ command: String) -> Console {
    Console(command, style: quiet ? nil : progress ?? (StandardError.isRewritable ? .live : .plain))
  }
}

/// How progress is shown.
enum ProgressStyle: String, CaseIterable, ExpressibleByArgument {
  case live
  case plain
  case json
}

extension Console {
  /// Runs a command's work on all ranks; what goes wrong is told once.
  func onAllRanks<Result>(
    _ sharing: SharingOptions, _ body: (_ world: MPICommunicator) throws -> Result
  ) throws -> Result {
    try ending {
      try MPI.withWorld(
        program: ProgramName.text, stallTimeout: sharing.stallTimeout.duration, failure: jobFailure
      ) { world in
        if world.rank == 0 { begin() }
        return try body(world)
      }
    }
  }

  /// Runs a command's work in this process.
  func alone<Result>(_ body: () throws -> Result) throws -> Result {
    begin()
    return try ending(body)
  }

  /// What a rank logs to: of rank 0 all, of the others warnings; nothing but errors where quiet is asked for.
  func logger(rank: Int) -> Logger {
    let level: Logger.Level = isQuiet ? .error : rank == 0 ? .info : .warning
    return Logger(label: ProgramName.text) { _ in ConsoleLogHandler(console: self, rank: rank, logLevel: level) }
  }
}

/// Log messages on standard error; ranks other than 0 say who they are.
struct ConsoleLogHandler: LogHandler {
  let console: Console
  let rank: Int
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { console.log("\(event.message)", isWarning: event.level >= .warning, rank: rank) }
}
