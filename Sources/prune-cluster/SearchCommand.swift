import ArgumentParser
import Configuration
import Logging
import ONNXFormat
import OneDNN
import OpenMPI
import Report
import Search
import WorkSharing

/// `search CONFIG`: the main job.
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Measure sensitivities and find the prune ratio of every layer.",
    discussion: """
      Writes ratios.json, sensitivities.npz, run.json and a page for a browser, report.html, to the configuration's \
      output directory, and prints the ratios. \
      Under mpirun the calibration data are shared among the ranks; ratios.json and sensitivities.npz have the same \
      bytes for any number of ranks.

      Finished shards are saved in the output directory. A search that was stopped (--time-limit, SIGUSR1, SIGUSR2; \
      without mpirun also SIGINT and SIGTERM: exit code 75), or that died, goes on from them when the same command runs \
      again, with any number of ranks. A second signal ends it at once. SIGINT or SIGTERM to mpirun makes Open MPI end the \
      ranks, with its own exit code.

      EXAMPLES
        prune-cluster search config.json
        mpirun -n 8 --bind-to none prune-cluster search config.json
        prune-cluster search --apply config.json
        mpirun -n 8 --bind-to none prune-cluster search --time-limit 2h config.json
        mpirun -n 8 --bind-to none prune-cluster search --grid 2x4 config.json
      """)

  @Argument(help: ArgumentHelp("The configuration file (JSON).", valueName: "config"), completion: .json)
  var config: String

  @Flag(
    help: """
      Also make the pruned model, pruned.onnx in the output directory: certified, repaired and evaluated as the \
      configuration says.
      """)
  var apply = false

  @Option(
    help: ArgumentHelp(
      "Stop before so much time has passed since the start, like 90m, 1h30m or 01:30:00, with what is finished saved and exit code 75; the same command goes on from there.",
      valueName: "time"), transform: TimeSpan.parsed)
  var timeLimit: TimeSpan?

  @Option(
    help: ArgumentHelp("The output directory, in place of the configuration's.", valueName: "dir"),
    completion: .directory)
  var output: String?

  @OptionGroup var changing: ChangeOptions

  @OptionGroup var sharing: SharingOptions

  @Flag(
    help: """
      Say what would be done: ranks, workers, shards, memory, time, files. Everything is checked and a batch is timed, \
      but nothing is written.
      """)
  var dryRun = false

  @OptionGroup var showing: ProgressOptions

  @Option(
    help: ArgumentHelp(
      "The most memory that a rank may use, like 2G. Below what the fastest way takes, values are computed twice, and then there are fewer workers; results stay the same.",
      valueName: "size"), transform: MemorySize.parsed)
  var memoryLimit: MemorySize?

  @OptionGroup var pipeline: GridOption

  func validate() throws {
    guard apply, let grid = pipeline.grid, grid.layers > 1 else { return }
    throw ValidationError(
      "--apply: makes the pruned model from a whole network, which --grid \(grid) cuts into stages; search without --apply, then use 'prune-cluster apply'"
    )
  }

  func run() throws {
    if dryRun { return try runDry() }
    let changes = try changes()
    let (memoryLimit, grid, applies) = (memoryLimit?.bytes, pipeline.grid, apply)
    let console = showing.console("search")
    var options = sharing.session
    options.stop = .ofProcess
    options.deadline = timeLimit?.deadline
    let asked = options
    StopRequest.listenToSignals()
    let outcome = try console.onAllRanks(sharing) { world in
      let search = SearchRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), options: asked, memoryLimit: memoryLimit,
        grid: grid, applies: applies, report: HTMLReport(), logger: console.logger(rank: world.rank),
        progress: console.show)
      return try search.execute(config, changes: changes)
    }
    guard let outcome else { return }
    let width = StandardOutput.width
    var text = SearchSummary(outcome).text(width: width, style: StandardOutput.style)
    if let pruning = outcome.pruning { text += "\n" + PruningSummary(pruning).text(width: width, hasCosts: false) }
    try console.finish(text, files: outcome.files + (outcome.pruning?.files ?? []), in: outcome.directory)
  }

  /// What the command line changes in the configuration.
  func changes() throws -> [ConfigurationChange] {
    try changing.changes(output: output)
  }
}
