import ArgumentParser
import Configuration
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

  @Option(
    help: ArgumentHelp(
      "Extents of one sample of an input, where the model leaves them open; NAME= may be left out for a single input.",
      valueName: "[name=]extents"))
  var inputShape: [InputShape] = []

  func run() throws {
    guard Launch.isFirstRank else { return }
    let format = ONNXFormat()
    let shapes = Dictionary(inputShape.map { ($0.name, $0.extents) }, uniquingKeysWith: { $1 })
    let source = try format.read(model)
    // With two samples it shows which axis is theirs.
    let network = try format.decode(source.message, sampleShapes: shapes).network(batchSize: 2)
    let report = InspectionReport(try Inspection(network))
    try StandardOutput.write(json ? report.json.text() : report.text(width: StandardOutput.width))
  }
}

/// `NAME=3,224,224`, or the extents alone.
struct InputShape: ExpressibleByArgument {
  let name: String
  let extents: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    name = parts.count == 2 ? String(parts[0]) : ""
    let numbers = (parts.last ?? "").split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !numbers.isEmpty, numbers.allSatisfy({ $0.map { $0 > 0 } ?? false }) else { return nil }
    extents = numbers.compactMap { $0 }
  }
}
