import Networks

/// What stands between a block's last addition or layer and its reader.
private enum Activation: String, CaseIterable {
  case relu, relu6
  case none = "no activation"

  func apply(_ problem: inout ProblemBuilder, _ x: ValueID) -> ValueID {
    switch self {
    case .relu: problem.unary(.relu, x)
    case .relu6: problem.unary(.clip(lower: 0, upper: 6), x)
    case .none: x
    }
  }
}

/// Blocks of convolutional networks as exporters write them. Relu and its kin read grids, so that no kink is met.
extension ProblemList {
  mutating func addConvolutionalBlocks() {
    addResidualBlocks()
    addActivations()
    addGates()
    addShuffles()
    addDenseBlocks()
    addManyReaders()
  }

  private mutating func addResidualBlocks() {
    for activation in Activation.allCases {
      for channels in [3, 16] {
        add("residual block with an identity, \(activation.rawValue), \(channels) channels") { problem in
          let x = activation.apply(&problem, problem.gridFront([channels, 5, 4]))
          let sum = problem.binary(.add, Self.residual(&problem, x, activation), x)
          problem.observe(sum)
          return activation.apply(&problem, sum)
        }
        add("residual block with a convolution beside, \(activation.rawValue), \(channels) channels") { problem in
          let x = problem.gridFront([channels, 5, 5])
          let y = Self.residual(&problem, x, activation, stride: 2)
          let beside = problem.gridConvolution(
            x, to: channels, kernel: [1, 1], strides: [2, 2], offset: 1 / 128)
          problem.observe(beside)
          let sum = activation.apply(&problem, problem.binary(.add, beside, y))
          return problem.mean(sum, axes: [2, 3], kept: false)
        }
      }
      add("residual block whose identity is read three times, \(activation.rawValue)") { problem in
        let x = activation.apply(&problem, problem.gridFront([4, 4, 4]))
        let sum = problem.binary(.add, x, Self.residual(&problem, x, activation))
        let end = activation.apply(&problem, sum)
        return problem.binary(.multiply, end, problem.unary(.tanh, x))
      }
      add("residual sum of a layer and a constant, \(activation.rawValue)") { problem in
        let y = problem.gridConvolution(problem.gridFront([4, 3, 3]), to: 4, kernel: [3, 3], padsBegin: [1, 1])
        problem.observe(y)
        return activation.apply(&problem, problem.binary(.add, y, problem.gridConstant([1, 4, 3, 3])))
      }
      add("residual sum of a layer and a widened value, \(activation.rawValue)") { problem in
        let x = problem.gridFront([4, 3, 3])
        let y = problem.gridConvolution(x, to: 4, kernel: [3, 3], padsBegin: [1, 1])
        problem.observe(y)
        let column = problem.gridInput([4, 1, 1])
        return activation.apply(&problem, problem.binary(.add, y, column))
      }
      add("sum of a layer with itself, \(activation.rawValue)") { problem in
        let y = problem.gridConvolution(problem.gridFront([4, 3, 3]), to: 5, kernel: [2, 2])
        problem.observe(y)
        return activation.apply(&problem, problem.binary(.add, y, y))
      }
    }
    add("two residual blocks in a row, the first sum watched and read twice") { problem in
      let x = problem.unary(.relu, problem.gridFront([4, 4, 4]))
      let first = problem.binary(.add, problem.gridConvolution(x, to: 4, kernel: [1, 1]), x)
      problem.observe(first)
      let second = problem.gridConvolution(first, to: 4, kernel: [1, 1], offset: 1 / 2048)
      problem.observe(second)
      return problem.unary(.relu, problem.binary(.add, second, first))
    }
    add("inverted residual block with relu 6") { problem in
      let x = problem.gridFront([4, 4, 4])
      let relu6 = UnaryFunction.clip(lower: 0, upper: 6)
      let wide = problem.gridConvolution(x, to: 8, kernel: [1, 1])
      problem.observe(wide)
      let deep = problem.gridConvolution(
        problem.unary(relu6, wide), to: 8, kernel: [3, 3], padsBegin: [1, 1], groups: 8, offset: 1 / 2048)
      problem.observe(deep)
      let narrow = problem.convolution(problem.unary(relu6, deep), to: 4, kernel: [1, 1])
      problem.observe(narrow)
      return problem.binary(.add, narrow, x)
    }
  }

  /// Convolution, activation, convolution: odd multiples of 1/2048 from a grid of 1/32.
  private static func residual(
    _ problem: inout ProblemBuilder, _ x: ValueID, _ activation: Activation, stride: Int = 1
  ) -> ValueID {
    let channels = problem.shape(x)[1]
    let inner = problem.gridConvolution(x, to: 4, kernel: [1, 1])
    problem.observe(inner)
    let outer = problem.gridConvolution(
      activation.apply(&problem, inner), to: channels, kernel: [3, 3], strides: [stride, stride], padsBegin: [1, 1],
      offset: 1 / 2048)
    problem.observe(outer)
    return outer
  }

  private mutating func addGates() {
    for (channels, hidden) in [(4, 2), (16, 4)] {
      add("squeeze-and-excitation with relu and hard sigmoid, \(channels) channels") { problem in
        // Means of 4 × 4 elements: multiples of 1/512.
        let x = problem.unary(.relu, problem.gridFront([channels, 4, 4]))
        let squeezed = problem.gridConvolution(
          problem.mean(x, axes: [2, 3]), to: hidden, kernel: [1, 1], offset: 1 / 4096)
        problem.observe(squeezed)
        let excited = problem.gridConvolution(
          problem.unary(.relu, squeezed), to: channels, kernel: [1, 1], offset: 1 / 32768)
        problem.observe(excited)
        let gate = problem.unary(.hardSigmoid(alpha: 0.25, beta: 0.5), excited)
        return problem.convolution(problem.binary(.multiply, gate, x), to: 3, kernel: [1, 1])
      }
      add("squeeze-and-excitation with swish and linear layers, \(channels) channels") { problem in
        let x = problem.convolution(problem.front([3, 4, 3]), to: channels, kernel: [1, 1])
        problem.observe(x)
        let y = problem.binary(.multiply, x, problem.unary(.sigmoid, x))
        let squeezed = problem.linear(problem.mean(y, axes: [2, 3], kept: false), to: hidden)
        problem.observe(squeezed)
        let gate = problem.unary(.sigmoid, problem.linear(problem.unary(.swish, squeezed), to: channels))
        let plane = problem.reshape(gate, [2, channels, 1, 1])
        return problem.convolution(problem.binary(.multiply, y, plane), to: 3, kernel: [3, 3])
      }
    }
  }
}
