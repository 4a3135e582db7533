import Networks

import Glibc

/// The elements along some axes made one.
struct ReferenceReduction: ReferenceKernel {
  private let reduction: Reduction
  /// By element of the operand the element of the result.
  private let places: [Int]
  private let resultCount: Int
  /// Operand elements per result element.
  private let reduced: Double

  init(_ reduction: Reduction, axes: [Int], shape: Shape) {
    self.reduction = reduction
    let kept = Shape(shape.dimensions.indices.map { axes.contains($0) ? 1 : shape[$0] })
    places = IndexMap.broadcast(kept, to: shape)
    resultCount = kept.count
    reduced = Double(shape.count / max(kept.count, 1))
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    let x = operands[0]
    switch reduction {
    case .mean: return [sums { x[$0] }.map { $0 / reduced }]
    case .sum: return [sums { x[$0] }]
    case .max, .min: return [winners(x).map { $0.map { x[$0] } ?? (reduction == .max ? -.infinity : .infinity) }]
    case .l1: return [sums { abs(x[$0]) }]
    case .l2: return [sums { x[$0] * x[$0] }.map { $0.squareRoot() }]
    case .sumOfSquares: return [sums { x[$0] * x[$0] }]
    case .logSumExp:
      let largest = ReferenceReduction.largest(x, places, resultCount)
      return [zip(sums { exp(x[$0] - largest[places[$0]]) }, largest).map { log($0) + $1 }]
    }
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    let (x, arrived) = (operands[0], gradients[0])
    switch reduction {
    case .mean: return places.map { arrived[$0] / reduced }
    case .sum: return places.map { arrived[$0] }
    case .max, .min:
      var gradient = [Double](repeating: 0, count: x.count)
      for (place, winner) in winners(x).enumerated() {
        if let winner { gradient[winner] = arrived[place] }
      }
      return gradient
    case .l1: return places.indices.map { UnaryFunction.absolute.derivative(x[$0]) * arrived[places[$0]] }
    case .l2:
      return places.indices.map { element in
        let norm = results[0][places[element]]
        return norm == 0 ? 0 : x[element] / norm * arrived[places[element]]
      }
    case .sumOfSquares: return places.indices.map { 2 * x[$0] * arrived[places[$0]] }
    case .logSumExp: return places.indices.map { exp(x[$0] - results[0][places[$0]]) * arrived[places[$0]] }
    }
  }

  private func sums(_ term: (_ element: Int) -> Double) -> [Double] {
    var sums = [Double](repeating: 0, count: resultCount)
    for (element, place) in places.enumerated() { sums[place] += term(element) }
    return sums
  }

  /// By element of the result the operand's element that is largest or smallest, the first of equals.
  private func winners(_ x: [Double]) -> [Int?] {
    var winners = [Int?](repeating: nil, count: resultCount)
    for (element, place) in places.enumerated() {
      if let found = winners[place], !(reduction == .max ? x[element] > x[found] : x[element] < x[found]) { continue }
      winners[place] = element
    }
    return winners
  }

  private static func largest(_ x: [Double], _ places: [Int], _ count: Int) -> [Double] {
    var largest = [Double](repeating: -.infinity, count: count)
    for (element, place) in places.enumerated() { largest[place] = max(largest[place], x[element]) }
    return largest
  }
}
