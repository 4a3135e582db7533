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
    try InputShape.check(inputShape, network, model: model)
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

  /// Sees that the network's inputs have the extents that were given: those that the model fixes stay as they are.
  static func check(_ shapes: [InputShape], _ network: Network, model: String) throws {
    for shape in shapes {
      for id in network.inputs where shape.name.isEmpty || network[id].name == shape.name {
        let found = Array(network[id].shape.dimensions.dropFirst())
        // Grey images may be given without their one channel.
        guard found != shape.extents, found != [1] + shape.extents else { continue }
        throw SearchError(
          .usage, file: model,
          "--input-shape: its input '\(network[id].name)' has the fixed shape \(found), expected no other")
      }
    }
  }
}
