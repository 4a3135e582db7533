import Networks

extension ProblemList {
  mutating func addSelectionsByIndex() {
    add("channels by index, some twice, some never") { problem in
      problem.gather(problem.front([5, 3, 2]), axis: 1, [4, 0, 0, 2])
    }
    add("one channel by index, its axis dropped") { problem in
      problem.gather(problem.front([4, 3, 2]), axis: 1, [2], form: [])
    }
    add("one channel by index, its axis kept") { problem in
      problem.gather(problem.front([4, 3, 2]), axis: 1, [2], form: [1])
    }
    add("rows by index") { problem in problem.gather(problem.front([3, 5, 4]), axis: 2, [3, 1]) }
    add("columns by a matrix of indices") { problem in
      problem.gather(problem.front([2, 3, 4]), axis: 3, [0, 3, 1, 1, 2, 0], form: [2, 3])
    }
    add("features by index, rank 2") { problem in problem.gather(problem.front([6]), axis: 1, [5, 1, 3, 1]) }
    add("features by a matrix of indices, rank 2") { problem in
      problem.gather(problem.front([6]), axis: 1, [5, 1, 3, 1, 0, 2], form: [3, 2])
    }
    add("features of one place, rank 3") { problem in
      problem.linear(problem.gather(problem.front([4, 6]), axis: 2, [0], form: []), to: 3)
    }
    add("shuffled channels by index in front of a convolution in groups") { problem in
      let shuffled = problem.gather(problem.front([16, 3, 3]), axis: 1, (0..<16).map { $0 % 2 * 8 + $0 / 2 })
      return problem.convolution(shuffled, to: 8, kernel: [3, 3], groups: 2)
    }
    for (sample, result) in [
      ([4, 1, 1], [2, 4, 3, 5]), ([4, 1, 3], [2, 4, 2, 3]), ([1, 3, 3], [2, 5, 3, 3]), ([1, 1, 1], [2, 3, 2, 2]),
      ([1, 6], [2, 4, 6]), ([6, 1], [2, 6, 3]), ([1], [2, 5]), ([4, 3, 3], [2, 4, 3, 3]),
    ] {
      add("expansion of \(sample) per sample to \(result)") { problem in
        problem.unary(.tanh, problem.expand(problem.front(sample), result))
      }
    }
    add("expansion to a new axis in front") { problem in
      let copies = problem.expand(problem.front([4]), [3, 2, 4])
      let scaled = problem.binary(.multiply, copies, problem.constant([3, 1, 4]))
      return problem.reduce(.sum, scaled, axes: [0], kept: false)
    }
    add("expansion of a gate in front of a product") { problem in
      let x = problem.front([4, 3, 3])
      let gate = problem.unary(.sigmoid, problem.mean(x, axes: [2, 3]))
      return problem.binary(.multiply, x, problem.expand(gate, [2, 4, 3, 3]))
    }
  }
}
