import Networks

/// Every operator that the importer knows, by op type.
enum OperatorRegistry {
  /// Turns a node whose operands are bound into what its results stand for; adds nodes to the network as needed.
  typealias Importer = @Sendable (OperatorNode, inout NetworkBuilder) throws(ImportProblem) -> [Operand]

  /// What can be done with an operator.
  struct Rule: Sendable {
    /// For operands that are all constant: the results as constants.
    var fold: Importer?
    /// For operands of which one at least is computed.
    var convert: Importer?
    /// Whether `fold` looks at the operands' shapes alone, which are always known.
    var foldsFromShapes = false
  }

  /// The rule for an op type of the standard's own domain.
  static func rule(for opType: String) -> Rule? { rules[opType] }

  /// Whether there is a rule for a node; Constant nodes are taken in earlier.
  static func contains(_ node: Onnx_NodeProto) -> Bool {
    node.isStandard && (node.opType == "Constant" || rules[node.opType] != nil)
  }

  /// Op types that may read computed values, sorted.
  static let supported: [String] = rules.filter { $0.value.convert != nil || $0.value.foldsFromShapes }.keys.sorted()

  private static let rules: [String: Rule] = {
    var rules: [String: Rule] = [:]
    for (opType, convert) in converters { rules[opType, default: Rule()].convert = convert }
    for (opType, fold) in folders { rules[opType, default: Rule()].fold = fold }
    for opType in ["Shape", "Size"] { rules[opType]?.foldsFromShapes = true }
    return rules
  }()

  private static let converters: [String: Importer] = [
    "Add": { node, builder throws(ImportProblem) in try node.convertBinary(.add, &builder) },
    "AveragePool": { node, builder throws(ImportProblem) in try node.convertPool(&builder) },
    "BatchNormalization": { node, builder throws(ImportProblem) in try node.convertBatchNormalization(&builder) },
    "Cast": { node, _ throws(ImportProblem) in try node.convertCast() },
    "Clip": { node, builder throws(ImportProblem) in try node.convertUnary(try node.clip(), &builder) },
    "Concat": { node, builder throws(ImportProblem) in try node.convertConcat(&builder) },
    "Conv": { node, builder throws(ImportProblem) in try node.convertConvolution(&builder) },
    "Div": { node, builder throws(ImportProblem) in try node.convertBinary(.divide, &builder) },
    "Dropout": { node, _ throws(ImportProblem) in try node.passThroughDropout() },
    "Flatten": { node, builder throws(ImportProblem) in try node.convertReshape(&builder) },
    "Gemm": { node, builder throws(ImportProblem) in try node.convertGemm(&builder) },
    "GlobalAveragePool": { node, builder throws(ImportProblem) in try node.convertGlobalAveragePool(&builder) },
    "HardSigmoid": { node, builder throws(ImportProblem) in try node.convertUnary(try node.hardSigmoid(), &builder) },
    "HardSwish": { node, builder throws(ImportProblem) in try node.convertUnary(.hardSwish, &builder) },
    "Identity": { node, _ throws(ImportProblem) in [try node.required(0)] },
    "LRN": { node, builder throws(ImportProblem) in try node.convertLocalResponseNormalization(&builder) },
    "LeakyRelu": { node, builder throws(ImportProblem) in try node.convertUnary(try node.leakyRelu(), &builder) },
    "LogSoftmax": { node, builder throws(ImportProblem) in try node.convertSoftmax(logarithm: true, &builder) },
    "MatMul": { node, builder throws(ImportProblem) in try node.convertMatMul(&builder) },
    "MaxPool": { node, builder throws(ImportProblem) in try node.convertPool(&builder) },
    "Mul": { node, builder throws(ImportProblem) in try node.convertBinary(.multiply, &builder) },
    "Pad": { node, builder throws(ImportProblem) in try node.convertPad(&builder) },
    "ReduceMean": { node, builder throws(ImportProblem) in try node.convertReduceMean(&builder) },
    "Relu": { node, builder throws(ImportProblem) in try node.convertUnary(.relu, &builder) },
    "Reshape": { node, builder throws(ImportProblem) in try node.convertReshape(&builder) },
    "Sigmoid": { node, builder throws(ImportProblem) in try node.convertUnary(.sigmoid, &builder) },
    "Slice": { node, builder throws(ImportProblem) in try node.convertSlice(&builder) },
    "Softmax": { node, builder throws(ImportProblem) in try node.convertSoftmax(logarithm: false, &builder) },
    "Split": { node, builder throws(ImportProblem) in try node.convertSplit(&builder) },
    "Squeeze": { node, builder throws(ImportProblem) in try node.convertReshape(&builder) },
    "Sub": { node, builder throws(ImportProblem) in try node.convertBinary(.subtract, &builder) },
    "Sum": { node, builder throws(ImportProblem) in try node.convertSum(&builder) },
    "Tanh": { node, builder throws(ImportProblem) in try node.convertUnary(.tanh, &builder) },
    "Transpose": { node, builder throws(ImportProblem) in try node.convertTranspose(&builder) },
    "Unsqueeze": { node, builder throws(ImportProblem) in try node.convertReshape(&builder) },
  ]

