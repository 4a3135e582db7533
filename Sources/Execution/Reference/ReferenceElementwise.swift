import Networks

import Glibc

/// A function of one value.
struct ReferenceUnary: ReferenceKernel {
  let function: UnaryFunction

  func forward(_ operands: [[Double]]) -> [[Double]] { [operands[0].map { function.value($0) }] }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    zip(operands[0], gradients[0]).map { function.derivative($0) * $1 }
  }
}

extension UnaryFunction {
  /// f(x).
  func value(_ x: Double) -> Double {
    switch self {
    case .relu: max(x, 0)
    case .leakyRelu(let slope): x > 0 ? x : slope * x
    case .clip(let lower, let upper): min(max(x, lower), upper)
    case .sigmoid: 1 / (1 + exp(-x))
    case .hardSigmoid(let alpha, let beta): min(max(alpha * x + beta, 0), 1)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .tanh: Glibc.tanh(x)
    }
  }

  /// f′(x), at kinks as `UnaryFunction` says.
  func derivative(_ x: Double) -> Double {
    switch self {
    case .relu: return x > 0 ? 1 : 0
    case .leakyRelu(let slope): return x > 0 ? 1 : slope
    case .clip(let lower, let upper): return x > lower && x < upper ? 1 : 0
    case .sigmoid:
      let value = value(x)
      return value * (1 - value)
    case .hardSigmoid(let alpha, let beta):
      let line = alpha * x + beta
      return line > 0 && line < 1 ? alpha : 0
    case .hardSwish: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5
    case .tanh:
      let value = value(x)
      return 1 - value * value
    }
  }
}

/// A function of two broadcast operands.
struct ReferenceBinary: ReferenceKernel {
  private let function: BinaryFunction
  /// By element of the result the element of each operand.
  private let places: [[Int]]
  private let counts: [Int]

  init(_ function: BinaryFunction, left: Shape, right: Shape, result: Shape) {
    self.function = function
    places = [left, right].map { IndexMap.broadcast($0, to: result) }
    counts = [left.count, right.count]
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    [
      places[0].indices.map { element in
        let (a, b) = (operands[0][places[0][element]], operands[1][places[1][element]])
        switch function {
        case .add: return a + b
        case .subtract: return a - b
        case .multiply: return a * b
        case .divide: return a / b
        }
      }
    ]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: counts[position])
    for element in places[0].indices {
      let (a, b) = (operands[0][places[0][element]], operands[1][places[1][element]])
      let factor: Double
      switch (function, position) {
      case (.add, _), (.subtract, 0): factor = 1
      case (.subtract, _): factor = -1
      case (.multiply, 0): factor = b
      case (.multiply, _): factor = a
      case (.divide, 0): factor = 1 / b
      case (.divide, _): factor = -a / (b * b)
      }
      gradient[places[position][element]] += factor * gradients[0][element]
    }
    return gradient
  }
}

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

/// The mean over some axes.
struct ReferenceMean: ReferenceKernel {
  /// By element of the operand the element of the result.
  private let places: [Int]
  private let resultCount: Int
  private let averaged: Double

  init(axes: [Int], shape: Shape) {
    let kept = Shape(shape.dimensions.indices.map { axes.contains($0) ? 1 : shape[$0] })
    places = IndexMap.broadcast(kept, to: shape)
    resultCount = kept.count
    averaged = Double(shape.count / max(kept.count, 1))
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    var sums = [Double](repeating: 0, count: resultCount)
    for (element, place) in places.enumerated() { sums[place] += operands[0][element] }
    return [sums.map { $0 / averaged }]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    places.map { gradients[0][$0] / averaged }
  }
}
