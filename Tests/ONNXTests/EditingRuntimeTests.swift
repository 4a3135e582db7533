import Networks
import Foundation
import ProgramRuns
import SwiftProtobuf
import Testing

@testable import ONNX

/// Edited files, as onnx's own checker and onnxruntime see them.
@Suite(.enabled(if: PythonPeer.python != nil), .serialized)
struct EditingRuntimeTests {
  /// Writes files into one folder, has the checker look at the models, and runs them on one input.
  private func run(_ models: [[(name: String, bytes: ArraySlice<UInt8>)]], shape: [Int]) throws -> [[Double]] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-edits-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for file in models.flatMap({ $0 }) {
      let place = folder.appendingPathComponent(file.name)
      #expect(!FileManager.default.fileExists(atPath: place.path), "\(file.name) is written twice")
      try Data(file.bytes).write(to: place)
    }
    let answer = folder.appendingPathComponent("answer.json")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: PythonPeer.python ?? "")
    process.arguments = ["-c", Self.script, answer.path, "\(shape)"] + models.map { folder.path + "/" + $0[0].name }
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return try JSONDecoder().decode([[Double]].self, from: Data(contentsOf: answer))
  }

  private static let script = """
    import json, sys
    import numpy as np
    import onnx
    import onnxruntime as ort
    ort.set_default_logger_severity(3)
    shape = json.loads(sys.argv[2])
    x = (np.arange(np.prod(shape)) % 13 - 6).astype(np.float32).reshape(shape) / 4
    answers = []
    for path in sys.argv[3:]:
        onnx.checker.check_model(path, full_check=True)
        session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
        answers.append(session.run(None, {"x": x})[0].astype(np.float64).ravel().tolist())
    json.dump(answers, open(sys.argv[1], "w"))
    """

  @Test(.timeLimit(.minutes(30)))
  func `a model with external data runs with slices as the same model put together by hand`() throws {
    let files = try EditingExternalTests.model()
    let kept = (0..<400).filter { $0 % 3 != 1 }
    var edits = ModelEdits()
    for tensor in try files.proto.graph.tensors where tensor.name != "b2" {
      edits.tensors[tensor.name.isEmpty ? "scale" : tensor.name] = try tensor.taking(
        [tensor.name == "w2" ? 1 : 0: kept], files: files.external)
    }
    let pruned = try files.applying(edits)
    var inline = EditingExternalTests.builder()
    func rows(_ values: [Float], _ width: Int) -> [Float] { kept.flatMap { values[($0 * width)..<(($0 + 1) * width)] } }
    let count = Int64(kept.count)
    let old = inline.proto.graph
    inline.proto.graph.initializer = [
      ModelBuilder.floatTensor("w1", dims: [count, 3, 1, 1], rows(old.tensor("w1").floatData, 3)),
      ModelBuilder.floatTensor("b1", dims: [count], rows(old.tensor("b1").floatData, 1)), old.tensor("b2"),
      ModelBuilder.floatTensor(
        "w2", dims: [2, count, 1, 1],
        [0, 1].flatMap { row in kept.map { old.tensor("w2").floatData[row * 400 + $0] } }),
    ]
    inline.proto.graph.node[1].attribute[0].t = ModelBuilder.floatTensor(
      "", dims: [count, 1, 1], rows(old.node[1].attribute[0].t.floatData, 1))
    let source =
      [(name: "toy.onnx", bytes: files.model)]
      + files.external.map { (name: $0.key, bytes: $0.value[...]) }
    let results = try run(
      [
        try pruned.outputs(named: "pruned.onnx"), [("inline.onnx", try inline.bytes[...])], source,
        try files.outputs(named: "copy.onnx"),
      ], shape: [1, 3, 4, 4])
    #expect(results[0] == results[1])
    #expect(results[2] == results[3])
    #expect(results[0] != results[2])
  }

  @Test(.timeLimit(.minutes(30)), arguments: [3, 8])
  func `a layer's new bias is added to what it yields`(_ version: Int64) throws {
    var builder = ModelBuilder(opset: version == 3 ? 8 : 17, input: [1, 2, 1, 3])
    builder.proto.irVersion = version
    builder.proto.graph.name = "graph"
    builder.floats("w", dims: [2, 2, 1, 1])
    builder.floats("v", dims: [6, 4])
    builder.floats("c", dims: [1])
    builder.node("Conv", ["x", "w"], ["h"], name: "conv")
    builder.node("Flatten", ["h"], ["f"])
    builder.node("Gemm", ["f", "v", "c"], ["y"], name: "dense", [.float("beta", 0.5)])
    builder.proto.graph.output = [ModelBuilder.value("y", [1, 4])]
    if version == 3 {
      builder.proto.graph.input += [
        ModelBuilder.value("w", [2, 2, 1, 1]), ModelBuilder.value("v", [6, 4]), ModelBuilder.value("c", [1]),
      ]
    }
    let files = try ModelFiles(builder)
    let dense = try files.replacing([LayerParameters(node: "dense", bias: [2, 4, 6, 8])])
    let conv = try files.replacing([LayerParameters(node: "conv", bias: [1, 10])])
    let results = try run(
      [
        try files.outputs(named: "a.onnx"), try dense.outputs(named: "b.onnx"), try conv.outputs(named: "c.onnx"),
      ], shape: [1, 2, 1, 3])
    // Half of each number, beta, on top of a third operand of 0.
    #expect(results[1] == zip(results[0], [1, 2, 3, 4]).map { $0 + $1 })
    // The rows of v are 4i … 4i + 3: rows 0 to 2 add up to 12 + 3j, rows 3 to 5, ten times, to 10 × (48 + 3j).
    #expect(results[2] == results[0].enumerated().map { place, value in value + 492 + 33 * Double(place) })
  }
}
