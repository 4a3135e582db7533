import Networks

/// How every operator that may read computed values loses channels.
enum SurgeryRule: Sendable {
  /// Neither attributes nor constants depend on extents that can shrink.
  case unchanged
  /// Constants follow the result by broadcasting.
  case broadcast
  /// By a rule of its own.
  case own(@Sendable (inout NodeSurgery) throws(ImportProblem) -> Void)

  /// Works out what becomes of a node.
  func apply(to surgery: inout NodeSurgery) throws(ImportProblem) {
    switch self {
    case .unchanged: try surgery.passOn()
    case .broadcast: try surgery.broadcast()
    case .own(let rule): try rule(&surgery)
    }
  }

  /// The rule for an op type.
  static func rule(for opType: String) -> SurgeryRule? { rules[opType] }

  /// Op types without the functions of one value, which all pass channels on.
  private static let others: [String: SurgeryRule] = [
    "Add": .broadcast,
    "And": .broadcast,
    "AveragePool": .unchanged,
    "BatchNormalization": .own { surgery throws(ImportProblem) in surgery.normalizePerChannel(parameters: 1...4) },
    "Cast": .unchanged,
    "Concat": .own { surgery throws(ImportProblem) in try surgery.concat() },
    "Conv": .own { surgery throws(ImportProblem) in try surgery.convolution(isTransposed: false) },
    "ConvTranspose": .own { surgery throws(ImportProblem) in try surgery.convolution(isTransposed: true) },
    "CumSum": .unchanged,
    "DepthToSpace": .own { surgery throws(ImportProblem) in try surgery.moveBlocks() },
    "DequantizeLinear": .unchanged,
    "Div": .broadcast,
    "Dropout": .unchanged,
    "Einsum": .own { surgery throws(ImportProblem) in try surgery.einsum() },
    "Equal": .broadcast,
    "Expand": .own { surgery throws(ImportProblem) in try surgery.expand() },
    "Flatten": .own { surgery throws(ImportProblem) in try surgery.reshape() },
    "Gather": .own { surgery throws(ImportProblem) in try surgery.gather() },
    "Gemm": .own { surgery throws(ImportProblem) in try surgery.gemm() },
    "GlobalAveragePool": .unchanged,
    "GlobalMaxPool": .unchanged,
    "Greater": .broadcast,
    "GreaterOrEqual": .broadcast,
    "GroupNormalization": .own { surgery throws(ImportProblem) in try surgery.normalizeGroups() },
    "Identity": .unchanged,
    "InstanceNormalization": .own { surgery throws(ImportProblem) in surgery.normalizePerChannel(parameters: 1...2) },
    "LRN": .unchanged,
    "LayerNormalization": .own { surgery throws(ImportProblem) in try surgery.normalizeLayer() },
    "Less": .broadcast,
    "LessOrEqual": .broadcast,
    "LogSoftmax": .unchanged,
    "MatMul": .own { surgery throws(ImportProblem) in try surgery.matMul() },
    "Max": .broadcast,
    "MaxPool": .unchanged,
    "Mean": .broadcast,
    "Min": .broadcast,
    "Mul": .broadcast,
    "Or": .broadcast,
    "PRelu": .broadcast,
    "Pad": .own { surgery throws(ImportProblem) in try surgery.pad() },
    "Pow": .broadcast,
    "QuantizeLinear": .unchanged,
    "ReduceL1": .unchanged,
    "ReduceL2": .unchanged,
    "ReduceLogSum": .unchanged,
    "ReduceLogSumExp": .unchanged,
    "ReduceMax": .unchanged,
    "ReduceMean": .unchanged,
    "ReduceMin": .unchanged,
    "ReduceSum": .unchanged,
    "ReduceSumSquare": .unchanged,
    "Reshape": .own { surgery throws(ImportProblem) in try surgery.reshape() },
    "Resize": .own { surgery throws(ImportProblem) in try surgery.resize() },
    "Slice": .own { surgery throws(ImportProblem) in try surgery.slice() },
    "Softmax": .unchanged,
    "SpaceToDepth": .own { surgery throws(ImportProblem) in try surgery.moveBlocks() },
    "Split": .own { surgery throws(ImportProblem) in try surgery.split() },
    "Squeeze": .own { surgery throws(ImportProblem) in try surgery.reshape() },
    "Sub": .broadcast,
    "Sum": .broadcast,
    "Swish": .unchanged,
    "ThresholdedRelu": .unchanged,
    "Tile": .own { surgery throws(ImportProblem) in try surgery.tile() },
    "Transpose": .own { surgery throws(ImportProblem) in try surgery.transpose() },
    "Unsqueeze": .own { surgery throws(ImportProblem) in try surgery.reshape() },
    "Upsample": .unchanged,
    "Where": .broadcast,
    "Xor": .broadcast,
  ]

  private static let rules = others.merging(OperatorRegistry.unaryFunctions.mapValues { _ in .unchanged }) {
    rule, _ in rule
  }
}
