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
      var elements = [0]
      var counted = 1.0
      for axis in space.indices {
        let start = position[axis] * pool.strides[axis] - pool.padsBegin[axis]
        let places = Self.places(from: start, pool, axis, before: space[axis])
        elements = elements.flatMap { element in places.map { element + $0 * strides[axis] } }
        // What ceil mode adds behind the pads counts nowhere.
        counted *= Double(Self.windowPart(from: start, pool, axis, before: space[axis] + pool.padsEnd[axis]))
      }
      if case .average(countsPads: true) = pool.kind { return (elements, counted) }
      return (elements, Double(elements.count))
    }
  }

  /// The places of a window inside the input along an axis. A window may be far wider than the input: pads are not visited.
  private static func places(from start: Int, _ pool: Pool, _ axis: Int, before end: Int) -> [Int] {
    let step = pool.dilations[axis]
    let outside = start < 0 ? (-start - 1) / step + 1 : 0
    let count = windowPart(from: start, pool, axis, before: end)
    return outside < count ? (outside..<count).map { start + $0 * step } : []
  }

  /// How many of a window's elements along an axis lie before a place.
  private static func windowPart(from start: Int, _ pool: Pool, _ axis: Int, before end: Int) -> Int {
    start < end ? min(pool.kernel[axis], (end - start - 1) / pool.dilations[axis] + 1) : 0
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
