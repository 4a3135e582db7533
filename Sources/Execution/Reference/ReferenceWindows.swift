import Networks

import Glibc

/// Max and average pooling: every window as the list of input elements that it covers.
struct ReferencePool: ReferenceKernel {
  private let kind: Pool.Kind
  /// Per output position of a plane: input positions, and what an average divides by.
  private let windows: [(elements: [Int], divisor: Double)]
  private let planes: Int
  private let inputElements: Int

  init(_ pool: Pool, input: Shape, output: Shape) {
    kind = pool.kind
    planes = input[0] * input[1]
    let space = Array(input.dimensions.dropFirst(2))
    inputElements = space.reduce(1, *)
    let strides = Shape(space).rowMajorStrides
    windows = IndexMap.positions(Array(output.dimensions.dropFirst(2))).map { position in
      var elements: [Int] = []
      var counted = 0
      for offset in IndexMap.positions(pool.kernel) {
        let place = space.indices.map {
          position[$0] * pool.strides[$0] - pool.padsBegin[$0] + offset[$0] * pool.dilations[$0]
        }
        // What ceil mode adds behind the pads counts nowhere.
        if space.indices.allSatisfy({ place[$0] < space[$0] + pool.padsEnd[$0] }) { counted += 1 }
        guard space.indices.allSatisfy({ (0..<space[$0]).contains(place[$0]) }) else { continue }
        elements.append(zip(place, strides).reduce(0) { $0 + $1.0 * $1.1 })
      }
      if case .average(countsPads: true) = pool.kind { return (elements, Double(counted)) }
      return (elements, Double(elements.count))
    }
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    var result: [Double] = []
    result.reserveCapacity(planes * windows.count)
    for plane in 0..<planes {
      for window in windows {
        switch kind {
        case .max: result.append(largest(operands[0], plane, window.elements).map { operands[0][$0] } ?? -.infinity)
        case .average:
          let sum = window.elements.reduce(0) { $0 + operands[0][plane * inputElements + $1] }
          result.append(sum / max(window.divisor, 1))
        }
      }
    }
    return [result]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: operands[0].count)
    for plane in 0..<planes {
      for (number, window) in windows.enumerated() {
        let arrived = gradients[0][plane * windows.count + number]
        switch kind {
        case .max: if let element = largest(operands[0], plane, window.elements) { gradient[element] += arrived }
        case .average:
          for element in window.elements {
            gradient[plane * inputElements + element] += arrived / max(window.divisor, 1)
          }
        }
      }
    }
    return gradient
  }

  /// The element of the largest value, the first of equals.
  private func largest(_ operand: [Double], _ plane: Int, _ elements: [Int]) -> Int? {
    var best: Int?
    for element in elements.map({ plane * inputElements + $0 }) {
      if let found = best, !(operand[element] > operand[found]) { continue }
      best = element
    }
    return best
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
