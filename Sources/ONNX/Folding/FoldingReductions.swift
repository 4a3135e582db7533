import Glibc
import Networks

/// What a reduction makes of the elements that it takes together.
enum FoldedReduction: Sendable {
  case sum, product, min, max, mean, l1, l2, sumOfSquares, logSumExp
}

extension OperatorNode {
  /// A reduction of a constant over some of its axes. Integers stay integers.
  func foldReduction(_ function: FoldedReduction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let reduction = try reduction(of: tensor.shape)
    let shape = try builder.reserve(reduction.dimensions)
    // The axes to reduce go to the end: each result is then one contiguous run.
    let kept = (0..<tensor.shape.rank).filter { !reduction.axes.contains($0) }
    let order = kept + reduction.axes
    let strides = tensor.shape.rowMajorStrides
    let turnedShape = try builder.reserve(order.map { tensor.shape[$0] })
    let turned = tensor.view(turnedShape, strides: order.map { strides[$0] })
    let run = reduction.axes.reduce(1) { $0 * tensor.shape[$1] }
    guard run > 0 else { throw .bad("a reduction over no elements of shape \(tensor.shape)") }
    if case .integer(let values) = turned.elements {
      guard ![.mean, .l2, .logSumExp].contains(function) else { throw .unsupported("a \(function) of integers") }
      let results = (0..<shape.count).map { Self.reduce(function, values[$0 * run..<($0 + 1) * run]) }
      return [folded(ConstantTensor(shape: shape, elements: .integer(results)))]
    }
    let values = turned.doubles
    let results = (0..<shape.count).map { Self.reduce(function, values[$0 * run..<($0 + 1) * run]) }
    return [folded(ConstantTensor(shape: shape, elements: .double(results)))]
  }

  private static func reduce(_ function: FoldedReduction, _ run: ArraySlice<Int64>) -> Int64 {
    switch function {
    case .sum, .mean, .l2, .logSumExp: run.reduce(0, &+)
    case .l1: run.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
    case .sumOfSquares: run.reduce(0) { $0 &+ $1 &* $1 }
    case .product: run.reduce(1, &*)
    case .min: run.min() ?? 0
    case .max: run.max() ?? 0
    }
  }

  private static func reduce(_ function: FoldedReduction, _ run: ArraySlice<Double>) -> Double {
    switch function {
    case .sum: run.reduce(0, +)
    case .mean: run.reduce(0, +) / Double(run.count)
    case .product: run.reduce(1, *)
    case .min: run.min() ?? 0
    case .max: run.max() ?? 0
    case .l1: run.reduce(0) { $0 + $1.magnitude }
    case .l2: run.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .sumOfSquares: run.reduce(0) { $0 + $1 * $1 }
    case .logSumExp:
      // The largest is taken out, so that nothing overflows.
      logSumExp(run, largest: run.max() ?? 0)
    }
  }

  private static func logSumExp(_ run: ArraySlice<Double>, largest: Double) -> Double {
    largest.isInfinite ? largest : largest + log(run.reduce(0) { $0 + exp($1 - largest) })
  }

  /// CumSum.
  func foldCumulativeSum(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let axis = try cumulativeAxis(of: tensor.shape)
    let shape = try builder.reserve(tensor.shape.dimensions, arrays: 2)
    let (isExclusive, isReversed) = (try flag("exclusive"), try flag("reverse"))
    let (extent, step) = (shape[axis], shape.rowMajorStrides[axis])
    func sums<Number: AdditiveArithmetic>(_ values: [Number], _ add: (Number, Number) -> Number) -> [Number] {
      var sums = values
      for start in values.indices where start / step % max(extent, 1) == 0 {
        var sum = Number.zero
        for place in isReversed ? Array((0..<extent).reversed()) : Array(0..<extent) {
          let next = add(sum, values[start + place * step])
          sums[start + place * step] = isExclusive ? sum : next
          sum = next
        }
      }
      return sums
    }
    let elements: ConstantTensor.Elements
    if case .integer(let values) = tensor.elements {
      elements = .integer(sums(values) { $0 &+ $1 })
    } else {
      elements = .double(sums(tensor.doubles) { $0 + $1 })
    }
    return [folded(ConstantTensor(shape: shape, elements: elements))]
  }
}
