import Networks

import Glibc

/// BatchNormalization with given statistics.
struct ReferenceNormalization: ReferenceKernel {
  let epsilon: Double
  let shape: Shape

  private func scale(_ operands: [[Double]], _ channel: Int) -> Double {
    operands[1][channel] / (operands[4][channel] + epsilon).squareRoot()
  }

  private func channel(_ element: Int) -> Int {
    element / shape.dimensions[2...].reduce(1, *) % shape[1]
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    let scales = (0..<shape[1]).map { scale(operands, $0) }
    return [
      operands[0].indices.map { element in
        let channel = channel(element)
        return (operands[0][element] - operands[3][channel]) * scales[channel] + operands[2][channel]
      }
    ]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    let scales = (0..<shape[1]).map { scale(operands, $0) }
    return gradients[0].indices.map { gradients[0][$0] * scales[channel($0)] }
  }
}

/// Layer and group normalisation: runs of neighbouring elements of one sample, brought to mean 0 and variance 1, then
/// scaled and shifted by a parameter per place of the run or per channel.
struct ReferenceStandardization: ReferenceKernel {
  private let epsilon: Double
  /// Elements of a run.
  private let length: Int
  /// The parameter of an element is element ÷ `parameterRun` mod `parameters`.
  private let parameterRun: Int
  private let parameters: Int

  init(layerAxis axis: Int, epsilon: Double, shape: Shape) {
    self.epsilon = epsilon
    length = shape.dimensions[axis...].reduce(1, *)
    parameterRun = 1
    parameters = length
  }

  init(groups: Int, epsilon: Double, shape: Shape) {
    self.epsilon = epsilon
    parameterRun = shape.dimensions[2...].reduce(1, *)
    parameters = shape[1]
    length = shape[1] / groups * parameterRun
  }

  private func parameter(_ element: Int) -> Int { element / parameterRun % parameters }

  /// The first element of every run.
  private func starts(_ count: Int) -> StrideTo<Int> { stride(from: 0, to: count, by: max(length, 1)) }

  /// A run's mean, and 1 ÷ √(variance + epsilon).
  private func statistics(_ x: [Double], _ start: Int) -> (mean: Double, factor: Double) {
    let run = x[start..<start + length]
    let mean = run.reduce(0, +) / Double(length)
    let variance = run.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
    return (mean, 1 / (variance + epsilon).squareRoot())
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    var result = operands[0]
    let bias = operands.count > 2 ? operands[2] : []
    for start in starts(result.count) {
      let (mean, factor) = statistics(operands[0], start)
      for element in start..<start + length {
        let parameter = parameter(element)
        result[element] = (result[element] - mean) * factor * operands[1][parameter]
        if !bias.isEmpty { result[element] += bias[parameter] }
      }
    }
    return [result]
  }

  /// With x̂ = (x − mean) × factor and g = ∂L/∂y × scale: ∂L/∂x = factor × (g − mean(g) − x̂ × mean(g × x̂)).
  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = gradients[0]
    for element in gradient.indices { gradient[element] *= operands[1][parameter(element)] }
    for start in starts(gradient.count) {
      let (mean, factor) = statistics(operands[0], start)
      var (sum, product) = (0.0, 0.0)
      for element in start..<start + length {
        sum += gradient[element]
        product += gradient[element] * (operands[0][element] - mean) * factor
      }
      for element in start..<start + length {
        let standard = (operands[0][element] - mean) * factor
        gradient[element] = factor * (gradient[element] - (sum + standard * product) / Double(length))
      }
    }
    return gradient
  }
}

/// Softmax along an axis, or its logarithm.
struct ReferenceSoftmax: ReferenceKernel {
  let axis: Int
  let logarithm: Bool
  let shape: Shape

  /// The first element of every row along the axis, and the distance between neighbours.
  private var rows: (starts: [Int], stride: Int) {
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    let outer = shape.dimensions[..<axis].reduce(1, *)
    return ((0..<outer).flatMap { block in (0..<inner).map { block * inner * shape[axis] + $0 } }, inner)
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    var result = operands[0]
    let rows = rows
    for start in rows.starts {
      let elements = (0..<shape[axis]).map { start + $0 * rows.stride }
      let largest = elements.reduce(-Double.infinity) { max($0, operands[0][$1]) }
      let sum = elements.reduce(0) { $0 + exp(operands[0][$1] - largest) }
      for element in elements {
        let shifted = operands[0][element] - largest
        result[element] = logarithm ? shifted - log(sum) : exp(shifted) / sum
      }
    }
    return [result]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = gradients[0]
    let rows = rows
    for start in rows.starts {
      let elements = (0..<shape[axis]).map { start + $0 * rows.stride }
      if logarithm {
        let sum = elements.reduce(0) { $0 + gradients[0][$1] }
        for element in elements { gradient[element] -= exp(results[0][element]) * sum }
      } else {
        let sum = elements.reduce(0) { $0 + gradients[0][$1] * results[0][$1] }
        for element in elements { gradient[element] = results[0][element] * (gradients[0][element] - sum) }
      }
    }
    return gradient
  }
}

/// Local response normalisation across channels.
struct ReferenceResponseNormalization: ReferenceKernel {
  let window: LocalResponseNormalization
  let shape: Shape

  private var inner: Int { shape.dimensions[2...].reduce(1, *) }

  /// The channels whose squares weigh on a channel.
  private func neighbours(_ channel: Int) -> ClosedRange<Int> {
    let front = (window.size - 1) / 2
    return max(0, channel - front)...min(shape[1] - 1, channel + window.size - 1 - front)
  }

  /// bias + alpha ÷ size × Σ x² for a channel at one position.
  private func base(_ operand: [Double], _ start: Int, _ channel: Int) -> Double {
    let sum = neighbours(channel).reduce(0.0) { sum, other in
      let value = operand[start + other * inner]
      return sum + value * value
    }
    return window.bias + window.alpha / Double(window.size) * sum
  }

  /// The element of channel 0 of every sample and position.
  private var starts: [Int] {
    (0..<shape[0]).flatMap { sample in (0..<inner).map { sample * shape[1] * inner + $0 } }
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    var result = operands[0]
    for start in starts {
      for channel in 0..<shape[1] {
        result[start + channel * inner] *= pow(base(operands[0], start, channel), -window.beta)
      }
    }
    return [result]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: operands[0].count)
    let slope = -2 * window.beta * window.alpha / Double(window.size)
    for start in starts {
      for channel in 0..<shape[1] {
        let element = start + channel * inner
        let base = base(operands[0], start, channel)
        gradient[element] += gradients[0][element] * pow(base, -window.beta)
        let common = gradients[0][element] * operands[0][element] * slope * pow(base, -window.beta - 1)
        for other in neighbours(channel) {
          gradient[start + other * inner] += common * operands[0][start + other * inner]
        }
      }
    }
    return gradient
  }
}
