import Execution
import Networks

extension ProblemList {
  mutating func addLosses() {
    for loss in [Loss.crossEntropy, .agreement] {
      add("\(loss.rawValue) of [N, K]", loss: loss, batchSize: 3) { problem in
        problem.linear(problem.unary(.tanh, problem.front([6])), to: 4)
      }
      add("\(loss.rawValue) of [N, K, 1, 1]", loss: loss) { problem in
        problem.mean(problem.convolution(problem.front([3, 3, 3]), to: 4, kernel: [1, 1]), axes: [2, 3])
      }
      add("\(loss.rawValue) of [N, K, H, W]", loss: loss) { problem in
        problem.convolution(problem.front([3, 4, 5]), to: 6, kernel: [3, 3], padsBegin: [1, 1])
      }
      add("\(loss.rawValue) of [N, K, T]", loss: loss) { problem in
        problem.convolution(problem.front([3, 7]), to: 4, kernel: [3])
      }
      for logarithm in [false, true] {
        let end = logarithm ? "logarithm of softmax" : "softmax"
        add("\(loss.rawValue) behind \(end)", loss: loss) { problem in
          let logits = problem.linear(problem.front([6]), to: 4)
          problem.observe(logits)
          return problem.node(.softmax(axis: 1, logarithm: logarithm), [logits], result: [2, 4])
        }
        add("\(loss.rawValue) behind \(end) of planes", loss: loss) { problem in
          let logits = problem.convolution(problem.front([3, 2, 3]), to: 4, kernel: [1, 1])
          return problem.node(.softmax(axis: 1, logarithm: logarithm), [logits], result: [2, 4, 2, 3])
        }
        add("\(loss.rawValue) behind \(end) over another axis", loss: loss) { problem in
          let y = problem.convolution(problem.front([3, 2, 3]), to: 4, kernel: [1, 1])
          return problem.node(.softmax(axis: 3, logarithm: logarithm), [y], result: [2, 4, 2, 3])
        }
      }
    }
    for loss in [Loss.crossEntropy, .agreement, .meanSquaredError] {
      for count in [1, 3] {
        add("\(loss.rawValue) of \(count) of 4 samples", loss: loss, batchSize: 4, sampleCount: count) { problem in
          let x = problem.front([4, 3, 3])
          let y = problem.convolution(problem.unary(.tanh, x), to: 3, kernel: [2, 2])
          problem.observe(y)
          return problem.linear(problem.flatten(y), to: 5)
        }
      }
    }
    add(
      "cross_entropy of 1 of 2 samples with rows in the batch axis", loss: .crossEntropy, batchSize: 2, sampleCount: 1
    ) {
      problem in
      let y = problem.linear(problem.reshape(problem.input([3, 4]), [6, 4]), to: 5)
      problem.observe(y)
      return problem.transpose(problem.reshape(y, [2, 3, 5]), [0, 2, 1])
    }
    add("mse of a batch of one", loss: .meanSquaredError, batchSize: 1) { problem in
      problem.linear(problem.flatten(problem.convolution(problem.front([3, 4, 4]), to: 4, kernel: [3, 3])), to: 2)
    }
    add("cross_entropy of one class", loss: .crossEntropy) { problem in
      problem.convolution(problem.front([2, 3, 3]), to: 1, kernel: [3, 3])
    }
  }
}
