public import Networks

extension Network {
  /// Sees that the inputs have the extents that the command line gives them: those that the model fixes stay as they are.
  /// - Parameters:
  ///   - shapes: extents of one sample by input name, "" for the only input.
  ///   - model: the model's file, as errors call it.
  /// - Throws: `SearchError` of kind `usage` for the first that differs.
  public func checkSampleShapes(_ shapes: [String: [Int]], model: String) throws {
    if shapes[""] != nil, inputs.count > 1 {
      let names = inputs.map { "'\(self[$0].name)'" }.joined(separator: ", ")
      throw SearchError(
        .usage, file: model, "--input-shape: expected NAME=extents, one of its inputs is NAME: \(names)")
    }
    for input in inputs.map({ self[$0] }) {
      guard let asked = shapes[input.name] ?? shapes[""] else { continue }
      let fixed = Array(input.shape.dimensions.dropFirst())
      // Grey images may be given without their one channel.
      guard asked != fixed, [1] + asked != fixed else { continue }
      throw SearchError(
        .usage, file: model, "--input-shape: its input '\(input.name)' has the fixed shape \(fixed), found \(asked)")
    }
  }
}
