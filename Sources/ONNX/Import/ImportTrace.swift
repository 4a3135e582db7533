import Networks

/// An import as it went: the network before anything is joined, and what the nodes and tensors of the file became.
struct ImportTrace {
  /// A node of the file.
  struct Node {
    /// With its operands bound.
    let node: OperatorNode
    /// Whether all its results are constants.
    let isFolded: Bool
    /// How errors call it.
    var place: String { "node '\(node.name)' (\(node.opType))" }
  }

  /// Every computed tensor of the file is one value; other values are made inside of operators.
  let network: Network
  /// The nodes that the outputs depend on, `Constant` ones left out, in the order in which they run.
  let nodes: [Node]
  /// What every tensor of the file that the outputs depend on stands for.
  let bindings: [String: Operand]
}
