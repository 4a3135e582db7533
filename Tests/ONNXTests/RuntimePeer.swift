import Foundation
import ProgramRuns
import SwiftProtobuf

@testable import ONNX

/// What onnxruntime computes for every `RuntimeCase`, from one run of the Python that `PRUNE_CLUSTER_PEERS_PYTHON` names.
enum RuntimePeer {
  /// A result, or why onnxruntime gave none.
  struct Answer: Decodable, Sendable {
    let shape: [Int]?
    let elements: [Double]?
    let error: String?
  }

  /// Answers by the case's name.
  static let answers: Result<[String: Answer], any Error> = Result { try ask(PythonPeer.python ?? "", RuntimeCase.all) }

  private struct Question: Encodable {
    let name: String
    let model: String
    let shape: [Int64]
    let elements: [Float]
  }

  private static func ask(_ python: String, _ cases: [RuntimeCase]) throws -> [String: Answer] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-cases-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var questions: [Question] = []
    for (number, one) in cases.enumerated() {
      let file = folder.appendingPathComponent("\(number).onnx")
      try one.model.proto.serializedData().write(to: file)
      questions.append(Question(name: one.name, model: file.path, shape: one.shape, elements: one.input))
    }
    let question = folder.appendingPathComponent("questions.json")
    let answer = folder.appendingPathComponent("answers.json")
    try JSONEncoder().encode(questions).write(to: question)
    _ = try PythonPeer.run(python, script, [question.path, answer.path])
    return try JSONDecoder().decode([String: Answer].self, from: Data(contentsOf: answer))
  }

  /// Runs every model on its input, on one thread.
  private static let script = """
    import json, sys
    import numpy as np
    import onnxruntime as ort
    ort.set_default_logger_severity(4)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    answers = {}
    for question in json.load(open(sys.argv[1])):
        try:
            session = ort.InferenceSession(question["model"], options, providers=["CPUExecutionProvider"])
            x = np.array(question["elements"], dtype=np.float32).reshape(question["shape"])
            y = session.run(None, {"x": x})[0]
            answers[question["name"]] = {"shape": list(y.shape), "elements": y.astype(np.float64).ravel().tolist()}
        except Exception as error:
            answers[question["name"]] = {"error": str(error)}
    json.dump(answers, open(sys.argv[2], "w"))
    """
}

extension RuntimeCase {
  /// Every case.
  static let all = elementwise + quantization + sums + movement + blocks
}
