import Networks

extension ProblemList {
  /// Every function of one value; kinks lie on multiples of 1/16.
  private static let unaryFunctions: [(String, UnaryFunction)] = [
    ("relu", .relu),
    ("leaky relu", .leakyRelu(slope: 0.25)),
    ("leaky relu with a negative slope", .leakyRelu(slope: -0.5)),
    ("relu up to 1", .clip(lower: 0, upper: 1)),
    ("clip from below", .clip(lower: -0.5, upper: .infinity)),
    ("clip from above", .clip(lower: -.infinity, upper: 0.25)),
    ("sigmoid", .sigmoid),
    ("hard sigmoid", .hardSigmoid(alpha: 0.5, beta: 0.5)),
    ("hard sigmoid, falling", .hardSigmoid(alpha: -1, beta: 0.25)),
    ("hard swish", .hardSwish),
    ("tanh", .tanh),
    ("swish", .swish),
    ("gelu", .gelu(isApproximate: false)),
    ("approximate gelu", .gelu(isApproximate: true)),
    ("softplus", .softplus),
    ("mish", .mish),
    ("softsign", .softsign),
    ("elu", .elu(alpha: 0.75)),
    ("selu", .selu(alpha: 1.6732632, gamma: 1.0507010)),
    ("celu", .celu(alpha: 0.5)),
    ("exponential", .exp),
    ("negation", .negate),
    ("magnitude", .absolute),
    ("error function", .erf),
    ("square", .power(exponent: 2)),
    ("third power", .power(exponent: 3)),
    ("power of 0", .power(exponent: 0)),
    ("sine", .sine),
    ("cosine", .cosine),
    ("quantization", .quantize(Quantization(scale: 0.125, steps: -3...4))),
    ("quantization of positive numbers", .quantize(Quantization(scale: 0.25, steps: 0...255))),
  ]

  /// Functions of positive numbers.
  private static let functionsOfPositives: [(String, UnaryFunction)] = [
    ("logarithm", .log), ("square root", .squareRoot), ("reciprocal", .reciprocal),
    ("power of -1.5", .power(exponent: -1.5)), ("power of 1/2", .power(exponent: 0.5)),
  ]

  /// Functions without a gradient; their steps lie on multiples of 1/16.
  private static let steps: [(String, UnaryFunction)] = [
    ("floor", .floor), ("ceiling", .ceiling), ("rounding", .round), ("sign", .sign), ("logical not", .logicalNot),
  ]

  mutating func addUnaryFunctions() {
    for (name, function) in Self.unaryFunctions {
      for sample in [[5], [3, 5], [4, 3, 3], [16, 3, 3]] {
        add("\(name) of rank \(sample.count + 1), \(sample[0]) channels") { problem in
          problem.unary(function, problem.gridFront(sample))
        }
      }
    }
    for (name, function) in Self.functionsOfPositives {
      for sample in [[5], [3, 5], [4, 3, 3], [16, 3, 3]] {
        add("\(name) of rank \(sample.count + 1), \(sample[0]) channels") { problem in
          problem.unary(function, problem.positiveFront(sample))
        }
      }
    }
    for (name, function) in Self.steps {
      for sample in [[5], [3, 5], [4, 3, 3], [16, 3, 3]] {
        add("\(name) of rank \(sample.count + 1), \(sample[0]) channels, beside a path with a gradient") { problem in
          let x = problem.gridFront(sample)
          return problem.binary(.multiply, problem.unary(function, x), problem.unary(.tanh, x))
        }
      }
      add("\(name) as the only path") { problem in
        let x = problem.gridFront([3, 2, 2])
        return problem.binary(.add, problem.unary(function, x), problem.front([3, 2, 2]))
      }
    }
    // What a grid of quarters does not reach: the outer kinks of relu 6 and hard swish, and saturation.
    for (name, function) in [
      ("relu 6", .clip(lower: 0, upper: 6)), ("hard swish", .hardSwish), ("sigmoid", .sigmoid), ("tanh", .tanh),
      ("hard sigmoid", UnaryFunction.hardSigmoid(alpha: 0.2, beta: 0.5)), ("swish", .swish),
      ("gelu", .gelu(isApproximate: false)), ("approximate gelu", .gelu(isApproximate: true)), ("softplus", .softplus),
      ("mish", .mish), ("softsign", .softsign), ("elu", .elu(alpha: 1)), ("celu", .celu(alpha: 2)),
      ("error function", .erf), ("sine", .sine), ("cosine", .cosine), ("magnitude", .absolute),
      // No place lies halfway between two multiples.
      ("quantization", .quantize(Quantization(scale: 0.1, steps: -64...63))),
    ] {
      add("\(name) from -10 to 10") { problem in
        let places: [Float] = stride(from: -9.9375, to: 10, by: 0.25).shuffled(using: &problem.random)
        let x = problem.input([4, 2, 5], places)
        problem.observe(x)
        return problem.unary(function, x)
      }
    }
  }
}
