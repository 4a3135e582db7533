import Networks

/// Blocks that cut and join channels, and values with many readers.
extension ProblemList {
  mutating func addShuffles() {
    for channels in [4, 16] {
      add("channel shuffle behind a half through a branch, \(channels) channels") { problem in
        let half = channels / 2
        let parts = problem.split(problem.gridFront([channels, 4, 4]), axis: 1, [half, half])
        let first = problem.gridConvolution(parts[1], to: half, kernel: [1, 1])
        problem.observe(first)
        let deep = problem.convolution(
          problem.unary(.relu, first), to: half, kernel: [3, 3], padsBegin: [1, 1], groups: half)
        problem.observe(deep)
        let last = problem.convolution(deep, to: half, kernel: [1, 1])
        problem.observe(last)
        let joined = problem.concat([parts[0], problem.unary(.tanh, last)], axis: 1)
        let shuffled = problem.transpose(problem.reshape(joined, [2, 2, half, 4, 4]), [0, 2, 1, 3, 4])
        let next = problem.split(problem.reshape(shuffled, [2, channels, 4, 4]), axis: 1, [half, half])
        let end = problem.convolution(next[1], to: 3, kernel: [1, 1])
        return problem.concat([next[0], end], axis: 1)
      }
    }
    add("channel shuffle between convolutions in groups") { problem in
      let y = problem.convolution(problem.front([8, 3, 3]), to: 12, kernel: [1, 1], groups: 4)
      problem.observe(y)
      let shuffled = problem.transpose(problem.reshape(y, [2, 4, 3, 3, 3]), [0, 2, 1, 3, 4])
      return problem.convolution(problem.reshape(shuffled, [2, 12, 3, 3]), to: 8, kernel: [1, 1], groups: 4)
    }
    add("partial convolution: one run of channels through a layer, the rest as it is") { problem in
      let parts = problem.split(problem.front([8, 4, 4]), axis: 1, [2, 6])
      let y = problem.convolution(parts[0], to: 2, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(y)
      return problem.convolution(problem.concat([y, parts[1]], axis: 1), to: 5, kernel: [1, 1])
    }
    add("cross-stage block: slices of channels, one through two layers, all joined") { problem in
      let x = problem.front([8, 4, 4])
      let left = problem.node(.slice(starts: [0, 0, 0, 0], steps: [1, 1, 1, 1]), [x], result: [2, 4, 4, 4])
      let right = problem.node(.slice(starts: [0, 4, 0, 0], steps: [1, 1, 1, 1]), [x], result: [2, 4, 4, 4])
      let first = problem.unary(.swish, problem.convolution(right, to: 4, kernel: [3, 3], padsBegin: [1, 1]))
      problem.observe(first)
      let second = problem.unary(.swish, problem.convolution(first, to: 4, kernel: [3, 3], padsBegin: [1, 1]))
      problem.observe(second)
      let sum = problem.binary(.add, second, right)
      return problem.convolution(problem.concat([left, right, sum], axis: 1), to: 6, kernel: [1, 1])
    }
  }

  mutating func addDenseBlocks() {
    for growth in [3, 8] {
      add("dense block with normalization and relu, growth \(growth)") { problem in
        // Every layer brings a grid three powers of two finer.
        var value = problem.gridFront([growth, 4, 4])
        for level in 1...2 {
          let grid = 1 / Float(level == 1 ? 256 : 16384)
          let active = problem.unary(.relu, problem.gridNormalization(value, offset: grid))
          let fresh = problem.gridConvolution(active, to: growth, kernel: [3, 3], padsBegin: [1, 1], offset: grid / 8)
          problem.observe(fresh)
          value = problem.concat([value, fresh], axis: 1)
        }
        return problem.pool(.average(countsPads: false), value, kernel: [2, 2], strides: [2, 2])
      }
    }
    add("dense block whose values are joined anew for every layer") { problem in
      var values = [problem.front([4, 4, 4])]
      for _ in 0..<3 {
        let joined = problem.concat(values, axis: 1)
        let active = problem.unary(.swish, problem.normalization(joined))
        let fresh = problem.convolution(active, to: 4, kernel: [3, 3], padsBegin: [1, 1])
        problem.observe(fresh)
        values.append(fresh)
      }
      return problem.mean(problem.concat(values, axis: 1), axes: [2, 3], kept: false)
    }
    add("inception block of four branches") { problem in
      let x = problem.front([4, 5, 5])
      let one = problem.convolution(x, to: 2, kernel: [1, 1])
      let row = problem.convolution(problem.unary(.tanh, one), to: 3, kernel: [1, 3], padsBegin: [0, 1])
      let column = problem.convolution(problem.unary(.tanh, row), to: 3, kernel: [3, 1], padsBegin: [1, 0])
      let pooled = problem.pool(
        .average(countsPads: true), x, kernel: [3, 3], strides: [1, 1], padsBegin: [1, 1])
      let last = problem.convolution(pooled, to: 2, kernel: [1, 1])
      for value in [one, row, column, last] { problem.observe(value) }
      return problem.unary(.tanh, problem.concat([one, column, x, last], axis: 1))
    }
    add("pyramid of equal maxima, joined") { problem in
      let x = problem.unary(.swish, problem.convolution(problem.front([4, 6, 6]), to: 4, kernel: [1, 1]))
      var levels = [x]
      for _ in 0..<2 {
        levels.append(
          problem.pool(.max, levels[levels.count - 1], kernel: [3, 3], strides: [1, 1], padsBegin: [1, 1]))
      }
      return problem.convolution(problem.concat(levels, axis: 1), to: 3, kernel: [1, 1])
    }
  }

  mutating func addManyReaders() {
    add("a watched convolution that relu and a layer read") { problem in
      let y = problem.gridConvolution(problem.gridFront([4, 4, 4]), to: 4, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(y)
      let left = problem.convolution(problem.unary(.relu, y), to: 3, kernel: [1, 1])
      return problem.binary(.multiply, left, problem.convolution(y, to: 3, kernel: [1, 1]))
    }
    add("a watched convolution that is read twice by one sum behind relu") { problem in
      let y = problem.gridConvolution(problem.gridFront([3, 3, 3]), to: 4, kernel: [2, 2])
      problem.observe(y)
      return problem.binary(.add, problem.unary(.relu, y), y)
    }
    add("relu read three times") { problem in
      let y = problem.unary(.relu, problem.gridFront([4, 3, 3]))
      problem.observe(y)
      let left = problem.convolution(y, to: 4, kernel: [1, 1])
      return problem.binary(.add, problem.binary(.multiply, left, y), problem.unary(.exp, y))
    }
    add("outputs of the network that are read again") { problem in
      let y = problem.gridConvolution(problem.gridFront([4, 4, 4]), to: 4, kernel: [3, 3], padsBegin: [1, 1])
      problem.observe(y)
      let active = problem.unary(.relu, y)
      problem.yield(y)
      problem.yield(active)
      let end = problem.convolution(active, to: 3, kernel: [2, 2])
      problem.observe(end)
      return end
    }
    add("an output that the loss reads and a dead tail reads again") { problem in
      let y = problem.convolution(problem.front([3, 4, 4]), to: 4, kernel: [3, 3])
      problem.observe(y)
      problem.yield(problem.convolution(problem.unary(.tanh, y), to: 2, kernel: [2, 2]))
      return y
    }
    add("a residual sum that is an output and is read by relu") { problem in
      let x = problem.gridFront([4, 3, 3])
      let sum = problem.binary(.add, problem.gridConvolution(x, to: 4, kernel: [1, 1]), x)
      problem.observe(sum)
      problem.yield(sum)
      return problem.linear(problem.flatten(problem.unary(.relu, sum)), to: 3)
    }
    add("layers and their reshaped and turned values, both read") { problem in
      let y = problem.convolution(problem.front([4, 2, 3]), to: 4, kernel: [1, 1])
      problem.observe(y)
      let rows = problem.transpose(problem.reshape(y, [2, 4, 6]), [0, 2, 1])
      let back = problem.reshape(problem.transpose(problem.linear(rows, to: 4), [0, 2, 1]), [2, 4, 2, 3])
      return problem.binary(.multiply, back, y)
    }
  }
}
