public import Networks

extension ONNXModel {
  /// What the model computes for a number of samples at once, every shape known.
  ///
  /// A batch size that is written in the file is replaced where the model allows it. It does when every computed value
  /// keeps its shape but for axis 0, which grows with the batch; a Reshape to literal extents often prevents that.
  /// - Parameters:
  ///   - batchSize: samples per run, axis 0 of every input.
  ///   - inputShapes: shapes of one sample (without the batch) by input name, needed where the file leaves them open.
  /// - Throws: `ONNXError`; of kind `fixedBatch` when the model computes with the batch size in the file alone: then
  ///   `network(batchSize: fixedBatch)` works.
  public func network(batchSize: Int, inputShapes: [String: [Int]] = [:]) throws(ONNXError) -> Network {
    guard batchSize >= 1 else {
      throw ONNXError(.badContent, file: path, problem: "batch size \(batchSize), expected at least 1")
    }
    guard let fixedBatch, fixedBatch != batchSize else {
      return try GraphImport(self, batchSize: batchSize, sampleShapes: inputShapes).network()
    }
    let written = try computedShapes(batchSize: fixedBatch, inputShapes)
    let network: Network
    do {
      network = try GraphImport(self, batchSize: batchSize, sampleShapes: inputShapes).network()
    } catch {
      throw ONNXError(
        .fixedBatch(fixedBatch), file: path, place: error.place,
        problem: "the model is fixed to batch \(fixedBatch); at batch \(batchSize): \(error.problem)")
    }
    for node in network.nodes {
      for value in node.outputs.map({ network[$0] }) {
        guard let before = written[value.name], before.scales(to: value.shape, from: fixedBatch, to: batchSize) else {
          throw ONNXError(
            .fixedBatch(fixedBatch), file: path, place: "node '\(node.name)' (\(node.opType))",
            problem: "the model is fixed to batch \(fixedBatch); at batch \(batchSize) it yields \(value.shape), "
              + "at batch \(fixedBatch) \(written[value.name].map(\.description) ?? "nothing")")
        }
      }
    }
    return network
  }

  /// Shapes by name; the network that they come from is gone when this returns.
  private func computedShapes(batchSize: Int, _ inputShapes: [String: [Int]]) throws(ONNXError) -> [String: Shape] {
    let network = try GraphImport(self, batchSize: batchSize, sampleShapes: inputShapes).network()
    var shapes: [String: Shape] = [:]
    for output in network.nodes.flatMap(\.outputs) { shapes[network[output].name] = network[output].shape }
    return shapes
  }
}

extension Shape {
  /// Whether another shape is this one for another batch size: axis 0 in proportion, the others equal.
  fileprivate func scales(to other: Shape, from old: Int, to new: Int) -> Bool {
    guard rank >= 1, other.rank == rank, dimensions.dropFirst() == other.dimensions.dropFirst() else { return false }
    let (left, leftOverflow) = self[0].multipliedReportingOverflow(by: new)
    let (right, rightOverflow) = other[0].multipliedReportingOverflow(by: old)
    return left == right && !leftOverflow && !rightOverflow
  }
}
