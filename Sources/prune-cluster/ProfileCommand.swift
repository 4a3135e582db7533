import ArgumentParser
import Logging
import ONNXFormat
import OneDNN
import OpenMPI
import Report
import Search
import WorkSharing

/// `profile MODEL`: what layers take on this machine, at all widths.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Time a model's layers at many widths on this machine: the table for a target in latency.",
    discussion: """
      Every convolution and linear layer is timed alone, on one thread, at each pair of input and output widths of a \
      ladder; layers of one shape once. What the table has already is not timed again, also of other models, and a run \
      that was ended goes on where it was. The latency of a network is then the sum of its layers'; pools, additions and \
      other layers are not counted. A configuration names the table: "latency": {"table": "latency.json"}.

      The machine should do nothing else meanwhile, and have a processor for each rank.

      EXAMPLES
        prune-cluster profile model.onnx
        mpirun -n 2 prune-cluster profile --output cpu.json model.onnx
      """)

  @Argument(help: ArgumentHelp("The model (ONNX).", valueName: "model"), completion: .model)
  var model: String

  @Option(
    help: ArgumentHelp("The table, which is made or added to.", valueName: "file"), completion: .json)
  var output = "latency.json"

  @Option(help: ArgumentHelp("Samples per run.", valueName: "samples"))
  var batch = 1

  @Option(help: ArgumentHelp("The most widths per side of a layer.", valueName: "count"))
  var widths = ProfileRun.Options.standardWidths

  @OptionGroup var inputShape: InputShapeOption

  @OptionGroup var sharing: SharingOptions

  @OptionGroup var showing: ProgressOptions

  func validate() throws {
    guard (1...LatencyMachine.largestBatch).contains(batch) else {
      throw ValidationError("--batch: expected a number from 1 to \(LatencyMachine.largestBatch), found \(batch)")
    }
    guard (2...256).contains(widths) else {
      throw ValidationError("--widths: expected a number from 2 to 256, found \(widths)")
    }
  }

  func run() throws {
    var options = ProfileRun.Options()
    options.batchSize = batch
    options.widths = widths
    options.sampleShapes = inputShape.extents
    let (model, output, asked) = (model, output, options)
    let console = showing.console("profile")
    var session = sharing.session
    session.stop = .ofProcess
    let shared = session
    StopRequest.listenToSignals()
    let outcome = try console.onAllRanks(sharing) { world in
      let run = ProfileRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), options: shared,
        logger: console.logger(rank: world.rank), progress: console.show)
      return try InputShape.advising { try run.execute(model, output: output, asked) }
    }
    guard let outcome else { return }
    try console.finish(ProfileSummary(outcome).text(width: StandardOutput.width), files: [outcome.file])
  }
}
