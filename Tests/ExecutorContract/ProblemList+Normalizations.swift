import Networks

extension ProblemList {
  mutating func addNormalizations() {
    for sample in [[5], [3, 4], [3, 4, 5], [16, 3, 3]] {
      add("batch normalization of rank \(sample.count + 1), \(sample[0]) channels") { problem in
        problem.normalization(problem.front(sample))
      }
    }
    for (size, channels) in [(1, 3), (3, 5), (4, 6), (5, 3), (9, 4)] {
      add("response normalization over \(size) of \(channels) channels") { problem in
        let x = problem.front([channels, 3, 2])
        let window = LocalResponseNormalization(size: size, alpha: 0.9, beta: 0.75, bias: 1.5)
        return problem.node(.localResponseNormalization(window), [x], result: problem.shape(x).dimensions)
      }
    }
    add("response normalization with AlexNet's figures") { problem in
      let x = problem.front([16, 2, 2])
      let window = LocalResponseNormalization(size: 5, alpha: 1e-4, beta: 0.75, bias: 1)
      return problem.node(.localResponseNormalization(window), [x], result: problem.shape(x).dimensions)
    }
    for (sample, axis) in [([5], 1), ([4, 3, 2], 1), ([3, 4], 2), ([3, 4, 5], 3), ([3, 4, 5], 2)] {
      for logarithm in [false, true] {
        let name = "\(logarithm ? "logarithm of softmax" : "softmax") over axis \(axis) of rank \(sample.count + 1)"
        add(name) { problem in
          let x = problem.front(sample)
          return problem.node(.softmax(axis: axis, logarithm: logarithm), [x], result: problem.shape(x).dimensions)
        }
      }
    }
    add("softmax of large numbers") { problem in
      let x = problem.input([4], in: 100...104)
      problem.observe(x)
      return problem.node(.softmax(axis: 1, logarithm: false), [x], result: problem.shape(x).dimensions)
    }
    addStandardizations()
  }

  private mutating func addStandardizations() {
    for (sample, axis) in [
      ([5], 1), ([3, 7], 2), ([3, 7], 1), ([4, 3, 5], 3), ([4, 3, 5], 2), ([2, 3, 3], 1), ([5, 16], 2),
      ([3, 2, 48], 3),
    ] {
      add("layer normalization from axis \(axis) of \(sample)") { problem in
        problem.layerNormalization(problem.mixedFront(sample), axis: axis)
      }
    }
    add("layer normalization without bias") { problem in
      problem.layerNormalization(problem.mixedFront([3, 8]), axis: 2, epsilon: 1e-6, bias: false)
    }
    add("layer normalization of numbers far from 0") { problem in
      let x = problem.input([3, 8], in: 30...34)
      problem.observe(x, axis: 2)
      return problem.layerNormalization(x, axis: 2)
    }
    add("layer normalization of a batch of three, a linear layer behind") { problem in
      let x = problem.layerNormalization(problem.linear(problem.input([4, 6]), to: 9), axis: 2)
      problem.observe(x, axis: 2)
      return problem.linear(x, to: 5)
    }
    for (sample, groups) in [
      ([4, 5], 2), ([6, 3, 3], 1), ([6, 3, 3], 3), ([6, 3, 3], 6), ([16, 4, 5], 4), ([32, 2, 3], 8), ([3, 7], 3),
      ([6], 2),
    ] {
      add("group normalization of \(sample) in \(groups) groups") { problem in
        problem.groupNormalization(problem.mixedFront(sample), groups: groups)
      }
    }
    add("instance normalization between convolutions") { problem in
      let input = problem.input([3, 6, 5])
      problem.observe(input)
      let x = problem.convolution(input, to: 4, kernel: [3, 3], padsBegin: [1, 1])
      let normalised = problem.unary(.tanh, problem.groupNormalization(x, groups: 4, epsilon: 1e-5))
      return problem.convolution(normalised, to: 3, kernel: [3, 3])
    }
  }
}
