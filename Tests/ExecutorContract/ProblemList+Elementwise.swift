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
  ]

  mutating func addUnaryFunctions() {
    for (name, function) in Self.unaryFunctions {
      for sample in [[5], [3, 5], [4, 3, 3], [16, 3, 3]] {
        add("\(name) of rank \(sample.count + 1), \(sample[0]) channels") { problem in
          problem.unary(function, problem.gridFront(sample))
        }
      }
    }
    // What a grid of quarters does not reach: the outer kinks of relu 6 and hard swish, and saturation.
    for (name, function) in [
      ("relu 6", .clip(lower: 0, upper: 6)), ("hard swish", .hardSwish), ("sigmoid", .sigmoid), ("tanh", .tanh),
      ("hard sigmoid", UnaryFunction.hardSigmoid(alpha: 0.2, beta: 0.5)),
    ] {
      add("\(name) from -10 to 10") { problem in
        let places: [Float] = stride(from: -9.9375, to: 10, by: 0.25).shuffled(using: &problem.random)
        let x = problem.input([4, 2, 5], places)
        problem.observe(x)
        return problem.unary(function, x)
      }
    }
  }

  private static let binaryFunctions: [(String, BinaryFunction)] = [
    ("sum", .add), ("difference", .subtract), ("product", .multiply), ("quotient", .divide),
  ]

  /// What the second operand looks like beside [2, 4, 3, 3].
  private static let otherShapes: [(String, [Int])] = [
    ("the same shape", [2, 4, 3, 3]), ("[1, C, 1, 1]", [1, 4, 1, 1]), ("[N, C, 1, 1]", [2, 4, 1, 1]),
    ("[N, 1, H, W]", [2, 1, 3, 3]), ("a scalar", []), ("[1]", [1]), ("[C, 1, 1]", [4, 1, 1]), ("[W]", [3]),
    ("[1, C, H, W]", [1, 4, 3, 3]),
  ]

  mutating func addBinaryFunctions() {
    for (name, function) in Self.binaryFunctions {
      for (form, shape) in Self.otherShapes {
        add("\(name) with a constant of \(form)") { problem in
          let x = problem.front([4, 3, 3])
          return problem.binary(function, x, problem.constant(shape, in: 0.5...2))
        }
        add("\(name) with a constant of \(form) on the left") { problem in
          // Positive and far from 0, for the quotient's sake.
          let x = problem.input([4, 3, 3], in: 0.5...2)
          let scaled = problem.binary(.multiply, x, problem.constant([1, 4, 1, 1], in: 0.5...2))
          problem.observe(scaled)
          return problem.binary(function, problem.constant(shape, in: -1...1), scaled)
        }
      }
      for sample in [[4, 3, 3], [4, 1, 1], [1, 3, 3], [4, 1, 3]] {
        add("\(name) of values, the second of \(sample) per sample") { problem in
          let left = problem.front([4, 3, 3])
          let right = problem.binary(.add, problem.unary(.sigmoid, problem.input(sample)), problem.constant([], [0.5]))
          problem.observe(right)
          return problem.binary(function, left, right)
        }
        add("\(name) of values, the first of \(sample) per sample") { problem in
          let left = problem.front(sample)
          let right = problem.input([4, 3, 3], in: 0.5...2)
          problem.observe(right)
          return problem.binary(function, left, right)
        }
      }
      add("\(name) that widens both operands") { problem in
        let left = problem.front([4, 1, 3])
        let right = problem.input([1, 5, 1], in: 0.5...2)
        problem.observe(right, axis: 2)
        return problem.binary(function, left, right)
      }
      add("\(name) of rank 2 with a bias") { problem in
        problem.binary(function, problem.front([5]), problem.constant([5], in: 0.5...2))
      }
      add("\(name) of a value with itself") { problem in
        let x = problem.input([3, 2, 2], in: 0.5...2)
        problem.observe(x)
        let result = problem.binary(function, x, x)
        // x − x and x ÷ x have the gradient 0: more has to arrive from elsewhere to be compared with.
        return problem.binary(.add, result, problem.binary(.multiply, x, problem.constant([1, 3, 1, 1])))
      }
    }
    add("sum of a value of 16 channels and a gate") { problem in
      let x = problem.front([16, 3, 3])
      return problem.binary(.add, x, problem.mean(x, axes: [2, 3]))
    }
    add("product of values of different ranks") { problem in
      // [N, C, H, W] × [H′, W]: the second operand's batch is the first's height.
      let left = problem.front([3, 2, 4])
      let right = problem.constant([2, 4])
      return problem.binary(.multiply, left, right)
    }
  }
}
