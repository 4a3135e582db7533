import ArgumentParser
import Configuration
import Logging
import ONNXFormat
import OneDNN
import OpenMPI
import Report
import Search
import WorkSharing

/// `compare CONFIG`: several criteria with several solvers at several targets, side by side.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Run several criteria with several solvers at several targets, and show what each plan really loses.",
    discussion: """
      The configuration's section "compare" lists them:
        "compare": {"sensitivity": ["taylor", "l1", {"order": 2}], "solver": ["optimal", "greedy"],
                    "targets": [{"compression_ratio": 2}, {"compression_ratio": 4}]}
      Each criterion measures once. The network is then evaluated without the channels of every plan, nothing repaired, on \
      the data of the section evaluation, or of calibration where there is none. A combination that cannot be run, or comes \
      to nothing, is a row that says why. The column time has what a row took: measuring by its criterion, which serves \
      all rows of it, solving, evaluating and, where asked for, repairing.

      Prints the rows, the best for each target first, and writes compare.json, compare.csv and ratios-N.json for each row \
      to the folder compare in the output directory; under mpirun they have the same bytes for any number of ranks. A \
      comparison that was stopped goes on from what is finished when the same command runs again.

      EXAMPLES
        prune-cluster compare config.json
        mpirun -n 8 --bind-to none prune-cluster compare config.json
        prune-cluster compare --dry-run config.json
        prune-cluster apply out/compare/ratios-3.json --model model.onnx --output small.onnx --config config.json
      """)

  @Argument(help: ArgumentHelp("The configuration file (JSON).", valueName: "config"), completion: .json)
  var config: String

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
      Say what would be done: combinations, ranks, workers, shards, memory, time, files, and which combinations cannot be \
      run and why. Everything is checked and a batch is timed for each criterion, but nothing is written.
      """)
  var dryRun = false

  @Flag(help: "What compare.json has, in place of the tables.")
  var json = false

  @OptionGroup var showing: ProgressOptions

  @Option(
    help: ArgumentHelp(
      "The most memory that a rank may use, like 2G; results stay the same.", valueName: "size"),
    transform: MemorySize.parsed)
  var memoryLimit: MemorySize?

  func run() throws {
    if dryRun { return try runDry() }
    let changes = try changing.changes(output: output)
    let memoryLimit = memoryLimit?.bytes
    let console = showing.console("compare")
    var options = sharing.session
    options.stop = .ofProcess
    options.deadline = timeLimit?.deadline
    let asked = options
    StopRequest.listenToSignals()
    let outcome = try console.onAllRanks(sharing) { world in
      let comparison = ComparisonRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), options: asked, memoryLimit: memoryLimit,
        logger: console.logger(rank: world.rank), progress: console.show)
      return try comparison.execute(config, changes: changes)
    }
    guard let outcome else { return }
    let table = ComparisonTable(outcome)
    try console.finish(
      json ? table.json.text() : table.text(width: StandardOutput.width), files: outcome.files, in: outcome.directory)
  }

  /// Says what the comparison would do.
  private func runDry() throws {
    let changes = try changing.changes(output: output)
    let (config, memoryLimit) = (config, memoryLimit?.bytes)
    let plan = try MPI.withWorld(
      program: ProgramName.text, stallTimeout: sharing.stallTimeout.duration, failure: { Failure($0).ofJob() }
    ) { world in
      try DryRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), memoryLimit: memoryLimit)
        .compare(config, changes: changes)
    }
    guard let plan else { return }
    try StandardOutput.write(ComparisonDryRunReport(plan, file: config).text)
  }
}
