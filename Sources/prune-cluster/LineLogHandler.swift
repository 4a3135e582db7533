import Logging

extension Logger {
  /// What a rank logs to: of rank 0 all, of the others warnings; nothing but errors where quiet is asked for.
  init(rank: Int, isQuiet: Bool) {
    let level: Level = isQuiet ? .error : rank == 0 ? .info : .warning
    self.init(label: ProgramName.text) { _ in LineLogHandler(rank: rank, logLevel: level) }
  }
}

/// Log messages as plain lines on stderr; ranks other than 0 say who they are.
struct LineLogHandler: LogHandler {
  let rank: Int
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let place = rank == 0 ? "" : "rank \(rank): "
    StandardError.write("\(ProgramName.text): \(place)\(event.message)\n")
  }
}
