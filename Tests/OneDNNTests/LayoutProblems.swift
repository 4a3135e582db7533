import Execution
import ExecutorContract
import Networks

/// Networks at the borders of this executor's own making: both layouts in one network, values with readers in each, and
/// extents beyond the blocks of its kernels (64 rows, 128 channels, 16 lanes).
enum LayoutProblems {
  static let all: [OperatorProblem] = [
    problem("parts in both layouts, joined along every axis") { b in
      let a = b.front([4, 3, 5])
      let rows = b.transpose(b.transpose(a, [0, 1, 3, 2]), [0, 1, 3, 2])
      let wide = b.concat([rows, a, b.input([4, 3, 5])], axis: 1)
      let tall = b.concat([wide, b.constant([2, 12, 2, 5]), wide], axis: 2)
      return b.concat([tall, tall], axis: 3)
    },
    problem("operands in both layouts") { b in
      let a = b.front([4, 3, 3])
      let rows = b.transpose(a, [0, 1, 3, 2])
      let product = b.binary(.multiply, rows, a)
      return b.binary(.subtract, b.binary(.add, a, product), rows)
    },
    problem("a value read by layers of both layouts, by a shape and by itself") { b in
      let a = b.front([6, 4, 4])
      let near = b.convolution(a, to: 3, kernel: [3, 3], padsBegin: [1, 1])
      let far = b.convolution(b.concat([a, near, a], axis: 1), to: 4, kernel: [3, 3], strides: [2, 2])
      let square = b.flatten(b.binary(.multiply, a, a))
      return b.concat([b.flatten(far), b.linear(b.flatten(a), to: 5), square, b.flatten(near)], axis: 1)
    },
    problem("one gradient for two operands, one of which has more readers") { b in
      let a = b.front([3, 4, 4])
      let c = b.convolution(a, to: 3, kernel: [1, 1])
      let sum = b.binary(.add, a, c)
      let twice = b.binary(.add, sum, sum)
      b.observe(twice)
      return b.binary(.add, b.binary(.add, twice, a), b.unary(.tanh, a))
    },
    problem("a split of which one part goes nowhere and one comes back") { b in
      let a = b.front([8, 3, 4])
      let parts = b.node(.split(axis: 1), [a], results: [[2, 2, 3, 4], [2, 2, 3, 4], [2, 4, 3, 4]])
      let columns = b.node(.split(axis: 3), [parts[2]], results: [[2, 4, 3, 1], [2, 4, 3, 3]])
      let joined = b.concat([parts[0], b.concat([columns[1], columns[0]], axis: 3)], axis: 1)
      return b.binary(.add, joined, b.convolution(a, to: 6, kernel: [1, 1]))
    },
    problem("a shuffle between two convolutions by group") { b in
      let a = b.convolution(b.front([6, 3, 4]), to: 6, kernel: [1, 1], groups: 3)
      let mixed = b.transpose(b.reshape(a, [2, 3, 2, 3, 4]), [0, 2, 1, 3, 4])
      return b.convolution(b.reshape(mixed, [2, 6, 3, 4]), to: 6, kernel: [3, 3], padsBegin: [1, 1], groups: 6)
    },
    problem("a plane reread as another plane") { b in
      let other = b.reshape(b.convolution(b.front([4, 2, 3]), to: 6, kernel: [1, 1]), [2, 3, 3, 4])
      let c = b.convolution(other, to: 4, kernel: [3, 3], padsBegin: [1, 1])
      return b.binary(.add, b.linear(b.flatten(c), to: 36), b.flatten(other))
    },
    problem("channels as features and back") { b in
      let last = b.linear(b.transpose(b.front([3, 4, 5]), [0, 2, 3, 1]), to: 7)
      return b.convolution(b.transpose(last, [0, 3, 1, 2]), to: 3, kernel: [2, 2])
    },
    problem("pads wider than the kernel, both ways") { b in
      let a = b.convolution(b.input([3, 4, 4]), to: 5, kernel: [1, 1], padsBegin: [2, 1])
      b.observe(a)
      return b.convolution(a, to: 3, kernel: [2, 2], padsBegin: [3, 2], padsEnd: [1, 4])
    },
    problem("3×3 convolutions that Winograd's transforms take, with and without activations") { b in
      let a = b.unary(.relu, b.convolution(b.front([40, 13, 18]), to: 48, kernel: [3, 3], padsBegin: [1, 1]))
      let c = b.convolution(a, to: 36, kernel: [3, 3], padsBegin: [0, 2], padsEnd: [2, 1])
      b.observe(c)
      let d = b.unary(.clip(lower: 0, upper: 6), b.convolution(c, to: 48, kernel: [3, 3]))
      return b.convolution(b.concat([d, d], axis: 1), to: 40, kernel: [3, 3], padsBegin: [1, 1], padsEnd: [1, 1])
    },
    problem("a residual sum around a 3×3 convolution of Winograd's, its stem read by two more") { b in
      let stem = b.unary(.relu, b.convolution(b.input([3, 16, 16]), to: 32, kernel: [1, 1]))
      let branch = b.convolution(stem, to: 32, kernel: [3, 3], padsBegin: [1, 1], padsEnd: [1, 1])
      b.observe(branch)
      let sum = b.unary(.relu, b.binary(.add, branch, stem))
      let more = b.convolution(stem, to: 32, kernel: [3, 3], padsBegin: [1, 1], padsEnd: [1, 1])
      b.observe(more)
      return b.binary(.add, b.convolution(sum, to: 32, kernel: [1, 1]), b.binary(.multiply, more, stem))
    },
    problem("a gate over a function of a layer, squeezed from its means, one more layer reading it") { b in
      let x = b.front([24, 6, 5])
      let swish = b.unary(.swish, x)
      let gate = b.unary(.sigmoid, b.convolution(b.reduce(.mean, swish, axes: [2, 3]), to: 24, kernel: [1, 1]))
      let side = b.convolution(swish, to: 8, kernel: [1, 1])
      b.observe(side)
      let gated = b.convolution(b.binary(.multiply, gate, swish), to: 8, kernel: [1, 1])
      return b.binary(.add, gated, side)
    },
    problem("a value split unevenly, its mean and a gate over it") { b in
      let x = b.front([9, 4, 3])
      let parts = b.node(.split(axis: 1), [x], results: [[2, 5, 4, 3], [2, 4, 4, 3]])
      let near = b.convolution(parts[0], to: 4, kernel: [3, 3], padsBegin: [1, 1])
      let far = b.convolution(parts[1], to: 4, kernel: [1, 1])
      let mean = b.reduce(.mean, x, axes: [2, 3])
      let gate = b.unary(.sigmoid, b.convolution(mean, to: 9, kernel: [1, 1]))
      let gated = b.convolution(b.binary(.multiply, x, gate), to: 4, kernel: [1, 1])
      return b.binary(.add, b.binary(.add, near, far), gated)
    },
    problem("a sliced value, rectified, its mean and its sum, read in parts by more") { b in
      let x = b.unary(.relu, b.front([8, 3, 3]))
      let slice = b.node(.slice(starts: [0, 3, 0, 0], steps: [1, 1, 1, 1]), [x], result: [2, 4, 3, 3])
      let side = b.convolution(b.concat([slice, x], axis: 1), to: 5, kernel: [1, 1])
      let mean = b.convolution(b.reduce(.mean, x, axes: [2, 3]), to: 5, kernel: [1, 1])
      let sum = b.convolution(b.reduce(.sum, x, axes: [2, 3]), to: 5, kernel: [1, 1])
      return b.binary(.add, b.binary(.multiply, side, mean), sum)
    },
    problem("one value watched twice, and a step between two others") { b in
      let x = b.convolution(b.front([3, 4, 4]), to: 5, kernel: [1, 1])
      for _ in 0..<6 { b.observe(x) }
      let y = b.unary(.relu, x)
      let steps = b.unary(.floor, y)
      b.observe(steps)
      return b.binary(.add, y, steps)
    },
    problem("a branch that is tiny beside its stem") { b in
      let stem = b.unary(.relu, b.convolution(b.input([3, 5, 5]), to: 6, kernel: [1, 1]))
      let branch = b.convolution(
        stem, to: 6, kernel: [3, 3], padsBegin: [1, 1], bias: false, scaled: true, scales: 1e-5...2e-5)
      b.observe(branch)
      return b.unary(.relu, b.binary(.add, branch, stem))
    },
    problem("linear layers of so many weights that these keep the model's order, either order") { b in
      let x = b.unary(.relu, b.linear(b.input([40]), to: 2100))
      let wide = b.linear(x, to: 2100)
      b.observe(wide)
      return b.linear(b.unary(.relu, b.linear(b.unary(.relu, wide), to: 2100, outputByInput: false)), to: 5)
    },
    problem("200 channels of 81 places") { b in
      let a = b.front([3, 9, 9])
      let wide = b.convolution(a, to: 200, kernel: [1, 1])
      b.observe(wide)
      let gate = b.unary(.sigmoid, b.convolution(b.mean(wide, axes: [2, 3]), to: 200, kernel: [1, 1]))
      return b.mean(b.binary(.multiply, wide, gate), axes: [2, 3], kept: false)
    },
    problem("norms over 200 channels in groups, both layouts") { b in
      let a = b.groupNormalization(b.convolution(b.front([3, 9, 5]), to: 200, kernel: [1, 1]), groups: 8)
      let rows = b.groupNormalization(b.transpose(a, [0, 1, 3, 2]), groups: 4)
      return b.convolution(b.layerNormalization(rows, axis: 1), to: 3, kernel: [2, 2])
    },
    problem("softmax, sums and extremes over 150 channels and over 300 places, both layouts") { b in
      let a = b.convolution(b.front([3, 15, 20]), to: 150, kernel: [1, 1])
      let chosen = b.binary(.multiply, a, b.softmax(a, axis: 1))
      let rows = b.softmax(b.reshape(chosen, [2, 150, 300]), axis: 2)
      let along = b.cumulativeSum(b.transpose(chosen, [0, 1, 3, 2]), axis: 1)
      let largest = b.reduce(.max, along, axes: [1, 3], kept: false)
      return b.concat(
        [largest, b.reduce(.min, chosen, axes: [2, 3], kept: false), b.reduce(.l2, rows, axes: [2], kept: false)],
        axis: 1)
    },
    problem("a product of one matrix with stacks in both layouts") { b in
      let a = b.front([6, 4, 5])
      let shared = b.reduce(.sum, b.convolution(a, to: 6, kernel: [1, 1]), axes: [1])
      let product = b.matrixProduct(a, b.transpose(shared, [0, 1, 3, 2]))
      return b.binary(.add, product, b.matrixProduct(shared, b.transpose(a, [0, 1, 3, 2])))
    },
    problem("places of channels in runs, singly and twice") { b in
      let a = b.front([40, 3, 3])
      let some = b.gather(a, axis: 1, Array(4..<36) + [0, 2, 39, 38, 2])
      return b.binary(.add, b.gather(some, axis: 3, [2, 1, 1]), b.gather(some, axis: 2, [0, 1, 2]))
    },
    problem("130 rows of features and 333 features") { b in
      let a = b.linear(b.input([130, 5]), to: 333)
      b.observe(a)
      b.observe(a, axis: 2)
      return b.mean(b.unary(.hardSwish, a), axes: [2], kept: false)
    },
    problem("pools of 150 channels") { b in
      let a = b.convolution(b.front([2, 7, 6]), to: 150, kernel: [1, 1])
      b.observe(a)
      let largest = b.pool(.max, a, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1])
      let mean = b.pool(.average(countsPads: false), a, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1])
      return b.convolution(b.binary(.subtract, largest, mean), to: 2, kernel: [1, 1])
    },
    problem("gates per channel, per place and per column") { b in
      let a = b.front([6, 4, 3])
      let channel = b.unary(.sigmoid, b.mean(a, axes: [2, 3]))
      let place = b.unary(.sigmoid, b.convolution(a, to: 1, kernel: [3, 3], padsBegin: [1, 1]))
      let column = b.mean(a, axes: [2])
      let gated = b.binary(.subtract, b.binary(.multiply, place, b.binary(.multiply, a, channel)), column)
      return b.binary(.divide, gated, b.binary(.add, channel, b.constant([1], [1])))
    },
  ]

  private static func problem(_ name: String, _ build: (inout ProblemBuilder) -> ValueID) -> OperatorProblem {
    var builder = ProblemBuilder(name: name, batchSize: 2, sampleCount: 2, seed: 11)
    let output = build(&builder)
    return builder.problem(output: output, loss: .meanSquaredError)
  }
}
