/// A decoded ONNX model: what it is, what it is given, and `network(batchSize:)` to get what it computes.
///
/// Names, operators and constants are checked when it is made; shapes are worked out per batch size.
public struct ONNXModel: Sendable {
  /// The versions of the standard operators that are read.
  public static let supportedOpsets = 7...21

  /// The file as the caller named it.
  public let path: String
  /// The model's name for people: the file name without its extension.
  public let name: String
  /// The operator set version per domain; the standard's own domain is the empty string.
  public let opsets: [String: Int]
  /// Who wrote the file, with the version, like `pytorch 2.1.0`; may be empty.
  public let producer: String
  /// What a run is given: inputs that the outputs depend on, in file order.
  public let inputs: [ModelInput]
  /// Names of what a run yields, as the file has them.
  public let outputs: [String]
  /// The batch size that the file fixes, or `nil` when it leaves axis 0 of its inputs open.
  public let fixedBatch: Int?
  /// The graph behind it.
  let graph: ModelGraph

  /// Reads and decodes a model with its external data.
  /// - Throws: `ONNXError`.
  public init(contentsOf path: String) throws(ONNXError) {
    try self.init(files: try ModelFiles.read(path))
  }

  /// Decodes a model.
  /// - Throws: `ONNXError`: `unsupported`, naming all of them, when the outputs depend on operators that are not there;
  ///   `badContent` for what is no ONNX model, breaks the rules of graphs or has tensors whose data do not fit.
  public init(files: ModelFiles) throws(ONNXError) {
    path = files.path
    name = files.name
    var model: Onnx_ModelProto
    do { model = try decodeModel(files.model) } catch { throw error.error(file: files.path) }
    guard model.hasGraph else {
      throw ONNXError(.badContent, file: files.path, problem: "no ONNX model: it has no graph")
    }
    producer = [model.producerName, model.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
    opsets = try Self.opsets(of: model, file: files.path)
    // Taken out of the message: its tensors are given up one by one as they are decoded.
    var message = model.graph
    model.clearGraph()
    graph = try ModelGraph(&message, opset: opsets[""] ?? 0, files: files.external, file: files.path)
    inputs = graph.inputs
    outputs = graph.outputs
    fixedBatch = try Self.fixedBatch(of: inputs, file: files.path)
  }

  private static func opsets(of model: Onnx_ModelProto, file: String) throws(ONNXError) -> [String: Int] {
    var opsets: [String: Int] = [:]
    for entry in model.opsetImport {
      let domain = entry.domain == "ai.onnx" ? "" : entry.domain
      let known = opsets.updateValue(Int(entry.version), forKey: domain)
      guard known == nil || known == Int(entry.version) else {
        throw ONNXError(.badContent, file: file, problem: "two opset versions for domain '\(entry.domain)'")
      }
    }
    guard let opset = opsets[""] else {
      throw ONNXError(.badContent, file: file, problem: "no opset version for the standard operators")
    }
    guard supportedOpsets.contains(opset) else {
      throw ONNXError(
        .unsupported, file: file,
        problem: "opset \(opset), supported are \(supportedOpsets.lowerBound) to \(supportedOpsets.upperBound)")
    }
    return opsets
  }

  private static func fixedBatch(of inputs: [ModelInput], file: String) throws(ONNXError) -> Int? {
    var fixed: (batch: Int, input: String)?
    for input in inputs {
      guard case .known(let extent) = input.extents?.first else { continue }
      guard fixed == nil || fixed?.batch == extent else {
        throw ONNXError(
          .unsupported, file: file, place: "input '\(input.name)'",
          problem: "axis 0 has extent \(extent), that of '\(fixed?.input ?? "")' has \(fixed?.batch ?? 0); "
            + "expected one batch size")
      }
      fixed = (extent, input.name)
    }
    return fixed?.batch
  }
}
