public import ArgumentParser
public import WorkSharing

/// How ranks share work: the options of every command that runs on several.
struct SharingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "End the run with exit code 69 when a rank has given no sign of life for so long; 'never' waits for ever.",
      valueName: "time"), transform: StallTimeout.parsed)
  var stallTimeout = StallTimeout.standard

  @Option(
    help: ArgumentHelp(
      "Hand shards out as ranks become free (dynamic), or by number (static). It changes no result.",
      valueName: "dynamic|static"))
  var schedule = Schedule.dynamic

  /// The options without limits in time.
  var session: WorkSession.Options {
    var options = WorkSession.Options()
    options.schedule = schedule
    options.stallTimeout = stallTimeout.duration
    return options
  }
}

/// How long a rank may be silent.
struct StallTimeout: OptionValue, CustomStringConvertible {
  /// `nil` for ever.
  let duration: Duration?

  /// Ten minutes: no batch takes so long.
  static let standard = StallTimeout(duration: .seconds(600))

  var description: String {
    duration.map { $0 == StallTimeout.standard.duration ? "10m" : "\($0 / .seconds(1))s" } ?? "never"
  }

  private init(duration: Duration?) { self.duration = duration }

  static let expected = "'never', or \(TimeSpan.expected)"

  init?(argument: String) {
    if argument == "never" {
      duration = nil
    } else {
      guard let span = TimeSpan(argument: argument) else { return nil }
      duration = span.duration
    }
  }
}

extension Schedule: ExpressibleByArgument {}
