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

  /// Op types that may read constants alone, sorted.
  static let supportedOnConstants: [String] =
    rules.filter { $0.value.convert == nil && !$0.value.foldsFromShapes }.keys.sorted()

  /// Op types that read constants alone nowhere, sorted.
  static let supportedOnComputed: [String] = rules.filter { $0.value.fold == nil }.keys.sorted()

  /// Where people find these lists, as errors say it.
  static let listing = "see docs/operators.md"

  private static let rules: [String: Rule] = {
    var rules: [String: Rule] = [:]
    for (opType, convert) in converters { rules[opType, default: Rule()].convert = convert }
    for (opType, fold) in folders { rules[opType, default: Rule()].fold = fold }
    for (opType, function) in unaryFunctions {
      rules[opType] = Rule(
        fold: { node, builder throws(ImportProblem) in try node.foldUnary(try function(node), &builder) },
        convert: { node, builder throws(ImportProblem) in try node.convertUnary(try function(node), &builder) })
    }
    for opType in ["Shape", "Size"] { rules[opType]?.foldsFromShapes = true }
    return rules
  }()
}
