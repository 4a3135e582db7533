import Networks

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
