extension Network {
  /// Checks what `Network.init` promises. Shape mistakes end here, so that nothing behind has to look for them again.
  func check() throws(NetworkError) {
    guard batchSize > 0 else { throw NetworkError(name, "batch size \(batchSize), expected at least 1") }
    guard !outputs.isEmpty else { throw NetworkError(name, "has no output") }
    let known = values.indices
    for id in inputs + outputs where !known.contains(id.index) {
      throw NetworkError(name, "input or output \(id.index) is not among the \(values.count) values")
    }
    var computed = [Bool](repeating: false, count: values.count)
    for (index, value) in values.enumerated() where value.constant != nil { computed[index] = true }
    for input in inputs {
      guard self[input].constant == nil else { throw NetworkError(self[input].name, "is both an input and a constant") }
      guard !computed[input.index] else { throw NetworkError(self[input].name, "is named twice among the inputs") }
      let shape = self[input].shape
      guard shape.rank > 0, shape[0] == batchSize else {
        throw NetworkError(self[input].name, "has shape \(shape), expected \(batchSize) samples along axis 0")
      }
      computed[input.index] = true
    }
    for node in nodes {
      for case let operand? in node.inputs {
        guard known.contains(operand.index) else { throw NetworkError(node.name, "reads a value that does not exist") }
        guard computed[operand.index] else {
          throw NetworkError(node.name, "reads \(self[operand].name) before it is computed")
        }
      }
      for output in node.outputs {
        guard known.contains(output.index) else { throw NetworkError(node.name, "yields a value that does not exist") }
        guard !computed[output.index] else {
          throw NetworkError(node.name, "yields \(self[output].name) a second time")
        }
        computed[output.index] = true
      }
      if let problem = shapeProblem(of: node) { throw NetworkError(node.name, "\(node.opType): \(problem)") }
    }
    for output in outputs where !computed[output.index] {
      throw NetworkError(self[output].name, "is an output that nothing computes")
    }
  }

  /// What is wrong with a node's operands and results, or `nil`.
  private func shapeProblem(of node: Node) -> String? {
    let inputs = node.inputs.map { id in id.map { self[$0].shape } }
    let outputs = node.outputs.map { self[$0].shape }
    guard let (least, most) = node.operation.operandCount else {
      return inputs.isEmpty || inputs.contains(nil) ? "needs operands, none of them absent" : expectedOutputs()
    }
    guard inputs.count >= least, inputs.count <= most, inputs.prefix(least).allSatisfy({ $0 != nil }) else {
      return "\(inputs.count) operands, expected \(least == most ? "\(least)" : "\(least) to \(most)")"
    }
    return node.operation.constantOperandProblem(node.inputs.map { id in id.map { self[$0].constant != nil } })
      ?? expectedOutputs()

    func expectedOutputs() -> String? {
      guard !outputs.isEmpty else { return "yields nothing" }
      return node.operation.problem(operands: inputs, results: outputs)
    }
  }
}
