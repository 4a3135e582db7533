public import Networks
import ONNX
public import Search

/// ONNX files as the search's model format.
public struct ONNXFormat: ModelFormat {
  /// The format; it holds nothing.
  public init() {}

  /// Reads the file and the external data that it refers to.
  public func read(_ path: String) throws -> ModelSource {
    let files = try ModelFiles.read(path)
    let external = files.external.sorted { $0.key < $1.key }.map { FileDigest(path: $0.key, bytes: $0.value) }
    return ModelSource(
      message: files.serialized, digests: [FileDigest(path: path, bytes: files.model)] + external)
  }

  /// Decodes what `read` gave.
  public func decode(_ message: [UInt8], sampleShapes: [String: [Int]]) throws -> any DecodedModel {
    let files = try ModelFiles(serialized: message)
    let model = try ONNXModel(files: files)
    for name in sampleShapes.keys.sorted() where !name.isEmpty && !model.inputs.contains(where: { $0.name == name }) {
      let names = model.inputs.map { "'\($0.name)'" }.joined(separator: ", ")
      throw SearchError(.configuration, file: model.path, "has no input '\(name)', its inputs are \(names)")
    }
    return Decoded(model: model, files: files, shapes: namedShapes(sampleShapes, model))
  }

  /// Puts other numbers into layers' parameters.
  public func replacing(_ parameters: [LayerParameters], in message: [UInt8]) throws -> [UInt8] {
    try ModelFiles(serialized: message).replacing(parameters).serialized
  }

  /// Why parameters of nodes cannot be replaced: computed, quantised, or none.
  public func obstacles(toReplacing nodes: [String], in message: [UInt8]) throws -> [String: String] {
    try ModelFiles(serialized: message).obstacles(toReplacing: nodes).mapValues(\.description)
  }

  /// The ONNX file and, if it has external data, the file for these.
  public func files(of message: [UInt8], named name: String) throws -> [ModelFile] {
    try ModelFiles(serialized: message).outputs(named: name).map { ModelFile(name: $0.name, bytes: Array($0.bytes)) }
  }

  private struct Decoded: DecodedModel {
    let model: ONNXModel
    let files: ModelFiles
    let shapes: [String: [Int]]

    func network(batchSize: Int) throws -> Network {
      do {
        return try model.network(batchSize: batchSize, inputShapes: shapes)
      } catch {
        // A model exported for one batch size may have it written into a Reshape: it then runs with that size alone.
        guard case .fixedBatch(let size) = error.kind else { throw error }
        return try model.network(batchSize: size, inputShapes: shapes)
      }
    }

    func surgeon() throws -> any ModelSurgeon {
      Surgeon(surgery: try ModelSurgery(model, files: files, inputShapes: shapes))
    }
  }

  private struct Surgeon: ModelSurgeon {
    let surgery: ModelSurgery

    var network: Network { surgery.network }

    func pruned(_ parts: [KeptPart], gathers: [InputGather]) throws -> PrunedSource {
      let model = try surgery.pruned(parts, gathers: gathers)
      return PrunedSource(message: model.files.serialized, changes: model.changes)
    }
  }

  /// Shapes for the inputs that leave an axis open, by the model's own names: "" stands for the only input.
  ///
  /// Inputs that the file fixes need none; whether samples fit them is checked where the samples are known.
  private func namedShapes(_ shapes: [String: [Int]], _ model: ONNXModel) -> [String: [Int]] {
    var named: [String: [Int]] = [:]
    for input in model.inputs {
      guard let shape = shapes[input.name] ?? (model.inputs.count == 1 ? shapes[""] : nil) else { continue }
      let extents = (input.extents ?? []).dropFirst()
      if input.extents != nil, extents.allSatisfy({ if case .known = $0 { true } else { false } }) { continue }
      // Grey images are often stored without their one channel.
      let lacksChannel = extents.count == shape.count + 1 && extents.first == .known(1)
      named[input.name] = lacksChannel ? [1] + shape : shape
    }
    return named
  }
}
