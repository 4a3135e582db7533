import ArgumentParser
import Configuration
import Logging
import ONNXFormat
import Report
import Search
import WorkSharing

/// `solve RUN_DIR`: another plan from what was measured.
struct SolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solve",
    abstract: "Solve again for another target or other limits, from what a search has measured.",
    discussion: """
      Takes the sensitivities that a search has left in its output directory, and solves with other targets, metrics, \
      limits or bits; nothing is measured again. Writes ratios.json to the folder solved in that directory, or where \
      --output says, and prints the ratios.

      EXAMPLES
        prune-cluster solve out --compression-ratio 3
        prune-cluster solve out --metric macs --compression-ratio 2 --output out-macs
        prune-cluster solve out --limit 4e6 --metric memory
        prune-cluster solve out --set solver.channel_multiple=8 --frontier
      """)

  @Argument(help: ArgumentHelp("The output directory of a search.", valueName: "run-dir"), completion: .directory)
  var directory: String

  @Option(help: ArgumentHelp("How many times cheaper, > 1; the only target then.", valueName: "ratio"))
  var compressionRatio: Double?

  @Option(
    help: ArgumentHelp("The most that the network may cost in the metric; the only target then.", valueName: "cost"))
  var limit: Double?

  @Option(
    help: ArgumentHelp(
      "What is counted: \(SearchConfiguration.Metric.allCases.map(\.rawValue).joined(separator: ", ")). Default: that of "
        + "the search's target, where it had one target.",
      valueName: "metric"), completion: .list(SearchConfiguration.Metric.allCases.map(\.rawValue)))
  var metric: String?

  @Option(
    help: ArgumentHelp("The solver: optimal or greedy.", valueName: "method"), completion: .list(["optimal", "greedy"]))
  var method: String?

  @OptionGroup var changing: ChangeOptions

  @Flag(help: "Also write frontier.json: the curve of predicted loss over compression, and its knee.")
  var frontier = false

  @Option(help: ArgumentHelp("Points of the curve; 40 unless given.", valueName: "count"))
  var points: Int?

  @Option(
    help: ArgumentHelp("The model, if it is no longer where the search found it.", valueName: "file"),
    completion: .model)
  var model: String?

  @Option(help: ArgumentHelp("The directory for the result.", valueName: "dir"), completion: .directory)
  var output: String?

  @OptionGroup var showing: ProgressOptions

  func validate() throws {
    guard compressionRatio == nil || limit == nil else {
      throw ValidationError("--compression-ratio and --limit exclude each other")
    }
    guard metric == nil || compressionRatio != nil || limit != nil else {
      throw ValidationError("--metric needs --compression-ratio or --limit")
    }
    if let points {
      guard frontier else { throw ValidationError("--points needs --frontier") }
      guard (2...1000).contains(points) else { throw ValidationError("--points is \(points), expected 2 to 1000") }
    }
    _ = try changes()
  }

  func run() throws {
    guard Launch.isFirstRank else { return }
    var request = SolveRun.Request(directory: directory)
    request.model = model
    request.output = output
    request.frontierPoints = frontier ? points ?? 40 : 0
    request.changes = try changes()
    request.keepsMetric = metric == nil && (compressionRatio != nil || limit != nil)
    let console = showing.console("solve")
    let asked = request
    StopRequest.listenToSignals()
    let outcome = try console.alone {
      try SolveRun(
        format: ONNXFormat(), stop: .ofProcess, logger: console.logger(rank: 0), progress: console.show
      ).execute(asked)
    }
    try console.finish(
      SolveSummary(outcome).text(width: StandardOutput.width, style: StandardOutput.style), files: outcome.files,
      in: outcome.directory)
  }

  private func changes() throws -> [ConfigurationChange] {
    var changes: [ConfigurationChange] = []
    if compressionRatio != nil || limit != nil {
      var target = JSONObject()
      target["compression_ratio"] = compressionRatio.map(JSONValue.number)
      target["limit"] = limit.map(JSONValue.number)
      target["metric"] = metric.map(JSONValue.string)
      changes.append(ConfigurationChange(["target"], to: .object(target)))
    }
    if let method {
      changes.append(ConfigurationChange(["solver", "method"], to: .string(method)))
      if method != SearchConfiguration.Solver.Method.measured.rawValue {
        changes.append(ConfigurationChange(["measured"], to: nil))
      }
    }
    changes += try changing.changes()
    return changes
  }
}
