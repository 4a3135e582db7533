import Channels
import Foundation
import Logging
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Search
import Testing

/// Networks with channels removed by hand, against the logits that an independent calculation gives for them in float64.
@Suite(.enabled(if: ReferenceData.isPresent), .serialized, .timeLimit(.minutes(30)))
struct PruneCaseTests {
  /// prunecases.json.
  struct Cases: Decodable {
    struct Case: Decodable {
      let name: String
      let keptOutputChannels: [String: [Int]]
      let macs: Int
      let params: Int
    }

    let fullMacs: Int
    let cases: [Case]
  }

  private static func cases(_ model: ReferenceModel) throws -> Cases {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let path = ReferenceData.path("models/\(model.name)/\(model).prunecases.json")
    return try decoder.decode(Cases.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Applies one case and gives where the model went.
  private static func apply(
    _ one: Cases.Case, _ model: ReferenceModel, in folder: TemporaryFolder
  ) throws -> PruningOutcome {
    let golden = try model.golden()
    let removed = Dictionary(
      uniqueKeysWithValues: golden.layers.compactMap { layer -> (String, [Int])? in
        guard let kept = one.keptOutputChannels[layer.node], kept.count < layer.outChannels else { return nil }
        return (layer.node, Array(Set(0..<layer.outChannels).subtracting(kept)).sorted())
      })
    let ratios = try folder.write(try JSONSerialization.data(withJSONObject: removed), as: "\(one.name).json")
    let outcomes = try InProcess.run(ranks: 1) { world in
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      return try ApplyRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: logger)
        .execute(.init(ratios: ratios, model: model.path, output: folder.file("\(model).\(one.name).onnx")))
    }
    return try #require(outcomes[0])
  }

  @Test(arguments: ReferenceData.models.filter { $0.variant == "folded" })
  func `a pruned file costs and gives what it should`(_ model: ReferenceModel) throws {
    let cases = try Self.cases(model)
    #expect(!cases.cases.isEmpty)
    let folder = try TemporaryFolder()
    var questions: [[String: String]] = []
    for one in cases.cases {
      let outcome = try Self.apply(one, model, in: folder)
      #expect(outcome.costs.costs.first { $0.metric == .macs }?.after == one.macs, "\(one.name)")
      #expect(outcome.costs.costs.first { $0.metric == .params }?.after == one.params, "\(one.name)")
      #expect(outcome.certificate.relativeDifference < 1e-5, "\(one.name)")
      questions.append(["model": outcome.path, "logits": "\(one.name).logits"])
    }
    guard let python = PythonPeer.python else { return }
    let answers = try PythonPeer.run(
      python, Self.script,
      [
        ReferenceData.path("data/eval.npz"), ReferenceData.path("models/\(model.name)/\(model).prunecases.npz"),
        String(decoding: try JSONEncoder().encode(questions), as: UTF8.self),
      ])
    let differences = try JSONDecoder().decode([Double].self, from: Data(answers.utf8))
    #expect(differences.count == cases.cases.count)
    // Float32 rounding over a whole network, relative to the largest logit.
    for (one, difference) in zip(cases.cases, differences) { #expect(difference < 1e-5, "\(one.name): \(difference)") }
  }

  /// Checks each file, runs it in onnxruntime and tells how far it is from the logits wanted, relative to the largest.
  private static let script = """
    import json, sys
    import numpy as np, onnx, onnxruntime as ort
    ort.set_default_logger_severity(4)
    images = np.load(sys.argv[1])["images"][:128]
    wanted = np.load(sys.argv[2])
    answers = []
    for question in json.loads(sys.argv[3]):
        onnx.checker.check_model(question["model"], full_check=True)
        session = ort.InferenceSession(question["model"], providers=["CPUExecutionProvider"])
        found = session.run(None, {session.get_inputs()[0].name: images})[0]
        logits = wanted[question["logits"]]
        answers.append(float(np.abs(found - logits).max() / np.abs(logits).max()))
    print(json.dumps(answers))
    """
}
