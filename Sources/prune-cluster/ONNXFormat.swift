import Networks
import ONNX
import Search

/// ONNX files as the search's model format.
struct ONNXFormat: ModelFormat {
  func read(_ path: String) throws -> ModelSource {
    let files = try ModelFiles.read(path)
    let external = files.external.sorted { $0.key < $1.key }.map { FileDigest(path: $0.key, bytes: $0.value) }
    return ModelSource(
      message: files.serialized, digests: [FileDigest(path: path, bytes: files.model)] + external)
  }

  func network(from message: [UInt8], batchSize: Int, sampleShapes: [String: [Int]]) throws -> Network {
    let model = try ONNXModel(files: try ModelFiles(serialized: message))
    let shapes = namedShapes(sampleShapes, model)
    do {
      return try model.network(batchSize: batchSize, inputShapes: shapes)
    } catch {
      // A model exported for one batch size may have it written into a Reshape: it then runs with that size alone.
      guard case .fixedBatch(let size) = error.kind else { throw error }
      return try model.network(batchSize: size, inputShapes: shapes)
    }
  }

  /// Shapes by the model's own input names: "" stands for the only input.
  private func namedShapes(_ shapes: [String: [Int]], _ model: ONNXModel) -> [String: [Int]] {
    guard let shape = shapes[""], let input = model.inputs.first else { return shapes }
    return [input.name: shape]
  }
}
