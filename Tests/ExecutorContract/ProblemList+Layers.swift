import Networks

extension ProblemList {
  mutating func addConvolutions() {
    add("convolution 1×1") { problem in
      problem.convolution(problem.front([3, 4, 5]), to: 4, kernel: [1, 1])
    }
    add("convolution 1×1 with stride 2") { problem in
      problem.convolution(problem.front([3, 5, 6]), to: 4, kernel: [1, 1], strides: [2, 2])
    }
    add("convolution 3×3 with pads") { problem in
      problem.convolution(problem.front([3, 5, 6]), to: 4, kernel: [3, 3], padsBegin: [1, 1])
    }
    add("convolution 3×3 with pads of 16 channels to 20") { problem in
      problem.convolution(problem.front([16, 4, 4]), to: 20, kernel: [3, 3], padsBegin: [1, 1])
    }
    add("convolution without bias") { problem in
      problem.convolution(problem.front([3, 4, 4]), to: 2, kernel: [2, 2], bias: false)
    }
    add("convolution with output scale") { problem in
      problem.convolution(problem.front([3, 4, 4]), to: 4, kernel: [3, 3], scaled: true)
    }
    add("convolution with output scale, without bias") { problem in
      problem.convolution(problem.front([3, 4, 4]), to: 4, kernel: [3, 3], bias: false, scaled: true)
    }
    add("convolution with unequal strides") { problem in
      problem.convolution(problem.front([2, 7, 8]), to: 3, kernel: [3, 2], strides: [2, 3])
    }
    add("convolution with pads in front only") { problem in
      problem.convolution(problem.front([2, 4, 5]), to: 3, kernel: [3, 3], padsBegin: [2, 1], padsEnd: [0, 0])
    }
    add("convolution with pads behind only") { problem in
      problem.convolution(
        problem.front([2, 5, 4]), to: 3, kernel: [3, 3], strides: [2, 2], padsBegin: [0, 0], padsEnd: [1, 2])
    }
    add("convolution with dilations") { problem in
      problem.convolution(
        problem.front([2, 7, 8]), to: 3, kernel: [3, 2], padsBegin: [1, 2], padsEnd: [2, 1], dilations: [2, 3])
    }
    add("convolution with dilation, stride and output scale") { problem in
      problem.convolution(
        problem.front([2, 9, 9]), to: 3, kernel: [3, 3], strides: [2, 2], padsBegin: [2, 2], dilations: [2, 2],
        scaled: true)
    }
    add("convolution with a kernel larger than the input") { problem in
      problem.convolution(problem.front([2, 2, 3]), to: 3, kernel: [5, 5], padsBegin: [2, 2])
    }
    add("convolution with pads as wide as the kernel") { problem in
      problem.convolution(problem.front([2, 2, 2]), to: 2, kernel: [2, 2], padsBegin: [2, 3])
    }
    add("convolution over the whole plane") { problem in
      problem.convolution(problem.front([3, 3, 4]), to: 5, kernel: [3, 4])
    }
    add("convolution in 2 groups") { problem in
      problem.convolution(problem.front([4, 4, 4]), to: 6, kernel: [3, 3], padsBegin: [1, 1], groups: 2)
    }
    add("convolution in 4 groups with output scale") { problem in
      problem.convolution(
        problem.front([32, 4, 4]), to: 32, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1], groups: 4, scaled: true)
    }
    add("convolution by depth") { problem in
      problem.convolution(
        problem.front([5, 5, 4]), to: 5, kernel: [3, 3], padsBegin: [1, 1], groups: 5, scaled: true)
    }
    add("convolution by depth of 16 channels, stride 2") { problem in
      problem.convolution(
        problem.front([16, 5, 5]), to: 16, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1], groups: 16)
    }
    add("convolution by depth with multiplier 2") { problem in
      problem.convolution(problem.front([3, 5, 5]), to: 6, kernel: [3, 3], padsBegin: [1, 1], groups: 3)
    }
    add("convolution along one axis") { problem in
      problem.convolution(problem.front([3, 8]), to: 4, kernel: [3], padsBegin: [1])
    }
    add("convolution along one axis with everything") { problem in
      problem.convolution(
        problem.front([4, 11]), to: 6, kernel: [3], strides: [2], padsBegin: [3], padsEnd: [1], dilations: [2],
        groups: 2, scaled: true)
    }
    add("convolution by depth along one axis") { problem in
      problem.convolution(problem.front([4, 6]), to: 4, kernel: [3], padsBegin: [1], groups: 4)
    }
    add("convolution of one channel of the input") { problem in
      let x = problem.input([1, 6, 6])
      problem.observe(x)
      return problem.convolution(x, to: 8, kernel: [5, 5], padsBegin: [2, 2])
    }
    add("two convolutions with one weight") { problem in
      let x = problem.front([3, 4, 4])
      let first = problem.convolution(x, to: 3, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(first)
      let shared = problem.nodes[problem.nodes.count - 1]
      return problem.node(
        shared.operation, [first] + shared.inputs.dropFirst(), result: problem.shape(first).dimensions)
    }
  }

  mutating func addLinearLayers() {
    for outputByInput in [true, false] {
      let layout = outputByInput ? "[O, I]" : "[I, O]"
      add("linear of rank 2, weight \(layout)") { problem in
        problem.linear(problem.front([5]), to: 3, outputByInput: outputByInput)
      }
      add("linear of rank 3, weight \(layout), without bias") { problem in
        let x = problem.input([4, 5])
        problem.observe(x, axis: 2)
        return problem.linear(x, to: 3, outputByInput: outputByInput, bias: false)
      }
      add("linear with alpha, beta and output scale, weight \(layout)") { problem in
        problem.linear(
          problem.front([5]), to: 7, outputByInput: outputByInput, alpha: 0.5, beta: -2, scaled: true)
      }
      add("linear with alpha and output scale, without bias, weight \(layout)") { problem in
        problem.linear(
          problem.front([16]), to: 16, outputByInput: outputByInput, alpha: 1.5, bias: false, scaled: true)
      }
    }
    add("linear of rank 4") { problem in
      let x = problem.input([2, 3, 4])
      problem.observe(x, axis: 3)
      return problem.linear(x, to: 5, scaled: true)
    }
    add("two linear layers of rank 3") { problem in
      let first = problem.linear(problem.input([3, 4]), to: 6, outputByInput: false)
      problem.observe(first, axis: 2)
      let second = problem.linear(problem.unary(.tanh, first), to: 2)
      problem.observe(second, axis: 2)
      return second
    }
  }
}
