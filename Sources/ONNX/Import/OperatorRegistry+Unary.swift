import Networks

extension OperatorRegistry {
  /// Reads a function of one value off a node's attributes.
  typealias UnaryRule = @Sendable (OperatorNode) throws(ImportProblem) -> UnaryFunction

  /// Operators that are a function of each element: for constants it is computed, for other operands it becomes a node.
  static let unaryFunctions: [String: UnaryRule] = [
    "Abs": { _ in .absolute },
    "Ceil": { _ in .ceiling },
    "Celu": { node throws(ImportProblem) in .celu(alpha: try node.nonzero("alpha", default: 1)) },
    "Clip": { node throws(ImportProblem) in try node.clip() },
    "Cos": { _ in .cosine },
    "Elu": { node throws(ImportProblem) in .elu(alpha: try node.float("alpha", default: 1)) },
    "Erf": { _ in .erf },
    "Exp": { _ in .exp },
    "Floor": { _ in .floor },
    "Gelu": { node throws(ImportProblem) in .gelu(isApproximate: try node.approximatesGelu()) },
    "HardSigmoid": { node throws(ImportProblem) in
      .hardSigmoid(alpha: try node.float("alpha", default: 0.2), beta: try node.float("beta", default: 0.5))
    },
    "HardSwish": { _ in .hardSwish },
    "LeakyRelu": { node throws(ImportProblem) in .leakyRelu(slope: try node.float("alpha", default: 0.01)) },
    "Log": { _ in .log },
    "Mish": { _ in .mish },
    "Neg": { _ in .negate },
    "Not": { _ in .logicalNot },
    "Reciprocal": { _ in .reciprocal },
    "Relu": { _ in .relu },
    "Round": { _ in .round },
    "Selu": { node throws(ImportProblem) in
      .selu(alpha: try node.float("alpha", default: 1.67326319), gamma: try node.float("gamma", default: 1.05070102))
    },
    "Sigmoid": { _ in .sigmoid },
    "Sign": { _ in .sign },
    "Sin": { _ in .sine },
    "Softplus": { _ in .softplus },
    "Softsign": { _ in .softsign },
    "Sqrt": { _ in .squareRoot },
    "Tanh": { _ in .tanh },
  ]
}
