import ArgumentParser
import ONNXFormat
import OneDNN
import Report
import Search

/// `validate CONFIG`: everything that a search checks before it computes.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check a configuration with its model and data, and say what memory a search will take.",
    discussion: """
      Ends with 0 when a search with this configuration can begin. All arrays and labels are read and all images \
      decoded; whether the output directory can be written is seen by the search itself.

      EXAMPLE
        prune-cluster validate config.json
      """)

  @Argument(help: ArgumentHelp("The configuration file (JSON).", valueName: "config"), completion: .json)
  var config: String

  @Option(
    help: ArgumentHelp("As for search: the most memory that a rank may use, like 2G.", valueName: "size"),
    transform: MemorySize.parsed)
  var memoryLimit: MemorySize?

  @OptionGroup var pipeline: GridOption

  func run() throws {
    guard Launch.isFirstRank else { return }
    let summary = try SearchRun.validate(
      config, ONNXFormat(), backend: OneDNNBackend(), memoryLimit: memoryLimit?.bytes,
      grid: pipeline.grid)
    try StandardOutput.write(ValidationReport(summary, file: config).text)
  }
}
