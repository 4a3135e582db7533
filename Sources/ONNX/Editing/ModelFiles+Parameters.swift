public import Networks

extension ModelFiles {
  /// The model with other numbers in some layers' parameters.
  ///
  /// Element types and storage stay those of the file. A tensor that something else reads as well stays; the layer gets
  /// one of its own. A Conv, ConvTranspose or Gemm without a bias gets one when numbers for it are given.
  /// - Throws: `ONNXError`: `unsupported` for parameters that are computed, quantized or of a layer that has none such
  ///   (`canReplaceParameters(of:)` tells beforehand), and for numbers that the element type cannot hold; `badContent`
  ///   for nodes that are not there and for another count of numbers than the tensor's.
  public func replacing(_ parameters: [LayerParameters]) throws(ONNXError) -> ModelFiles {
    var editor = try ParameterEditor(self)
    for layer in parameters {
      for (role, numbers) in layer.given {
        do { try editor.replace(role, of: layer.node, by: numbers) } catch {
          throw error.error(file: path, place: editor.place(of: layer.node))
        }
      }
    }
    return try applying(editor.edits)
  }

  /// Why `replacing` would refuse nodes, by their names; those that it takes are absent.
  /// - Throws: `ONNXError` for a file that is no model.
  public func obstacles(toReplacing nodes: [String]) throws(ONNXError) -> [String: ONNXError] {
    let editor = try ParameterEditor(self)
    var obstacles: [String: ONNXError] = [:]
    for node in nodes { obstacles[node] = editor.obstacle(node)?.error(file: path, place: editor.place(of: node)) }
    return obstacles
  }

  /// Whether `replacing` takes numbers for all parameters that a node has.
  /// - Throws: `ONNXError` for a file that is no model.
  public func canReplaceParameters(of node: String) throws(ONNXError) -> Bool {
    try obstacles(toReplacing: [node]).isEmpty
  }
}
