public import ArgumentParser
import Configuration
import Logging
import ONNXFormat
import OneDNN
import OpenMPI
import Report
public import Search
import WorkSharing

/// `apply RATIOS --model M --output P`: the smaller model.
struct ApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Remove channels from a model, prove that it still does what it should, and repair it without training.",
    discussion: """
      RATIOS is a ratios.json of a search; or ratios alone, channels by hand, or a list of pruning entries, all in JSON:
        {"conv1": 0.5, "layer2.0.conv1": 0.25}      share of channels that go; which ones, --criterion decides
        {"conv1": [0, 3, 17]}                        channels by hand; what hangs together goes together
        [{"op_types": ["Conv"], "sparsity": 0.5}]    entries as in config_list

      The pruned network is compared with the original whose layers do not see the removed channels, on calibration data \
      (--config) and on random inputs; if they differ, nothing is written. With a configuration it is then repaired, each \
      repair kept only if held-out samples gain by it, and evaluated. certificate.json, channels.json and evaluation.json \
      go beside the model.

      EXAMPLES
        prune-cluster apply out/ratios.json --model model.onnx --output small.onnx
        prune-cluster apply out/ratios.json --model model.onnx --output small.onnx --config config.json
        mpirun -n 4 prune-cluster apply ratios.json --model model.onnx --output small.onnx --config config.json
      """)

  @Argument(help: ArgumentHelp("What goes (JSON).", valueName: "ratios"), completion: .file())
  var ratios: String

  @Option(help: ArgumentHelp("The model (ONNX).", valueName: "file"), completion: .model)
  var model: String

  @Option(help: ArgumentHelp("Where the pruned model is written.", valueName: "file"), completion: .model)
  var output: String

  @Option(
    help: ArgumentHelp(
      "A configuration: its data serve for certificate, repair and evaluation.", valueName: "config"), completion: .json
  )
  var config: String?

  @Option(
    help: ArgumentHelp(
      "What chooses channels where only ratios are given: sensitivity, l1, l2, geometric_median, bn_scale or nisp. Default: the sensitivities stored beside RATIOS if there are any, else l2.",
      valueName: "name"))
  var criterion: ChannelCriterion?

  @Option(
    help: ArgumentHelp("Stored sensitivities (sensitivities.npz).", valueName: "file"),
    completion: .file(extensions: ["npz"]))
  var sensitivities: String?

  @Flag(
    help: """
      Where channels cannot be removed, let the layers that read them leave them out by a Gather in front; says what it \
      saves and costs.
      """)
  var gatherInputs = false

  @Flag(help: "Leave the weights that stay as they are.")
  var noRepair = false

  @Option(help: ArgumentHelp("The largest relative difference that passes. Default: 1e-4.", valueName: "number"))
  var tolerance: Double?

  @OptionGroup var inputShape: InputShapeOption

  @Flag(help: "Exact numbers for a script.")
  var json = false

  @OptionGroup var sharing: SharingOptions

  @OptionGroup var showing: ProgressOptions

  func validate() throws {
    if let tolerance, !(tolerance > 0 && tolerance < 1) {
      throw ValidationError("--tolerance: expected a number above 0 and below 1, found \(tolerance)")
    }
  }

  func run() throws {
    var request = ApplyRun.Request(ratios: ratios, model: model, output: output)
    request.configuration = config
    request.criterion = criterion
    request.sensitivities = sensitivities
    request.gatherInputs = gatherInputs ? true : nil
    request.skipsRepair = noRepair
    request.tolerance = tolerance
    request.sampleShapes = inputShape.extents
    let asked = request
    let console = showing.console("apply")
    var options = sharing.session
    options.stop = .ofProcess
    let shared = options
    StopRequest.listenToSignals()
    let outcome = try console.onAllRanks(sharing) { world in
      let run = ApplyRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), options: shared,
        logger: console.logger(rank: world.rank), progress: console.show)
      return try InputShape.advising { try run.execute(asked) }
    }
    guard let outcome else { return }
    let summary = PruningSummary(outcome)
    try console.finish(
      json ? summary.json.text() : summary.text(width: StandardOutput.width), files: outcome.files,
      in: outcome.directory)
  }
}

extension ChannelCriterion: ExpressibleByArgument {}
