import Networks

/// Activations behind layers, as one operation and as exporters write what has none of its own.
extension ProblemList {
  mutating func addActivations() {
    // On grids: kinks. Of them, relu and its kin follow a layer directly, so that executors may join the two.
    let activations: [(String, UnaryFunction)] = [
      ("relu", .relu), ("relu 6", .clip(lower: 0, upper: 6)), ("clip", .clip(lower: -0.5, upper: 0.25)),
      ("leaky relu", .leakyRelu(slope: 0.125)), ("hard swish", .hardSwish), ("swish", .swish), ("elu", .elu(alpha: 1)),
      ("hard sigmoid", .hardSigmoid(alpha: 1 / 6, beta: 0.5)), ("gelu", .gelu(isApproximate: false)),
      ("tanh", .tanh), ("sigmoid", .sigmoid), ("quantization", .quantize(Quantization(scale: 0.125, steps: -2...5))),
    ]
    for (name, function) in activations {
      for isObserved in [true, false] {
        add("convolution and \(name), \(isObserved ? "watched between" : "not watched between")") { problem in
          let y = problem.gridConvolution(problem.gridFront([4, 4, 5]), to: 6, kernel: [3, 3], padsBegin: [1, 1])
          if isObserved { problem.observe(y) }
          return problem.convolution(problem.unary(function, y), to: 3, kernel: [2, 2])
        }
      }
      add("convolution by depth and \(name)") { problem in
        let y = problem.gridConvolution(
          problem.gridFront([16, 4, 4]), to: 16, kernel: [3, 3], padsBegin: [1, 1], groups: 16)
        problem.observe(y)
        return problem.convolution(problem.unary(function, y), to: 3, kernel: [1, 1])
      }
      add("convolution, normalization and \(name)") { problem in
        let y = problem.gridConvolution(problem.gridFront([3, 4, 4]), to: 4, kernel: [1, 1])
        problem.observe(y)
        let z = problem.unary(function, problem.gridNormalization(y, offset: 1 / 2048))
        return problem.convolution(z, to: 3, kernel: [3, 3])
      }
    }
    add("quantization of the operand, behind an activation and behind a pool") { problem in
      let grid = UnaryFunction.quantize(Quantization(scale: 0.25, steps: -8...7))
      let x = problem.unary(grid, problem.gridFront([4, 6, 6]))
      let y = problem.gridConvolution(x, to: 8, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(y)
      let z = problem.unary(.quantize(Quantization(scale: 0.5, steps: 0...15)), problem.unary(.relu, y))
      problem.observe(z)
      let pooled = problem.unary(grid, problem.pool(.max, z, kernel: [2, 2], strides: [2, 2]))
      return problem.convolution(pooled, to: 3, kernel: [2, 2])
    }
    add("quantization of a joined value, which a gate reads too") { problem in
      let x = problem.gridFront([4, 3, 3])
      let joined = problem.concat([x, problem.unary(.negate, x)], axis: 1)
      let y = problem.unary(.quantize(Quantization(scale: 0.125, steps: -4...3)), joined)
      problem.observe(y)
      return problem.binary(.multiply, y, problem.unary(.sigmoid, problem.mean(joined, axes: [2, 3])))
    }
    add("swish as sigmoid and product behind a convolution") { problem in
      let y = problem.convolution(problem.front([3, 5, 4]), to: 16, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(y)
      let swish = problem.binary(.multiply, y, problem.unary(.sigmoid, y))
      return problem.convolution(swish, to: 3, kernel: [1, 1])
    }
    add("hard swish as sum, clip, product and quotient") { problem in
      let y = problem.gridConvolution(problem.gridFront([3, 4, 4]), to: 8, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(y)
      let shifted = problem.binary(.add, y, problem.constant([], [3]))
      let gate = problem.unary(.clip(lower: 0, upper: 6), shifted)
      return problem.binary(.divide, problem.binary(.multiply, y, gate), problem.constant([], [6]))
    }
    add("mish as softplus, tanh and product") { problem in
      let y = problem.convolution(problem.front([3, 4, 4]), to: 5, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(y)
      return problem.binary(.multiply, y, problem.unary(.tanh, problem.unary(.softplus, y)))
    }
    add("gelu as quotient, error function, sum and products") { problem in
      let y = problem.convolution(problem.front([3, 4, 4]), to: 6, kernel: [1, 1])
      problem.observe(y)
      return problem.convolution(problem.unfoldedGelu(y), to: 4, kernel: [1, 1])
    }
  }
}
