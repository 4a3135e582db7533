import Foundation
import ProgramRuns
import SwiftProtobuf

@testable import ONNX

/// What the onnx package and onnxruntime say about every pruned model, from one run of the Python that
/// `PRUNE_CLUSTER_PEERS_PYTHON` names.
enum SurgeryPeer {
  /// How far a pruned model is from the masked one, as a part of the largest result, or what is wrong with it.
  struct Answer: Decodable, Sendable {
    let difference: Double?
    let error: String?
  }

  private struct Question: Encodable {
    let name: String
    let pruned: String
    let masked: String
    let shape: [Int64]
  }

  /// Answers by the case's name.
  static let answers: Result<[String: Answer], any Error> = Result { try ask(PythonPeer.python ?? "") }

  private static func ask(_ python: String) throws -> [String: Answer] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-pruned-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var questions: [Question] = []
    for (number, one) in SurgeryCase.standard.enumerated() {
      let result = try one.prune()
      let pruned = folder.appendingPathComponent("\(number).pruned.onnx")
      let masked = folder.appendingPathComponent("\(number).masked.onnx")
      try Data(result.pruned.files.model).write(to: pruned)
      try result.masked.serializedData().write(to: masked)
      questions.append(
        Question(name: one.name, pruned: pruned.path, masked: masked.path, shape: one.shape.map { $0 ?? 3 }))
    }
    let question = folder.appendingPathComponent("questions.json")
    let answer = folder.appendingPathComponent("answers.json")
    try JSONEncoder().encode(questions).write(to: question)
    _ = try PythonPeer.run(python, script, [question.path, answer.path])
    return try JSONDecoder().decode([String: Answer].self, from: Data(contentsOf: answer))
  }

  /// Checks every pruned model, shapes included, and runs it and the masked one.
  private static let script = """
    import json, sys
    import numpy as np
    import onnx
    import onnxruntime as ort
    ort.set_default_logger_severity(4)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    answers = {}
    for question in json.load(open(sys.argv[1])):
        try:
            onnx.checker.check_model(question["pruned"], full_check=True)
            count = int(np.prod(question["shape"]))
            x = (((np.arange(count) * 37 + 11) % 101) * 0.0397 - 1.9853).astype(np.float32).reshape(question["shape"])
            results = []
            for file in ("pruned", "masked"):
                session = ort.InferenceSession(question[file], options, providers=["CPUExecutionProvider"])
                results.append(session.run(None, {"x": x})[0].astype(np.float64))
            assert results[0].shape == results[1].shape
            largest = max(1.0, float(np.abs(results[1]).max()))
            answers[question["name"]] = {"difference": float(np.abs(results[0] - results[1]).max()) / largest}
        except Exception as error:
            answers[question["name"]] = {"error": str(error)}
    json.dump(answers, open(sys.argv[2], "w"))
    """
}
