import Networks

/// A linear layer over the last axis.
struct ReferenceLinear: ReferenceLayerKernel {
  private let linear: Linear
  private let inputs: Int
  private let outputs: Int

  init(_ linear: Linear, weight: Shape) {
    self.linear = linear
    (inputs, outputs) = linear.features(of: weight)
  }

  private func element(_ out: Int, _ own: Int) -> Int {
    linear.weightIsOutputByInput ? out * inputs + own : own * outputs + out
  }

  private func factor(_ weight: [Double], _ out: Int, _ own: Int) -> Double {
    weight[element(out, own)] * linear.alpha * (linear.outputScale?[out] ?? 1)
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    let rows = operands[0].count / inputs
    var result = [Double](repeating: 0, count: rows * outputs)
    let bias = operands.count > 2 ? operands[2] : []
    for out in 0..<outputs {
      let factors = (0..<inputs).map { factor(operands[1], out, $0) }
      for row in 0..<rows {
        var sum = bias.isEmpty ? 0 : linear.beta * bias[out]
        for own in 0..<inputs { sum += factors[own] * operands[0][row * inputs + own] }
        result[row * outputs + out] = sum
      }
    }
    return [result]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: operands[0].count)
    for out in 0..<outputs {
      let factors = (0..<inputs).map { factor(operands[1], out, $0) }
      for row in 0..<operands[0].count / inputs {
        let arrived = gradients[0][row * outputs + out]
        for own in 0..<inputs { gradient[row * inputs + own] += factors[own] * arrived }
      }
    }
    return gradient
  }

  func weightProducts(_ operands: [[Double]], _ gradient: [Double]) -> [Double] {
    var products = [Double](repeating: 0, count: operands[1].count)
    for out in 0..<outputs {
      for own in 0..<inputs {
        var sum = 0.0
        for row in 0..<operands[0].count / inputs {
          sum += operands[0][row * inputs + own] * gradient[row * outputs + out]
        }
        products[element(out, own)] = factor(operands[1], out, own) * sum
      }
    }
    return products
  }
}
