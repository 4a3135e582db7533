import Logging

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
