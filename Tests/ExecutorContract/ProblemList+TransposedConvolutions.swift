import Networks

extension ProblemList {
  mutating func addTransposedConvolutions() {
    add("transposed convolution 1×1") { problem in
      problem.convolutionTranspose(problem.front([3, 4, 5]), to: 4, kernel: [1, 1])
    }
    add("transposed convolution 2×2 with stride 2") { problem in
      problem.convolutionTranspose(problem.front([3, 3, 4]), to: 5, kernel: [2, 2], strides: [2, 2])
    }
    add("transposed convolution 2×2 with stride 2 of 16 channels to 8") { problem in
      problem.convolutionTranspose(problem.front([16, 3, 3]), to: 8, kernel: [2, 2], strides: [2, 2])
    }
    add("transposed convolution 4×4 with stride 2 and pads") { problem in
      problem.convolutionTranspose(
        problem.front([3, 4, 3]), to: 4, kernel: [4, 4], strides: [2, 2], padsBegin: [1, 1])
    }
    add("transposed convolution 3×3 with pads") { problem in
      problem.convolutionTranspose(problem.front([3, 5, 6]), to: 4, kernel: [3, 3], padsBegin: [1, 1])
    }
    add("transposed convolution 3×3 with stride 2 and output padding") { problem in
      problem.convolutionTranspose(
        problem.front([3, 4, 5]), to: 4, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1], outputPadding: [1, 1])
    }
    add("transposed convolution with output padding along one axis and no pads") { problem in
      problem.convolutionTranspose(
        problem.front([2, 3, 3]), to: 3, kernel: [3, 2], strides: [3, 2], outputPadding: [2, 0])
    }
    add("transposed convolution without bias") { problem in
      problem.convolutionTranspose(problem.front([3, 4, 4]), to: 2, kernel: [2, 2], bias: false)
    }
    add("transposed convolution with output scale") { problem in
      problem.convolutionTranspose(problem.front([3, 4, 4]), to: 4, kernel: [3, 3], scaled: true)
    }
    add("transposed convolution with output scale, without bias") { problem in
      problem.convolutionTranspose(
        problem.front([3, 4, 4]), to: 4, kernel: [3, 3], strides: [2, 2], bias: false, scaled: true)
    }
    add("transposed convolution with unequal strides") { problem in
      problem.convolutionTranspose(problem.front([2, 3, 4]), to: 3, kernel: [3, 4], strides: [2, 3])
    }
    add("transposed convolution whose steps leave gaps") { problem in
      problem.convolutionTranspose(problem.front([2, 3, 4]), to: 3, kernel: [2, 1], strides: [3, 2])
    }
    add("transposed convolution with unequal pads") { problem in
      problem.convolutionTranspose(
        problem.front([2, 4, 5]), to: 3, kernel: [3, 3], strides: [2, 2], padsBegin: [2, 0], padsEnd: [0, 1])
    }
    add("transposed convolution with dilations") { problem in
      problem.convolutionTranspose(
        problem.front([2, 5, 4]), to: 3, kernel: [3, 2], strides: [1, 2], padsBegin: [1, 2], dilations: [2, 3],
        outputPadding: [1, 0])
    }
    add("transposed convolution in 2 groups") { problem in
      problem.convolutionTranspose(
        problem.front([4, 4, 4]), to: 6, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1], groups: 2)
    }
    add("transposed convolution in 4 groups with output scale") { problem in
      problem.convolutionTranspose(
        problem.front([16, 3, 3]), to: 32, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1], outputPadding: [1, 0],
        groups: 4, scaled: true)
    }
    add("transposed convolution by depth") { problem in
      problem.convolutionTranspose(
        problem.front([5, 3, 4]), to: 5, kernel: [4, 4], strides: [2, 2], padsBegin: [1, 1], groups: 5, scaled: true)
    }
    add("transposed convolution by depth of 16 channels with multiplier 2") { problem in
      problem.convolutionTranspose(
        problem.front([16, 3, 3]), to: 32, kernel: [3, 3], padsBegin: [1, 1], groups: 16)
    }
    add("transposed convolution along one axis") { problem in
      problem.convolutionTranspose(problem.front([3, 6]), to: 4, kernel: [4], strides: [2], padsBegin: [1])
    }
    add("transposed convolution along one axis with everything") { problem in
      problem.convolutionTranspose(
        problem.front([4, 5]), to: 6, kernel: [3], strides: [3], padsBegin: [1], padsEnd: [2], dilations: [2],
        outputPadding: [1], groups: 2, scaled: true)
    }
    add("transposed convolution of one channel") { problem in
      let x = problem.input([1, 3, 3])
      problem.observe(x)
      return problem.convolutionTranspose(x, to: 8, kernel: [5, 5], strides: [2, 2], padsBegin: [2, 2])
    }
    add("a watched transposed convolution in front of a join and a convolution") { problem in
      let x = problem.front([4, 6, 6])
      let small = problem.pool(.average(countsPads: false), x, kernel: [2, 2], strides: [2, 2])
      let deep = problem.unary(.tanh, problem.convolution(small, to: 8, kernel: [3, 3], padsBegin: [1, 1]))
      let up = problem.convolutionTranspose(deep, to: 4, kernel: [2, 2], strides: [2, 2])
      problem.observe(up)
      return problem.convolution(problem.concat([x, up], axis: 1), to: 3, kernel: [3, 3])
    }
    add("two transposed convolutions with one weight") { problem in
      let x = problem.front([3, 4, 4])
      let first = problem.convolutionTranspose(x, to: 3, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(first)
      let shared = problem.nodes[problem.nodes.count - 1]
      return problem.node(
        shared.operation, [first] + shared.inputs.dropFirst(), result: problem.shape(first).dimensions)
    }
  }
}
