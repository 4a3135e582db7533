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