  private static let folders: [String: Importer] = [
    "Abs": { node, builder throws(ImportProblem) in try node.foldUnary(.abs, &builder) },
    "Add": { node, builder throws(ImportProblem) in try node.foldBinary(.add, &builder) },
    "And": { node, builder throws(ImportProblem) in try node.foldBinary(.and, &builder) },
    "Cast": { node, builder throws(ImportProblem) in try node.foldCast(&builder) },
    "Ceil": { node, builder throws(ImportProblem) in try node.foldUnary(.ceil, &builder) },
    "Concat": { node, builder throws(ImportProblem) in try node.foldConcat(&builder) },
    "ConstantOfShape": { node, builder throws(ImportProblem) in try node.foldConstantOfShape(&builder) },
    "Div": { node, builder throws(ImportProblem) in try node.foldBinary(.divide, &builder) },
    "Dropout": { node, _ throws(ImportProblem) in try node.passThroughDropout() },
    "Equal": { node, builder throws(ImportProblem) in try node.foldBinary(.equal, &builder) },
    "Exp": { node, builder throws(ImportProblem) in try node.foldUnary(.exp, &builder) },
    "Expand": { node, builder throws(ImportProblem) in try node.foldExpand(&builder) },
    "Flatten": { node, _ throws(ImportProblem) in try node.foldReshape() },
    "Floor": { node, builder throws(ImportProblem) in try node.foldUnary(.floor, &builder) },
    "Gather": { node, builder throws(ImportProblem) in try node.foldGather(&builder) },
    "Greater": { node, builder throws(ImportProblem) in try node.foldBinary(.greater, &builder) },
    "GreaterOrEqual": { node, builder throws(ImportProblem) in try node.foldBinary(.greaterOrEqual, &builder) },
    "Identity": { node, _ throws(ImportProblem) in [try node.required(0)] },
    "Less": { node, builder throws(ImportProblem) in try node.foldBinary(.less, &builder) },
    "LessOrEqual": { node, builder throws(ImportProblem) in try node.foldBinary(.lessOrEqual, &builder) },
    "Log": { node, builder throws(ImportProblem) in try node.foldUnary(.log, &builder) },
    "Max": { node, builder throws(ImportProblem) in try node.foldChain(.max, &builder) },
    "Min": { node, builder throws(ImportProblem) in try node.foldChain(.min, &builder) },
    "Mod": { node, builder throws(ImportProblem) in try node.foldMod(&builder) },
    "Mul": { node, builder throws(ImportProblem) in try node.foldBinary(.multiply, &builder) },
    "Neg": { node, builder throws(ImportProblem) in try node.foldUnary(.negate, &builder) },
    "Not": { node, builder throws(ImportProblem) in try node.foldUnary(.not, &builder) },
    "Or": { node, builder throws(ImportProblem) in try node.foldBinary(.or, &builder) },
    "Pow": { node, builder throws(ImportProblem) in try node.foldBinary(.power, &builder) },
    "Range": { node, builder throws(ImportProblem) in try node.foldRange(&builder) },
    "ReduceMax": { node, builder throws(ImportProblem) in try node.foldReduction(.max, &builder) },
    "ReduceMean": { node, builder throws(ImportProblem) in try node.foldReduction(.mean, &builder) },
    "ReduceMin": { node, builder throws(ImportProblem) in try node.foldReduction(.min, &builder) },
    "ReduceProd": { node, builder throws(ImportProblem) in try node.foldReduction(.product, &builder) },
    "ReduceSum": { node, builder throws(ImportProblem) in try node.foldReduction(.sum, &builder) },
    "Reshape": { node, _ throws(ImportProblem) in try node.foldReshape() },
    "Shape": { node, builder throws(ImportProblem) in try node.foldShape(&builder) },
    "Size": { node, builder throws(ImportProblem) in try node.foldSize(&builder) },
    "Slice": { node, builder throws(ImportProblem) in try node.foldSlice(&builder) },
    "Split": { node, builder throws(ImportProblem) in try node.foldSplit(&builder) },
    "Sqrt": { node, builder throws(ImportProblem) in try node.foldUnary(.squareRoot, &builder) },
    "Squeeze": { node, _ throws(ImportProblem) in try node.foldReshape() },
    "Sub": { node, builder throws(ImportProblem) in try node.foldBinary(.subtract, &builder) },
    "Sum": { node, builder throws(ImportProblem) in try node.foldChain(.add, &builder) },
    "Tile": { node, builder throws(ImportProblem) in try node.foldTile(&builder) },
    "Transpose": { node, builder throws(ImportProblem) in try node.foldTranspose(&builder) },
    "Unsqueeze": { node, _ throws(ImportProblem) in try node.foldReshape() },
    "Where": { node, builder throws(ImportProblem) in try node.foldWhere(&builder) },
  ]
}
