import ArgumentParser
import Configuration
import Logging
import ONNXFormat
import OneDNN
import OpenMPI
import Report
import Search
import WorkSharing

/// `evaluate [MODEL …] --config CONFIG`: how good networks are, and what they cost.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Show loss, accuracy, agreement, cost, size and time of models side by side.",
    discussion: """
      The data are those of the configuration's evaluation section, or of its calibration section where it has none. \
      Agreement is the share of samples that a model classifies like the first one; without labels the loss is measured \
      against the first model's classes. Time is measured on one thread of the first rank's machine.

      EXAMPLES
        prune-cluster evaluate --config config.json
        prune-cluster evaluate model.onnx small.onnx --config config.json
        mpirun -n 4 prune-cluster evaluate model.onnx small.onnx --config config.json --json
      """)

  @Argument(
    help: ArgumentHelp("The models (ONNX); none means the configuration's own.", valueName: "model"), completion: .model
  )
  var models: [String] = []

  @Option(help: ArgumentHelp("The configuration that names the data.", valueName: "config"), completion: .json)
  var config: String

  @Flag(help: "Exact numbers for a script.")
  var json = false

  @OptionGroup var sharing: SharingOptions

  @OptionGroup var showing: ProgressOptions

  func run() throws {
    let (models, config) = (models, config)
    let console = showing.console("evaluate")
    var options = sharing.session
    options.stop = .ofProcess
    let shared = options
    StopRequest.listenToSignals()
    let evaluations = try console.onAllRanks(sharing) { world in
      let run = EvaluateRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), options: shared,
        logger: console.logger(rank: world.rank), progress: console.show)
      return try run.execute(models, configuration: config)
    }
    guard let evaluations else { return }
    let table = EvaluationTable(evaluations)
    try console.finish(json ? table.json.text() : table.text(width: StandardOutput.width))
  }
}
