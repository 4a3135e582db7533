import ArgumentParser
import ArrayFiles
import ONNXFormat
import Report
import Search

import Glibc

/// `init MODEL`: a configuration to begin with.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a commented configuration to begin with, made for a model.",
    discussion: """
      Looks at the model's inputs, outputs, layers and costs. What it cannot know, the data, is marked with TODO in the file.

      EXAMPLES
        prune-cluster init model.onnx
        prune-cluster init model.onnx runs/config.json
        prune-cluster init --input-shape image=3,224,224 model.onnx -
      """)

  @Argument(help: ArgumentHelp("The model (ONNX).", valueName: "model"), completion: .model)
  var model: String

  @Argument(
    help: ArgumentHelp("The file to write, which must not be there yet; - for standard output.", valueName: "config"),
    completion: .json)
  var config = "config.json"

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
    let text = try StartingConfiguration(network, model: path(from: config == "-" ? "" : config)).text
    guard config != "-" else { return try StandardOutput.write(text) }
    guard access(config, F_OK) != 0 else {
      throw SearchError(.cannotCreate, file: config, "is there already, and is not written over; name another file")
    }
    try AtomicFile.write(Array(text.utf8), to: config)
    try StandardOutput.write(
      "\(config): see to what is marked with TODO, then: \(ProgramName.text) validate \(config)\n")
  }

  /// The model's path as a configuration file has it, which paths start from: the whole of it beside another folder's file.
  private func path(from file: String) -> String {
    guard file.contains("/"), let root = realpath(model, nil) else { return model }
    defer { free(root) }
    return String(cString: root)
  }
}
