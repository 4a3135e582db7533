import Foundation
import Logging
import MessagePassing
import Networks
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Report
import Search
import Testing

/// Searches on the network that ships with the project, with their pages.
enum ReportedSearch {
  static var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

  /// Searches into `out` of a folder.
  @discardableResult static func run(
    in folder: TemporaryFolder, _ changes: [(path: String, json: String?)] = [], applies: Bool = false,
    format: any ModelFormat = ONNXFormat()
  ) throws -> SearchOutcome {
    let small: [(path: String, json: String?)] = [("calibration.samples", "27"), ("calibration.batch_size", "8")]
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: small + changes)
    let path = try folder.write(text, as: "config.json")
    let outcomes = try InProcess.run(ranks: 1) { world in
      try SearchRun(
        on: world, backend: OneDNNBackend(), format: format, applies: applies, report: HTMLReport(), logger: logger,
        progress: { _ in }
      ).execute(path)
    }
    return try #require(outcomes[0])
  }

  /// Makes the page of a search again.
  static func report(
    _ folder: TemporaryFolder, drawsCurve: Bool = false, output: String? = nil, model: String? = nil,
    format: any ModelFormat = ONNXFormat()
  ) throws -> [String] {
    var request = ReportRun.Request(directory: folder.file("out"))
    request.drawsCurve = drawsCurve
    request.output = output
    request.model = model
    return try ReportRun(format: format, report: HTMLReport()).execute(request)
  }

  static func page(in folder: TemporaryFolder, _ name: String = "out/report.html") throws -> String {
    String(decoding: try folder.contents(of: name), as: UTF8.self)
  }
}

/// ONNX files whose nodes, values and network have other names.
struct RenamingFormat: ModelFormat {
  /// The new name of something that was called so.
  let rename: @Sendable (String) -> String

  func read(_ path: String) throws -> ModelSource { try ONNXFormat().read(path) }

  func decode(_ message: [UInt8], sampleShapes: [String: [Int]]) throws -> any DecodedModel {
    Renamed(model: try ONNXFormat().decode(message, sampleShapes: sampleShapes), rename: rename)
  }

  func replacing(_ parameters: [LayerParameters], in message: [UInt8]) throws -> [UInt8] {
    try ONNXFormat().replacing(parameters, in: message)
  }

  func obstacles(toReplacing nodes: [String], in message: [UInt8]) throws -> [String: String] { [:] }

  func files(of message: [UInt8], named name: String) throws -> [ModelFile] {
    try ONNXFormat().files(of: message, named: name)
  }

  private struct Renamed: DecodedModel {
    let model: any DecodedModel
    let rename: @Sendable (String) -> String

    func network(batchSize: Int) throws -> Network {
      let network = try model.network(batchSize: batchSize)
      return try Network(
        name: rename(network.name), batchSize: network.batchSize, values: network.values,
        nodes: network.nodes.map { node in
          Node(
            name: rename(node.name), opType: node.opType, operation: node.operation, inputs: node.inputs,
            outputs: node.outputs)
        }, inputs: network.inputs, outputs: network.outputs)
    }

    func surgeon() throws -> any ModelSurgeon { try model.surgeon() }
  }
}
