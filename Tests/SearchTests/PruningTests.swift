import Configuration
import Foundation
import Logging
import MessagePassing
import Networks
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Search
import Testing

/// From a search to a smaller, certified, repaired model, the ranks being threads.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct PruningTests {
  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private static let files = [
    "ratios.json", "ratios.cfg", "sensitivities.npz", "pruned.onnx", "certificate.json", "channels.json",
    "evaluation.json",
  ]

  /// Searches and applies in a folder.
  private static func search(
    in folder: TemporaryFolder, ranks: Int = 1, format: any ModelFormat = ONNXFormat(),
    _ changes: [(path: String, json: String?)]
  ) throws -> SearchOutcome {
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: changes)
    let path = try folder.write(text, as: "config.json")
    let outcomes = try InProcess.run(ranks: ranks) { world in
      try SearchRun(
        on: world, backend: OneDNNBackend(), format: format, applies: true, logger: logger, progress: { _ in }
      ).execute(path)
    }
    return try #require(outcomes[0])
  }

  @Test(arguments: zip(["sequential", "one_pass"], [nil, #""agreement""#]))
  func `all files have the same bytes for 1, 2, 3 and 4 ranks`(_ reconstruction: String, _ loss: String?) throws {
    // 75 samples in batches of 8: a short last batch, and shares that no rank count divides.
    var changes: [(path: String, json: String?)] = [
      ("calibration.samples", "75"), ("calibration.batch_size", "8"),
      ("repair", #"{"reconstruction": "\#(reconstruction)"}"#),
    ]
    if let loss {
      changes += [("loss.kind", loss), ("calibration.labels", nil)]
    }
    var first: [Data] = []
    for ranks in 1...4 {
      let folder = try TemporaryFolder()
      _ = try Self.search(in: folder, ranks: ranks, changes)
      let contents = try Self.files.map { try folder.contents(of: "out/\($0)") }
      if ranks == 1 { first = contents }
      for (name, pair) in zip(Self.files, zip(contents, first)) {
        let isSame = pair.0 == pair.1
        #expect(isSame, "\(name) on \(ranks) ranks")
      }
      let names = try DemoSearch.files(in: folder.file("out"))
      #expect(names == (Self.files + ["run.json"]).sorted())
    }
  }

  @Test func `a repair without training brings back most of what the pruning took`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Self.search(in: folder, [("target.compression_ratio", "2")])
    let pruning = try #require(outcome.pruning)
    let networks = pruning.evaluations
    #expect(networks.map(\.name) == ["original", "pruned", "repaired"])
    let (original, pruned, repaired) = (networks[0], networks[1], networks[2])
    #expect(pruning.certificate.relativeDifference < 1e-5)
    #expect(repaired.meanLoss - original.meanLoss < 0.2 * (pruned.meanLoss - original.meanLoss))
    let accuracies = try networks.map { try #require($0.accuracy) }
    #expect(accuracies[2] > accuracies[1])
    #expect(try #require(repaired.agreement) > #require(pruned.agreement))
    #expect(original.agreement == nil)
    // What the search measured of the unpruned network is what the evaluation finds.
    #expect(abs(original.meanLoss - (try #require(outcome.meanLoss))) < 1e-9)
    #expect(accuracies[0] == outcome.accuracy)
    let measured = try #require(outcome.ratios.measuredLossChange)
    #expect(abs(measured - (pruned.meanLoss - original.meanLoss)) < 1e-12)
    #expect(pruned.costs.map { Double($0.cost) } == outcome.ratios.costs.map(\.after))
    #expect(repaired.costs.map(\.cost) == pruned.costs.map(\.cost))
    #expect(repaired.fileSize < original.fileSize)
    let document = try JSONValue(parsing: Array(try folder.contents(of: "out/ratios.json")), file: "ratios.json")
    #expect(document["solution"]?["measured_loss_change"] == .number(measured))
  }

  @Test func `apply makes of the ratios what the search makes`() throws {
    let folder = try TemporaryFolder()
    _ = try Self.search(in: folder, [("calibration.samples", "64")])
    let outcomes = try InProcess.run(ranks: 2) { world in
      var request = ApplyRun.Request(
        ratios: folder.file("out/ratios.json"), model: DemoNetwork.model, output: folder.file("again/pruned.onnx"))
      request.configuration = folder.file("config.json")
      return try ApplyRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: Self.logger)
        .execute(request)
    }
    #expect(outcomes[0] != nil && outcomes[1] == nil)
    for name in ["pruned.onnx", "channels.json", "evaluation.json"] {
      let isSame = try folder.contents(of: "again/\(name)") == folder.contents(of: "out/\(name)")
      #expect(isSame, "\(name)")
    }
  }

  /// Spoils one number of every pruned model.
  private struct SpoilingFormat: ModelFormat {
    private let base = ONNXFormat()

    func read(_ path: String) throws -> ModelSource { try base.read(path) }

    func decode(_ message: [UInt8], sampleShapes: [String: [Int]]) throws -> any DecodedModel {
      Decoded(base: try base.decode(message, sampleShapes: sampleShapes), format: base)
    }

    func replacing(_ parameters: [LayerParameters], in message: [UInt8]) throws -> [UInt8] {
      try base.replacing(parameters, in: message)
    }

    func obstacles(toReplacing nodes: [String], in message: [UInt8]) throws -> [String: String] {
      try base.obstacles(toReplacing: nodes, in: message)
    }

    func files(of message: [UInt8], named name: String) throws -> [ModelFile] {
      try base.files(of: message, named: name)
    }

    struct Decoded: DecodedModel {
      let base: any DecodedModel
      let format: ONNXFormat

      func network(batchSize: Int) throws -> Network { try base.network(batchSize: batchSize) }
      func surgeon() throws -> any ModelSurgeon { Surgeon(base: try base.surgeon(), format: format) }
    }

    struct Surgeon: ModelSurgeon {
      let base: any ModelSurgeon
      let format: ONNXFormat

      var network: Network { base.network }

      func pruned(_ parts: [KeptPart], gathers: [InputGather]) throws -> PrunedSource {
        let source = try base.pruned(parts, gathers: gathers)
        let network = try format.decode(source.message, sampleShapes: [:]).network(batchSize: 2)
        let node = try #require(network.nodes.first { $0.opType == "Conv" })
        let weight = try #require(node.inputs[1])
        var numbers = try #require(network[weight].constant).floats
        numbers[0] += 0.05
        let message = try format.replacing([LayerParameters(node: node.name, weight: numbers)], in: source.message)
        return PrunedSource(message: message, changes: source.changes)
      }
    }
  }

  @Test func `a pruned network that differs from the masked original is refused, and nothing of it is written`() throws
  {
    let folder = try TemporaryFolder()
    let error = try #require(throws: SearchError.self) {
      try Self.search(in: folder, format: SpoilingFormat(), [("calibration.samples", "32")])
    }
    #expect(error.problem.hasPrefix("the pruned network differs from the masked original by "))
    #expect(error.kind == .program)
    let names = try DemoSearch.files(in: folder.file("out"))
    #expect(names == ["ratios.cfg", "ratios.json", "run.json", "sensitivities.npz"])
    let record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    #expect(record["state"] == "failed")
  }

  @Test(arguments: ["model", "ratios", "certificate.json"])
  func `an output over something that is read or written beside it is refused`(_ clash: String) throws {
    let folder = try TemporaryFolder()
    let model = try folder.write(Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model)), as: "model.onnx")
    let ratios = try folder.write(Data(#"{"stage1.0.conv1": 0.5}"#.utf8), as: "ratios")
    let output = clash == "model" ? model : folder.file(clash)
    let error = try #require(throws: SearchError.self) {
      try InProcess.run(ranks: 1) { world in
        try ApplyRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: Self.logger)
          .execute(.init(ratios: ratios, model: model, output: output))
      }
    }
    #expect(error.kind == .cannotCreate && error.file == output)
    #expect(
      try folder.contents(of: "model.onnx").count == Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model)).count)
  }

  @Test func `evaluations have the same figures for 1, 2 and 3 ranks`() throws {
    let folder = try TemporaryFolder()
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: [("calibration.samples", "75")])
    let path = try folder.write(text, as: "config.json")
    var first: [JSONValue] = []
    for ranks in 1...3 {
      let outcomes = try InProcess.run(ranks: ranks) { world in
        try EvaluateRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: Self.logger)
          .execute([DemoNetwork.model, DemoNetwork.model], configuration: path)
      }
      let found = try #require(outcomes[0])
      #expect(found.count == 2 && found[1].agreement == 1 && found[0].meanLoss == found[1].meanLoss)
      #expect(found[0].secondsPerSample > 0)
      let figures = found.map { $0.json(withTime: false) }
      if ranks == 1 { first = figures }
      #expect(figures == first, "\(ranks) ranks")
    }
  }

  @Test(.enabled(if: ReferenceData.isPresent), arguments: ReferenceData.models, [1.5, 2, 3, 4])
  func `trained networks shrink with a certificate`(_ model: ReferenceModel, _ ratio: Double) throws {
    let folder = try TemporaryFolder()
    let document: [String: Any] = [
      "model": model.path,
      "calibration": [
        "inputs": ReferenceData.path("data/calib_images.npy"), "labels": ReferenceData.path("data/calib_labels.npy"),
        "samples": 32,
      ],
      "target": ["compression_ratio": ratio, "metric": "flops"], "repair": "none",
      "output": ["directory": folder.file("out")],
    ]
    let path = try folder.write(try JSONSerialization.data(withJSONObject: document), as: "config.json")
    let outcomes = try InProcess.run(ranks: 1) { world in
      try SearchRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), applies: true, logger: Self.logger,
        progress: { _ in }
      ).execute(path)
    }
    let outcome = try #require(outcomes[0])
    let pruning = try #require(outcome.pruning)
    #expect(pruning.certificate.relativeDifference < 1e-4)
    #expect(pruning.costs.costs.map { Double($0.after) } == outcome.ratios.costs.map(\.after))
    #expect(outcome.ratios.achieved.ratio >= ratio)
  }
}
