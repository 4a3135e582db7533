import Networks

extension ProblemList {
  mutating func addJoinsAndCuts() {
    for axis in 1...3 {
      add("join of 2 along axis \(axis)") { problem in
        var other = [3, 2, 4]
        other[axis - 1] += 1
        return problem.concat([problem.front([3, 2, 4]), problem.front(other)], axis: axis)
      }
      add("join of 3 along axis \(axis), one a constant") { problem in
        let x = problem.front([3, 2, 4])
        var shape = problem.shape(x).dimensions
        shape[axis] = 2
        let constant = problem.constant(shape)
        return problem.concat([x, constant, problem.front([3, 2, 4])], axis: axis)
      }
      add("cut into unequal parts along axis \(axis)") { problem in
        let x = problem.front([6, 6, 6])
        let parts = problem.node(
          .split(axis: axis), [x],
          results: [1, 3, 2].map { size in
            problem.shape(x).dimensions.indices.map { $0 == axis ? size : $0 == 0 ? 2 : 6 }
          })
        // The middle part is not read: its gradient is 0.
        return problem.concat([parts[2], problem.unary(.tanh, parts[0])], axis: axis)
      }
    }
    add("join of 8 and 24 channels") { problem in
      problem.concat([problem.front([8, 3, 3]), problem.front([24, 3, 3])], axis: 1)
    }
    add("join of a value with itself") { problem in
      let x = problem.front([3, 2, 2])
      return problem.concat([x, x], axis: 1)
    }
    add("join of rank 2") { problem in problem.concat([problem.front([3]), problem.front([5])], axis: 1) }
    add("cut of rank 2") { problem in
      let parts = problem.node(.split(axis: 1), [problem.front([5])], results: [[2, 2], [2, 3]])
      problem.observe(parts[1])
      return problem.concat([parts[1], parts[0]], axis: 1)
    }
    add("halves multiplied, a gated linear unit") { problem in
      let parts = problem.node(
        .split(axis: 1), [problem.front([6, 3, 3])], results: [[2, 3, 3, 3], [2, 3, 3, 3]])
      return problem.binary(.multiply, parts[0], problem.unary(.sigmoid, parts[1]))
    }
    let slices: [(String, starts: [Int], steps: [Int], result: [Int])] = [
      ("some channels", [0, 1, 0, 0], [1, 1, 1, 1], [2, 2, 5, 6]),
      ("every second column", [0, 0, 0, 1], [1, 1, 1, 2], [2, 4, 5, 3]),
      ("rows backwards", [0, 0, 4, 0], [1, 1, -1, 1], [2, 4, 5, 6]),
      ("channels and columns backwards in steps", [0, 3, 1, 5], [1, -3, 2, -2], [2, 2, 2, 3]),
      ("one element of each plane", [0, 0, 2, 3], [1, 1, 1, 1], [2, 4, 1, 1]),
    ]
    for (name, starts, steps, result) in slices {
      add("slice: \(name)") { problem in
        problem.node(.slice(starts: starts, steps: steps), [problem.front([4, 5, 6])], result: result)
      }
    }
    add("slice of rank 2 backwards") { problem in
      problem.node(.slice(starts: [0, 4], steps: [1, -2]), [problem.front([5])], result: [2, 3])
    }
  }

  mutating func addRearrangements() {
    add("flatten in front of a linear layer") { problem in
      problem.linear(problem.flatten(problem.front([3, 2, 4])), to: 4)
    }
    add("flatten of 16 channels") { problem in problem.flatten(problem.front([16, 2, 2])) }
    add("reshape from [N, C] to planes") { problem in
      problem.convolution(problem.reshape(problem.front([12]), [2, 3, 2, 2]), to: 2, kernel: [2, 2])
    }
    add("reshape of the rows of samples into one axis, and back") { problem in
      let rows = problem.reshape(problem.front([3, 4]), [6, 4])
      problem.observe(rows)
      let y = problem.linear(rows, to: 5)
      problem.observe(y)
      return problem.reshape(problem.unary(.tanh, y), [2, 3, 5])
    }
    add("transposition: channel shuffle") { problem in
      let grouped = problem.reshape(problem.front([6, 2, 3]), [2, 2, 3, 2, 3])
      let shuffled = problem.transpose(grouped, [0, 2, 1, 3, 4])
      problem.observe(shuffled, axis: 1)
      return problem.convolution(problem.reshape(shuffled, [2, 6, 2, 3]), to: 4, kernel: [1, 1], groups: 2)
    }
    add("transposition: channels last") { problem in
      let last = problem.transpose(problem.front([3, 2, 4]), [0, 2, 3, 1])
      let y = problem.linear(last, to: 5)
      problem.observe(y, axis: 3)
      return problem.transpose(y, [0, 3, 1, 2])
    }
    add("transposition of [N, T, C] and 16 channels") { problem in
      problem.transpose(problem.front([16, 5]), [0, 2, 1])
    }
    let modes: [(String, Pad.Mode)] = [
      ("zeros", .constant(0)), ("ones and a half", .constant(1.5)), ("reflection", .reflect), ("edge", .edge),
    ]
    for (name, mode) in modes {
      add("pad by \(name)") { problem in
        let pad = Pad(before: [0, 0, 1, 2], behind: [0, 0, 2, 1], mode: mode)
        return problem.node(.pad(pad), [problem.front([3, 3, 4])], result: [2, 3, 6, 7])
      }
      add("pad of channels by \(name)") { problem in
        let pad = Pad(before: [0, 2, 0, 0], behind: [0, 1, 0, 1], mode: mode)
        return problem.node(.pad(pad), [problem.front([4, 2, 3])], result: [2, 7, 2, 4])
      }
      add("pad of rank 2 by \(name)") { problem in
        let pad = Pad(before: [0, 1], behind: [0, 3], mode: mode)
        return problem.node(.pad(pad), [problem.front([5])], result: [2, 9])
      }
      add("pad of rank 3 by \(name) in front of a convolution") { problem in
        let pad = Pad(before: [0, 0, 2], behind: [0, 0, 1], mode: mode)
        let padded = problem.node(.pad(pad), [problem.front([3, 5])], result: [2, 3, 8])
        return problem.convolution(padded, to: 2, kernel: [3])
      }
    }
  }
}
