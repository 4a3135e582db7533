import Networks

extension ProblemList {
  mutating func addPatterns() {
    add("a value read by two layers") { problem in
      let x = problem.front([3, 4, 4])
      let left = problem.convolution(x, to: 4, kernel: [3, 3], padsBegin: [1, 1])
      let right = problem.convolution(x, to: 4, kernel: [1, 1])
      problem.observe(left)
      return problem.binary(.subtract, problem.unary(.tanh, left), problem.unary(.sigmoid, right))
    }
    add("a residual block") { problem in
      let x = problem.front([4, 5, 5])
      let first = problem.unary(
        .tanh, problem.normalization(problem.convolution(x, to: 6, kernel: [3, 3], padsBegin: [1, 1])))
      let second = problem.convolution(first, to: 4, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(second)
      let sum = problem.binary(.add, second, x)
      let pooled = problem.mean(problem.unary(.tanh, sum), axes: [2, 3], kept: false)
      return problem.linear(pooled, to: 3)
    }
    add("a residual block with relu on a grid") { problem in
      let x = problem.unary(.relu, problem.gridFront([16, 4, 4]))
      let y = problem.convolution(x, to: 16, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(y)
      return problem.binary(.add, y, x)
    }
    add("a squeeze-and-excitation gate") { problem in
      let x = problem.front([4, 3, 3])
      let squeezed = problem.convolution(problem.mean(x, axes: [2, 3]), to: 2, kernel: [1, 1])
      let gate = problem.unary(.sigmoid, problem.convolution(problem.unary(.tanh, squeezed), to: 4, kernel: [1, 1]))
      problem.observe(squeezed)
      return problem.convolution(problem.binary(.multiply, x, gate), to: 3, kernel: [1, 1])
    }
    add("a swish") { problem in
      let x = problem.front([4, 3, 3])
      return problem.binary(.multiply, x, problem.unary(.sigmoid, x))
    }
    add("a dead branch") { problem in
      let x = problem.front([3, 3, 3])
      let dead = problem.convolution(problem.unary(.tanh, x), to: 4, kernel: [1, 1])
      problem.observe(dead)
      return problem.convolution(x, to: 2, kernel: [3, 3])
    }
    add("a chain of watched layers") { problem in
      var value = problem.front([3, 6, 6])
      for channels in [4, 8, 5] {
        value = problem.convolution(problem.unary(.tanh, value), to: channels, kernel: [3, 3], padsBegin: [1, 1])
        problem.observe(value)
      }
      return problem.linear(problem.flatten(value), to: 3)
    }
    add("a watched input, activation and output") { problem in
      let x = problem.input([3, 3, 3])
      problem.observe(x)
      let y = problem.unary(.sigmoid, problem.convolution(x, to: 2, kernel: [2, 2]))
      problem.observe(y)
      let z = problem.convolution(y, to: 3, kernel: [2, 2])
      problem.observe(z)
      return z
    }
    add("one value watched along two axes") { problem in
      let x = problem.front([3, 4])
      problem.observe(x, axis: 2)
      return problem.unary(.tanh, x)
    }
    add("two inputs, one of them frozen above") { problem in
      let left = problem.front([3, 3, 3])
      let right = problem.unary(.tanh, problem.convolution(problem.input([3, 3, 3]), to: 3, kernel: [1, 1]))
      return problem.binary(.multiply, left, right)
    }
    add("dense blocks") { problem in
      var value = problem.front([4, 4, 4])
      for _ in 0..<2 {
        let fresh = problem.convolution(
          problem.unary(.tanh, problem.normalization(value)), to: 3, kernel: [3, 3], padsBegin: [1, 1])
        problem.observe(fresh)
        value = problem.concat([value, fresh], axis: 1)
      }
      return problem.mean(value, axes: [2, 3], kept: false)
    }
    add("inverted residual block") { problem in
      let x = problem.front([8, 4, 4])
      let wide = problem.unary(.hardSwish, problem.convolution(x, to: 16, kernel: [1, 1], scaled: true))
      let deep = problem.convolution(wide, to: 16, kernel: [3, 3], padsBegin: [1, 1], groups: 16, scaled: true)
      problem.observe(deep)
      let narrow = problem.convolution(problem.unary(.tanh, deep), to: 8, kernel: [1, 1], scaled: true)
      problem.observe(narrow)
      return problem.binary(.add, narrow, x)
    }
  }
}
