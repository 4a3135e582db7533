import ArgumentParser
import Logging
import ONNXFormat
import OneDNN
import OpenMPI
import Report
import Search

/// `search CONFIG`: the main job.
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Measure sensitivities and find the prune ratio of every layer.",
    discussion: """
      Writes ratios.json, sensitivities.npz and run.json to the configuration's output directory, and prints the ratios. \
      Under mpirun the calibration data are shared among the ranks; ratios.json and sensitivities.npz have the same \
      bytes for any number of ranks.

      EXAMPLES
        prune-cluster search config.json
        mpirun -n 8 --bind-to none prune-cluster search config.json
        prune-cluster search --apply config.json
      """)

  @Argument(help: ArgumentHelp("The configuration file (JSON).", valueName: "config"))
  var config: String

  @Flag(
    help: """
      Also make the pruned model, pruned.onnx in the output directory: certified, repaired and evaluated as the \
      configuration says.
      """)
  var apply = false

  @Flag(name: .shortAndLong, help: "No progress and no log; results and errors only.")
  var quiet = false

  @Option(
    help: ArgumentHelp(
      "The most memory that a rank may use, like 2G. Below what the fastest way takes, values are computed twice, and then there are fewer workers; results stay the same.",
      valueName: "size"))
  var memoryLimit: MemorySize?

  func run() throws {
    let quiet = quiet
    let (memoryLimit, applies) = (memoryLimit?.bytes, apply)
    let outcome = try MPI.withWorld(program: ProgramName.text, failure: { Failure($0).ofJob }) { world in
      let display = ProgressDisplay(isSilent: quiet)
      let search = SearchRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), memoryLimit: memoryLimit, applies: applies,
        logger: Logger(rank: world.rank, isQuiet: quiet),
        progress: display.show)
      return try search.execute(config)
    }
    guard let outcome else { return }
    let width = StandardOutput.width
    var text = SearchSummary(outcome).text(width: width)
    if let pruning = outcome.pruning { text += "\n" + PruningSummary(pruning).text(width: width) }
    try StandardOutput.write(text)
  }
}
