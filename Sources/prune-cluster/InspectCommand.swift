import ArgumentParser
import Configuration
import Networks
import ONNXFormat
import Report
import Search

/// `inspect MODEL`: what can be said before anything is measured.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show a model's layers: shape, channels, group, cost, and what cannot be pruned and why.",
    discussion: """
      Layers with one group number lose the same channels. The last lines say what the network costs and the largest \
      compression ratio that any search can reach.

      EXAMPLES
        prune-cluster inspect model.onnx
        prune-cluster inspect --json model.onnx | jq '.layers[] | select(.prunable | not)'
        prune-cluster inspect --input-shape image=3,224,224 model.onnx
      """)

  @Argument(help: ArgumentHelp("The model (ONNX).", valueName: "model"), completion: .model)
  var model: String

  @Flag(help: "Exact numbers and reasons for a script.")
  var json = false

  @OptionGroup var inputShape: InputShapeOption

  func run() throws {
    guard Launch.isFirstRank else { return }
    let format = ONNXFormat()
    let shapes = inputShape.extents
    let source = try format.read(model)
    // With two samples it shows which axis is theirs.
    let network = try InputShape.advising {
      try format.decode(source.message, sampleShapes: shapes).network(batchSize: 2)
    }
    try network.checkSampleShapes(shapes, model: model)
    let report = InspectionReport(try Inspection(network))
    try StandardOutput.write(json ? report.json.text() : report.text(width: StandardOutput.width))
  }
}
